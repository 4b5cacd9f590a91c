"""How closely an exported model agrees with the Keras model it was made of."""

import math
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from stargan_tf.data.info import ONE_HOT, DatasetInfo, as_infos
from stargan_tf.data.labels import LabelSpace
from stargan_tf.errors import InputError
from stargan_tf.evaluation.job import DataChoice, open_evaluation_data
from stargan_tf.training.checkpoints import State
from stargan_tf.training.watching import column_titles, pick
from stargan_tf.version import __version__

# What an export raises that does not agree with Keras.


class Disagreement(Exception):
    """An exported model whose outputs are too far from those of Keras.

    The command line prints it in one line and exits with 1. Nothing is left of the
    export.
    """


# Networks as they are exported: in float32, whatever they were trained in.


def in_float32(network):
    """A network with the same weights that computes in float32.

    Args:
        network: a built `keras.Model` whose constructor takes `dtype`.

    Returns:
        The network itself where it is float32 already, else a copy.
    """
    # Functional networks do not pass the policy on to themselves.
    policies = {layer.dtype_policy.name for layer in network.layers}
    return network if policies == {"float32"} else copied(network)


def model_in_float32(model):
    """A model with the same weights that computes in float32.

    Args:
        model: a StarGAN of any version.

    Returns:
        The model itself where it is float32 already, else a copy without its mask
        provider.
    """
    if model.dtype_policy.name == "float32":
        return model
    copy = type(model).from_config({**model.get_config(), "dtype": "float32"})
    copy.set_weights(model.get_weights())
    return copy


def copied(network):
    """A copy that computes in float32.

    Args:
        network: a built `keras.Model` whose constructor takes `dtype`.
    """
    config = {**network.get_config(), "dtype": "float32"}
    copy = type(network).from_config(config)
    copy.set_weights(network.get_weights())
    copy.trainable = False
    return copy


# The pictures that an export is measured on, and calibrated with.

CHECKED = 20


@dataclass(frozen=True)
class SampleImages:
    """Pictures of one of a model's data sets.

    Args:
        images: uint8 (n, size, size, 3).
        labels: float32 (n, domains of the data set).
        dataset: its index in the model's `LabelSpace`.
        described: what they are, such as `"20 held-out images of 'toon_people'"`.
    """

    images: np.ndarray
    labels: np.ndarray
    dataset: int
    described: str

    def first(self, count: int) -> "SampleImages":
        """The first `count` of them."""
        return replace(self, images=self.images[:count], labels=self.labels[:count])


def held_out_images(
    checkpoint: Path, state: State, choice: DataChoice, count: int = CHECKED
) -> SampleImages:
    """Held-out pictures of the run's data; random ones, with a warning, without it.

    Args:
        checkpoint: the checkpoint's folder, in its run.
        state: of the checkpoint.
        choice: what the user said about the data; else it is the run's.
        count: how many at most.

    Raises:
        InputError: if data that the user named is not there.
    """
    try:
        data = open_evaluation_data(checkpoint, state, choice)
    except (InputError, OSError) as error:
        if choice != DataChoice():
            raise
        text = f"Measured on random images, since the data cannot be opened: {error}"
        warnings.warn(text, stacklevel=2)
        return random_images(as_infos(state.datasets)[0], count)
    picked = pick(data.held_out, data.dataset, count)
    described = f"held-out images of '{data.held_out.info.name}'"
    return _described(picked.images, picked.labels, data.dataset, described)


def training_images(
    checkpoint: Path, state: State, choice: DataChoice, count: int
) -> SampleImages:
    """Training pictures of the run's data, spread over it.

    Args:
        checkpoint: the checkpoint's folder, in its run.
        state: of the checkpoint.
        choice: what the user said about the data; else it is the run's.
        count: how many at most.

    Raises:
        InputError: if the data is not there.
    """
    data = open_evaluation_data(checkpoint, state, choice)
    picked = pick(data.train, data.dataset, count)
    described = f"training images of '{data.train.info.name}'"
    return _described(picked.images, picked.labels, data.dataset, described)


def random_images(info: DatasetInfo, count: int) -> SampleImages:
    """Smooth random pictures with random labels, the same ones at each call.

    Args:
        info: domains and image size.
        count: how many.
    """
    images = smooth_noise(0, count, info.image_size)
    labels = np.random.default_rng(0).integers(0, 2, (count, len(info.domains)))
    if info.label_type == ONE_HOT:
        labels = np.eye(len(info.domains))[np.arange(count) % len(info.domains)]
    return _described(images, labels.astype(np.float32), 0, "random images")


def smooth_noise(seed: int, count: int, size: int) -> np.ndarray:
    """Random pictures of large, soft spots.

    Args:
        seed: of the pictures.
        count: how many.
        size: their side in pixels.

    Returns:
        uint8 (count, size, size, 3).
    """
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
    spots = [Image.fromarray(picture).resize((size, size)) for picture in coarse]
    return np.stack([np.asarray(picture) for picture in spots])


def _described(
    images: np.ndarray, labels: np.ndarray, dataset: int, described: str
) -> SampleImages:
    return SampleImages(images, labels, dataset, f"{len(images)} {described}")


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


# What a description beside an export says about any model.

JOINT = "joint"


def described_model(state: State) -> dict[str, Any]:
    """Version, labels, and how images become squares; JSON-ready.

    Args:
        state: of the checkpoint, as `run_folder.find_checkpoint` gives it.
    """
    space = LabelSpace(state.datasets)
    return {
        "stargan_tf": __version__,
        "family": state.model,
        "step": state.step,
        "image_size": space.image_size,
        **asdict(state.preparation),
        **_labels(space),
        "datasets": space.to_list(),
    }


def _labels(space: LabelSpace) -> dict[str, Any]:
    names = column_titles(space)[1:]
    single = len(space.datasets) == 1
    groups = [
        [names[part][info.index(domain)] for domain in group]
        for info, part in zip(space.datasets, space.slices, strict=True)
        for group in _groups(info, single)
    ]
    return {
        "domains": names,
        "label_type": space.datasets[0].label_type if single else JOINT,
        "exclusive_groups": groups,
        "label_width": space.width,
    }


def _groups(info: DatasetInfo, single: bool) -> Sequence[Sequence[str]]:
    """In a joint label, the names of a one-hot part exclude each other."""
    one_hot = info.label_type == ONE_HOT and not single
    return [info.domains] if one_hot else info.exclusive_groups
