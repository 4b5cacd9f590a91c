"""Shared by all exports: sample images, float32, and the comparison with Keras."""

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from stargan_tf.data.info import ONE_HOT, DatasetInfo, as_infos
from stargan_tf.data.labels import LabelSpace
from stargan_tf.data.pictures import to_float
from stargan_tf.errors import InputError
from stargan_tf.evaluation.job import DataChoice, open_evaluation_data
from stargan_tf.training.checkpoints import State
from stargan_tf.training.run_folder import attach_landmarks, open_checkpoint, run_of
from stargan_tf.training.watching import pick
from stargan_tf.version import __version__

PIXEL_SPAN = 2.0  # Images are in [-1, 1].
GRAY_LEVEL = PIXEL_SPAN / 255
CHECKED = 20
OWN_DATA = DataChoice()  # The data set of the model.
JOINT = "joint"
Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Agreement:
    """Differences between two models' outputs for the same inputs.

    Args:
        images: number of outputs compared.
        max: maximum absolute difference.
        mean: mean absolute difference.
        psnr: 10·log10(span² / mean squared difference) in dB; infinite if equal.
    """

    images: int
    max: float
    mean: float
    psnr: float

    def to_dict(self) -> dict[str, Any]:
        """A dictionary for JSON, in which an infinite `psnr` is None."""
        values = asdict(self)
        return {**values, "psnr": self.psnr if math.isfinite(self.psnr) else None}

    def __str__(self) -> str:
        return f"max {self.max:.2g}, mean {self.mean:.2g}, PSNR {self.psnr:.1f} dB"


@dataclass(frozen=True)
class Limit:
    """The required agreement of an exported model with Keras.

    Args:
        max: maximum absolute difference, or None.
        psnr: minimum PSNR in dB, or None.
    """

    max: float | None = None
    psnr: float | None = None

    def allows(self, agreement: Agreement) -> bool:
        """Whether an agreement meets the limit; outputs with NaN never do."""
        near = self.max is None or agreement.max <= self.max
        alike = self.psnr is None or agreement.psnr >= self.psnr
        return near and alike and not math.isnan(agreement.mean)

    def __str__(self) -> str:
        bounds = [f"max at most {self.max:.2g}"] if self.max is not None else []
        bounds += [f"PSNR at least {self.psnr:g} dB"] if self.psnr is not None else []
        return ", ".join(bounds)


def measure(
    expected: np.ndarray, received: np.ndarray, span: float | None = PIXEL_SPAN
) -> Agreement:
    """Compares outputs of Keras with those of an exported model.

    Args:
        expected: outputs of Keras, (n, …).
        received: outputs of the exported model, with the same shape.
        span: the value range for PSNR; None for that of the expected outputs.

    Returns:
        The agreement.

    Raises:
        ValueError: if the shapes differ, or the outputs are empty.
    """
    if expected.shape != received.shape or not expected.size:
        raise ValueError(
            "Outputs to compare must have one shape and not be empty. Received: "
            f"{expected.shape} and {received.shape}"
        )
    error = np.abs(expected.astype(np.float64) - received)
    squared = float(np.mean(error * error))
    if span is None:
        span = float(expected.max() - expected.min())
    if squared == 0.0:
        psnr = math.inf
    else:
        psnr = 10 * math.log10(span * span / squared) if span else -math.inf
    return Agreement(len(error), float(error.max()), float(error.mean()), psnr)


def open_for_export(checkpoint: Path, state: State) -> Any:
    """The model of a checkpoint, computing in float32.

    The landmark network beside it computes its masks; code that its run names does not.
    """
    model = open_checkpoint(checkpoint, state)
    if model.dtype_policy.name != "float32":
        weights = model.get_weights()
        model = type(model).from_config({**model.get_config(), "dtype": "float32"})
        model.set_weights(weights)
    attach_landmarks(model, run_of(checkpoint).config)
    return model


@dataclass(frozen=True)
class SampleImages:
    """Images of one of a model's data sets.

    Args:
        images: uint8 (n, height, width, channels).
        labels: float32 (n, domains of the data set).
        dataset: its index in the model's `LabelSpace`.
        described: a description: `"20 held-out images of 'toon_people'"`.
    """

    images: np.ndarray
    labels: np.ndarray
    dataset: int
    described: str

    def first(self, count: int) -> "SampleImages":
        """The first `count` images."""
        return replace(self, images=self.images[:count], labels=self.labels[:count])


def held_out_images(
    checkpoint: Path, state: State, choice: DataChoice, count: int = CHECKED
) -> SampleImages:
    """Held-out images of the data set; without it, random ones, with a warning."""
    try:
        data = open_evaluation_data(checkpoint, state, choice)
    except (InputError, OSError) as error:
        if choice != OWN_DATA:
            raise
        text = f"Compared on random images, since the data cannot be opened: {error}"
        warnings.warn(text, stacklevel=2)
        return random_images(as_infos(state.datasets)[0], count)
    return _picked(data.held_out, data.dataset, count, "held-out images")


def training_images(
    checkpoint: Path, state: State, choice: DataChoice, count: int
) -> SampleImages:
    """Evenly spread training images of the data set."""
    data = open_evaluation_data(checkpoint, state, choice)
    return _picked(data.train, data.dataset, count, "training images")


def _picked(source: Any, dataset: int, count: int, described: str) -> SampleImages:
    picked = pick(source, dataset, count)
    described = f"{len(picked.images)} {described} of '{source.info.name}'"
    return SampleImages(picked.images, picked.labels, dataset, described)


def random_images(info: DatasetInfo, count: int) -> SampleImages:
    """Smooth random images with random labels, the same ones in each call."""
    images = smooth_noise(0, count, info.shape)
    images = to_float(images) if info.intensity else images
    labels = np.random.default_rng(0).integers(0, 2, (count, len(info.domains)))
    if info.label_type == ONE_HOT:
        labels = np.eye(len(info.domains))[np.arange(count) % len(info.domains)]
    labels = labels.astype(np.float32)
    return SampleImages(images, labels, 0, f"{count} random images")


def smooth_noise(seed: int, count: int, shape: tuple[int, int, int]) -> np.ndarray:
    """Random images with large, soft spots.

    Args:
        seed: random seed.
        count: number of images.
        shape: height, width, and channels.

    Returns:
        uint8 (count, *shape).
    """
    rng = np.random.default_rng(seed)
    height, width, channels = shape
    coarse = rng.integers(0, 256, (count, 8, 8, channels), dtype=np.uint8)
    spots = [
        [
            Image.fromarray(image[..., c]).resize((width, height))
            for c in range(channels)
        ]
        for image in coarse
    ]
    return np.stack([np.stack(image, axis=-1) for image in spots])


def described_model(state: State) -> dict[str, Any]:
    """Version, labels, and preparation of a model, as a dictionary for JSON."""
    space = LabelSpace(state.datasets)
    names = space.names
    single = len(space.datasets) == 1
    groups = [
        [names[columns][info.index(domain)] for domain in group]
        for info, columns in zip(space.datasets, space.slices, strict=True)
        for group in _exclusive_groups(info, single)
    ]
    return {
        "stargan_tf": __version__,
        "family": state.model,
        "step": state.step,
        "image_size": space.image_size,
        "num_channels": space.image_shape[2],
        **asdict(state.preparation),
        "domains": names,
        "label_type": space.datasets[0].label_type if single else JOINT,
        "exclusive_groups": groups,
        "label_width": space.width,
        "datasets": space.to_list(),
    }


def _exclusive_groups(info: DatasetInfo, single: bool) -> Sequence[Sequence[str]]:
    """In a joint label, the domains of a one-hot data set exclude each other."""
    one_hot = info.label_type == ONE_HOT and not single
    return [info.domains] if one_hot else info.exclusive_groups
