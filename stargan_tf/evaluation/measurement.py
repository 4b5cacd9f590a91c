"""What every metric gives: a number with everything needed to read it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Measurement:
    """One number of an evaluation.

    Args:
        name: the metric, such as `"fid"` or `"classification_error"`.
        value: the number.
        counts: how many of what went into it, such as `{"real": 2000, "fake": 500}`.
        protocol: how it was computed, where there is more than one way; numbers of
            different protocols cannot be compared.
        standard_error: of `value`, where it can be estimated.
        interval: lower and upper end of the 95 % confidence interval, where known.
        note: what a reader must know, such as that there were few images.
    """

    name: str
    value: float
    counts: Mapping[str, int] = field(default_factory=dict)
    protocol: str | None = None
    standard_error: float | None = None
    interval: tuple[float, float] | None = None
    note: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready dictionary without the empty fields."""
        fields = {**vars(self), "counts": dict(self.counts)}
        if self.interval is not None:
            fields["interval"] = list(self.interval)
        return {key: value for key, value in fields.items() if value is not None}
