"""Images of plugins from `tf.data`, or from a builder of TensorFlow Datasets.

A finite stream of (image, label) is read once and kept on disk for random access:

    <cache folder>/<key>/images.raw        as any other entry of the image cache
                         unreadable.json   []
                         about.json        as in any other entry
                         values.npy        the labels from the stream
                         side.json         typical shorter side of the originals

The entry is the one that `open_images` looks for, so that nothing is stored twice.
It may exceed `STARGAN_TF_CACHE_LIMIT_MB`, since a stream has no random access.
"""

import functools
import hashlib
import importlib.util
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stargan_tf.data.cache import (
    IMAGES,
    UNREADABLE,
    InUse,
    describe,
    entry_folder,
    use_entry,
)
from stargan_tf.data.dataset import Dataset
from stargan_tf.data.info import RGB, Size, sides
from stargan_tf.data.options import DatasetOptions, refuse_measured
from stargan_tf.data.picture_sources import (
    DECODING,
    decoded,
    filter_of,
    label_vectors,
    pictures,
)
from stargan_tf.data.pictures import as_square
from stargan_tf.data.registry import NEEDS_TFDS
from stargan_tf.data.source import LabeledImages, choose_domains, enlarged_key
from stargan_tf.errors import InputError
from stargan_tf.files import read_json
from stargan_tf.progress import Progress

if TYPE_CHECKING:
    import tensorflow as tf
    import tensorflow_datasets as tfds

VALUES, SIDE = "values.npy", "side.json"
ARRAY_RECORD = "array_record"


def streamed(
    dataset: Dataset,
    stream: Callable[[], Iterable[tuple[Any, Any]]],
    count: int,
    fingerprint: str,
    image_size: Size,
    options: DatasetOptions,
    prefix: str = "",
) -> LabeledImages:
    """Creates labeled images from a stream.

    Args:
        dataset: the data set of the images.
        stream: returns a new iterator over (image, value): an image as in `pictures`, a
            value as one row of its `values` (None without labels). It is read on first
            use, and again for larger images.
        count: number of images in the stream.
        fingerprint: as in `pictures`.
        image_size: side of the square images in pixels.
        options: the user's options.
        prefix: precedes the index in the names of the images.
    """
    refuse_measured(dataset.name, options)
    info = dataset.info(image_size, options)
    channels, crop = info.num_channels, (options.crop_size, options.fit)
    plain = ("stream", dataset.name, fingerprint, DECODING, image_size, *crop)
    plain = plain if channels == RGB else (*plain, channels)
    key = hashlib.sha256(repr(plain).encode()).hexdigest()

    @functools.cache
    def opened(size: Size) -> tuple[np.ndarray, np.ndarray, int, InUse]:
        def write(folder: Path) -> None:
            values, sides = [], []
            title = f"Reading {dataset.name}"
            with (folder / IMAGES).open("wb") as file:
                examples = Progress(stream(), title, total=count, delay=1.0)
                for picture, value in examples:
                    image = decoded(picture, f"{dataset.name} {len(values)}")
                    image = image.convert("L") if channels == 1 else image
                    pixels = as_square(image, size, *crop, filter_of(size, image_size))
                    file.write(np.ascontiguousarray(pixels).data)
                    values.append(_as_array(value))
                    sides.append(min(image.size))
            if len(values) != count:
                raise InputError(
                    f"'{dataset.name}' must give {count} images. "
                    f"Received: {len(values)}"
                )
            np.save(folder / VALUES, np.stack(values))
            (folder / SIDE).write_text(json.dumps(int(np.median(sides))))
            (folder / UNREADABLE).write_text("[]")
            describe(folder, dataset.name, count, size)

        def read(folder: Path, in_use: InUse) -> tuple:
            values, side = np.load(folder / VALUES), read_json(folder / SIDE)
            if len(values) != count or type(side) is not int:
                raise ValueError(f"{VALUES} or {SIDE} belongs to another entry")
            shape = (count, *sides(size), channels)
            images = np.memmap(folder / IMAGES, np.uint8, "r", shape=shape)
            # `in_use` protects the entry as long as its images can be loaded.
            return images, values, side, in_use

        of_size = key if size == image_size else enlarged_key(key, size)
        return use_entry(
            entry_folder(count, size, of_size),  # Where `open_images` looks for it.
            count * math.prod(sides(size)) * channels,
            write,
            read,
        )

    _, values, side, _ = opened(image_size)
    values = values if dataset.labels_in(options) else None
    source = LabeledImages(
        info=info,
        labels=label_vectors(dataset, values, count, options),
        names=tuple(f"{prefix}{number:06d}" for number in range(count)),
        load=lambda index, size=image_size: np.array(opened(size)[0][index]),
        fingerprint=key,
        native_side=lambda: min(side, options.crop_size or side),
        version=fingerprint,
    )
    return choose_domains(source, options.attributes)


def tf_data_pictures(
    dataset: Dataset,
    examples: "tf.data.Dataset",
    fingerprint: str,
    image_size: Size,
    options: DatasetOptions,
    count: int | None = None,
) -> LabeledImages:
    """Creates labeled images from a finite `tf.data.Dataset` of (image, label).

    It is read once, and kept in the image cache, cropped and resized.

    Args:
        dataset: the data set of the images.
        examples: of (image, label): uint8 (h, w, 3) of any size or the bytes of a
            image file; and the class index, or 0 and 1 for each label. Without labels,
            of images. Every pass must have the same order: no shuffling.
        fingerprint: a string that changes whenever an image or a label changes, such as
            a version and a split.
        image_size: side of the square images in pixels.
        options: the user's options.
        count: number of images; `examples.cardinality()` by default.

    Returns:
        The labeled images.

    Raises:
        InputError: if the length is unknown, or the labels do not match.
    """
    count = int(examples.cardinality()) if count is None else count
    if count < 0:
        raise InputError(
            f"The images of '{dataset.name}' need a known number. Received: a "
            "tf.data.Dataset of unknown cardinality. Pass count=."
        )

    def stream() -> Iterator[tuple[Any, Any]]:
        for example in examples.as_numpy_iterator():
            yield example if isinstance(example, tuple) else (example, None)

    return streamed(dataset, stream, count, fingerprint, image_size, options)


def tfds_builder(name: str, data_dir: str | None = None) -> "tfds.core.DatasetBuilder":
    """Calls `tfds.builder`.

    Args:
        name: name of the data set, such as `"celeb_a"`.
        data_dir: the folder of TensorFlow Datasets; None for its default.

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
    image_size: Size,
    options: DatasetOptions,
    image_key: str = "image",
) -> LabeledImages:
    """Creates labeled images from TensorFlow Datasets, which is prepared if needed.

    Files with random access (`array_record`) are used directly; others are read once,
    and kept in the image cache, cropped and resized.

    Args:
        dataset: the data set of the images.
        builder: see `tfds_builder`.
        split: split of the builder, such as `"train"` or `"train[90%:]"`.
        value_of: example → class index, or 0 and 1 for each label; None for a data set
            without labels.
        image_size: side of the square images in pixels.
        options: the user's options.
        image_key: the feature that contains the image.

    Returns:
        The labeled images.

    Raises:
        InputError: if the labels do not match, there is no such split, or files are
            missing that have to be downloaded manually.
    """
    _prepare(dataset, builder)
    try:
        count = builder.info.splits[split].num_examples
    except (KeyError, ValueError) as error:
        raise InputError(
            f"{builder.name} has no split '{split}'. "
            f"Known: {', '.join(builder.info.splits)}."
        ) from error
    fingerprint = f"tfds {builder.info.full_name} {split} {count}"
    value = value_of or (lambda example: None)
    # Images are decoded by Pillow, as all others are.
    skip = {image_key: tfds_module().decode.SkipDecoding()}
    if builder.info.file_format.value == ARRAY_RECORD:
        source = builder.as_data_source(split, decoders=skip)
        shown = Progress(range(count), f"Reading {dataset.name}", delay=1.0)
        return pictures(
            dataset,
            [f"{split}/{number:06d}" for number in range(count)],
            np.stack([_as_array(value(source[number])) for number in shown]),
            lambda number: source[number][image_key],
            fingerprint,
            image_size,
            options,
        )

    def stream() -> Iterator[tuple[Any, Any]]:
        examples = builder.as_dataset(split, decoders=skip, shuffle_files=False)
        for example in examples.as_numpy_iterator():
            yield example[image_key], value(example)

    prefix = f"{split}/"
    return streamed(dataset, stream, count, fingerprint, image_size, options, prefix)


def _as_array(value: Any) -> np.ndarray:
    return np.asarray(0 if value is None else value)


def _prepare(dataset: Dataset, builder: "tfds.core.DatasetBuilder") -> None:
    """Prepares the builder, with random access if array_record is installed."""
    if builder.is_prepared():
        return
    from tensorflow_datasets.core.download.download_manager import (
        NonMatchingChecksumError,
    )
    from tensorflow_datasets.core.download.util import DownloadError

    known = importlib.util.find_spec("array_record") is not None
    try:
        builder.download_and_prepare(file_format=ARRAY_RECORD if known else None)
    # AssertionError: files must be downloaded manually. Others: no network, a failing
    # server, or a full disk.
    except (AssertionError, DownloadError, NonMatchingChecksumError, OSError) as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"TensorFlow Datasets cannot prepare '{builder.name}': {reason} Or pass "
            f"--data_dir. {dataset.obtain}"
        ) from error
