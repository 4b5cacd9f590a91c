"""The pictures that an export is measured on, and calibrated with."""

import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from stargan_tf.data.info import ONE_HOT, DatasetInfo, as_infos
from stargan_tf.errors import InputError
from stargan_tf.training.checkpoints import State
from stargan_tf.training.evaluated_run import DataChoice, open_evaluation_data
from stargan_tf.training.held_out_images import pick

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
