"""How closely an exported model agrees with the Keras model it was made of."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

PIXEL_SPAN = 2.0  # images are in [-1, 1]
GREY_LEVEL = PIXEL_SPAN / 255


@dataclass(frozen=True)
class Agreement:
    """Differences between two models' outputs for the same inputs.

    Args:
        images: how many outputs were compared.
        max: the largest absolute difference.
        mean: the mean absolute difference.
        psnr: 10·log10(span² / mean squared difference), dB; infinite if equal.
    """

    images: int
    max: float
    mean: float
    psnr: float

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; an infinite `psnr` is None there, since JSON has none."""
        values = asdict(self)
        return {**values, "psnr": self.psnr if math.isfinite(self.psnr) else None}

    def __str__(self) -> str:
        return f"max {self.max:.2g}, mean {self.mean:.2g}, PSNR {self.psnr:.1f} dB"


@dataclass(frozen=True)
class Limit:
    """What an exported form has to keep.

    Args:
        max: the largest absolute difference allowed, or None.
        psnr: the smallest PSNR allowed in dB, or None.
    """

    max: float | None = None
    psnr: float | None = None

    def kept(self, agreement: Agreement) -> bool:
        """Whether an agreement is good enough; outputs with NaN never are."""
        near = self.max is None or agreement.max <= self.max
        alike = self.psnr is None or agreement.psnr >= self.psnr
        return near and alike and not math.isnan(agreement.mean)

    def __str__(self) -> str:
        parts = [f"max {self.max:.2g} at most"] if self.max is not None else []
        parts += [f"PSNR {self.psnr:g} dB at least"] if self.psnr is not None else []
        return ", ".join(parts)


class Comparison:
    """Collects pairs of outputs, a batch at a time.

    Args:
        span: the range that PSNR refers to; None for that of the expected outputs.
    """

    def __init__(self, span: float | None = PIXEL_SPAN):
        self._span = span
        self._count = self._values = 0
        self._max = self._sum = self._squares = 0.0
        self._low, self._high = math.inf, -math.inf

    def add(self, expected: np.ndarray, received: np.ndarray) -> None:
        """Compares a batch.

        Args:
            expected: what Keras gave, (n, …).
            received: what the exported form gave; the same shape.

        Raises:
            ValueError: if the shapes differ.
        """
        if np.shape(expected) != np.shape(received):
            raise ValueError(
                "Outputs of one shape can be compared. Received: "
                f"{np.shape(expected)} and {np.shape(received)}"
            )
        expected = np.asarray(expected, np.float64)
        error = np.abs(expected - np.asarray(received, np.float64))
        self._count += len(error)
        self._values += error.size
        self._max = float(np.maximum(self._max, error.max()))  # NaN stays NaN
        self._sum += float(error.sum())
        self._squares += float((error * error).sum())
        self._low = min(self._low, float(expected.min()))
        self._high = max(self._high, float(expected.max()))

    def result(self) -> Agreement:
        """The agreement of everything added.

        Raises:
            ValueError: if nothing was.
        """
        if not self._values:
            raise ValueError("Nothing was compared.")
        mean = self._sum / self._values
        return Agreement(self._count, self._max, mean, self._psnr())

    def _psnr(self) -> float:
        span = self._high - self._low if self._span is None else self._span
        error = self._squares / self._values
        if error == 0.0:
            return math.inf
        return 10 * math.log10(span * span / error) if span else -math.inf
