"""A plugin's pictures from `tf.data`, or from a builder of TensorFlow Datasets."""

import importlib.util
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from stargan_tf.data.dataset import NEEDS_TFDS, Dataset
from stargan_tf.data.dataset_options import DatasetOptions
from stargan_tf.data.labelled_images import LabelledImages
from stargan_tf.data.plugin_sources import pictures
from stargan_tf.data.streamed import streamed
from stargan_tf.errors import InputError

if TYPE_CHECKING:
    import tensorflow as tf
    import tensorflow_datasets as tfds

ARRAY_RECORD = "array_record"


def tf_data_pictures(
    dataset: Dataset,
    examples: "tf.data.Dataset",
    fingerprint: str,
    image_size: int,
    options: DatasetOptions,
    count: int | None = None,
) -> LabelledImages:
    """One finite split as a `tf.data.Dataset` of (image, label).

    It is read once and kept, cropped and resized, in the image cache.

    Args:
        dataset: whose it is.
        examples: of (image, label): uint8 (h, w, 3) of any size or the bytes of a
            picture file, and the number of the class or 0 and 1 for each label. Without
            labels, of images. It must give the same in each pass: no shuffling.
        fingerprint: text that changes when a picture or a label does, such as a
            version and a split.
        image_size: side of the square images in pixels.
        options: what the user said.
        count: number of pictures; by default what `examples.cardinality()` says.

    Returns:
        The images.

    Raises:
        InputError: if the length is not known, or labels do not fit.
    """
    count = int(examples.cardinality()) if count is None else count
    if count < 0:
        raise InputError(
            f"The pictures of '{dataset.name}' must be a finite number. Received: a "
            "tf.data.Dataset whose cardinality is not known; give count=."
        )

    def stream() -> Iterator[tuple[Any, Any]]:
        for example in examples.as_numpy_iterator():
            yield example if isinstance(example, tuple) else (example, None)

    return streamed(dataset, stream, count, fingerprint, image_size, options)


def tfds_builder(name: str, data_dir: str | None = None) -> "tfds.core.DatasetBuilder":
    """`tfds.builder`.

    Args:
        name: such as `"celeb_a"`.
        data_dir: where TensorFlow Datasets keeps its files; by default its own place.

    Raises:
        ImportError: naming the extra, if TensorFlow Datasets is not installed.
    """
    return tfds_module().builder(name, data_dir=data_dir)


def tfds_module() -> Any:
    """`tensorflow_datasets`; ImportError naming the extra if it is not installed."""
    try:
        import tensorflow_datasets as tfds
    except ImportError as error:
        raise ImportError(NEEDS_TFDS) from error
    return tfds


def tfds_pictures(
    dataset: Dataset,
    builder: "tfds.core.DatasetBuilder",
    split: str,
    value_of: Callable[[Mapping[str, Any]], Any] | None,
    image_size: int,
    options: DatasetOptions,
    image_key: str = "image",
) -> LabelledImages:
    """One split of a TensorFlow Datasets builder, downloaded and prepared if need be.

    Files with random access (`array_record`) are used as they are; others are read
    once and kept, cropped and resized, in the image cache.

    Args:
        dataset: whose it is.
        builder: see `tfds_builder`.
        split: of TensorFlow Datasets, such as `"train"` or `"train[90%:]"`.
        value_of: example (without its image) → number of the class, or 0 and 1 for
            each label; None for a data set without labels.
        image_size: side of the square images in pixels.
        options: what the user said.
        image_key: where an example has its picture.

    Returns:
        The images.

    Raises:
        InputError: if labels do not fit, there is no such split, or the builder wants
            files that one has to get by hand and they are not there.
    """
    _prepare(dataset, builder)
    found = _split(builder, split)
    fingerprint = " ".join(
        ("tfds", builder.info.full_name, split, str(found.num_examples))
    )
    of_split = (fingerprint, image_size, options)
    value = value_of or (lambda example: None)
    skip = _undecoded(image_key)
    if builder.info.file_format.value == ARRAY_RECORD:
        source = builder.as_data_source(split, decoders=skip)
        return _by_number(dataset, source, split, value, image_key, of_split)

    def stream() -> Iterator[tuple[Any, Any]]:
        examples = builder.as_dataset(split, decoders=skip, shuffle_files=False)
        for example in examples.as_numpy_iterator():
            yield example[image_key], value(example)

    return streamed(dataset, stream, found.num_examples, *of_split, f"{split}/")


def _by_number(
    dataset: Dataset,
    source: Any,
    split: str,
    value: Callable,
    image_key: str,
    of_split: tuple,
) -> LabelledImages:
    numbers = range(len(source))
    names = [f"{split}/{number:06d}" for number in numbers]
    title = f"Labels of {dataset.name}"
    shown = tqdm(numbers, title, unit="image", delay=1.0, disable=None)
    values = np.stack([_as_array(value(source[n])) for n in shown])
    return pictures(dataset, names, values, lambda n: source[n][image_key], *of_split)


def _as_array(value: Any) -> np.ndarray:
    return np.asarray(0 if value is None else value)


def _prepare(dataset: Dataset, builder: "tfds.core.DatasetBuilder") -> None:
    """Writes files with random access, where this computer can and none are there."""
    if builder.is_prepared():
        return
    known = importlib.util.find_spec("array_record") is not None
    try:
        builder.download_and_prepare(file_format=ARRAY_RECORD if known else None)
    except _refusals() as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"TensorFlow Datasets cannot prepare '{builder.name}': {reason} Or pass "
            f"--data_dir. {dataset.obtain}"
        ) from error


def _refusals() -> tuple[type[Exception], ...]:
    """How TensorFlow Datasets says that it cannot get at the files.

    An assertion: they must be got by hand. The others: no network, a server that does
    not answer or sends something else, a full disk.
    """
    from tensorflow_datasets.core.download.download_manager import (
        NonMatchingChecksumError,
    )
    from tensorflow_datasets.core.download.util import DownloadError

    return (AssertionError, DownloadError, NonMatchingChecksumError, OSError)


def _split(builder: "tfds.core.DatasetBuilder", split: str) -> Any:
    try:
        return builder.info.splits[split]
    except (KeyError, ValueError) as error:
        raise InputError(
            f"{builder.name} has no split '{split}'. "
            f"Known: {', '.join(builder.info.splits)}."
        ) from error


def _undecoded(image_key: str) -> dict[str, Any]:
    """Pillow decodes, as it does everywhere else here."""
    import tensorflow_datasets as tfds

    return {image_key: tfds.decode.SkipDecoding()}
