"""A plugin's pictures from `tf.data`, or from a builder of TensorFlow Datasets."""

import functools
import hashlib
import importlib.util
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from tqdm import tqdm

from stargan_tf.data.cache import (
    IMAGES,
    UNREADABLE,
    InUse,
    describe,
    entry_folder,
    use_entry,
)
from stargan_tf.data.dataset import Dataset
from stargan_tf.data.options import DatasetOptions
from stargan_tf.data.picture_sources import (
    DECODING,
    decoded,
    label_vectors,
    pictures,
)
from stargan_tf.data.pictures import as_square
from stargan_tf.data.registry import NEEDS_TFDS
from stargan_tf.data.source import LabelledImages, choose_domains, enlarged_key
from stargan_tf.errors import InputError
from stargan_tf.files import read_json

if TYPE_CHECKING:
    import tensorflow as tf
    import tensorflow_datasets as tfds


# A finite stream of (picture, label): read once, kept on disk for random access.

VALUES, SIDE = "values.npy", "side.json"
Stream = Callable[[], Iterable[tuple[Any, Any]]]


def streamed(
    dataset: Dataset,
    stream: Stream,
    count: int,
    fingerprint: str,
    image_size: int,
    options: DatasetOptions,
    prefix: str = "",
) -> LabelledImages:
    """Pictures that come one after another.

    Args:
        dataset: whose they are.
        stream: gives a fresh iterator over (picture, value): a picture as in
            `pictures`, a value as one row of its `values` (None without labels). It
            is read on first use only, and again for larger images.
        count: number of pictures.
        fingerprint: text that changes when a picture or a label does, such as a
            version and a split.
        image_size: side of the square images in pixels.
        options: what the user said.
        prefix: of the images' names, `<prefix>000000` and so on.

    Returns:
        The images.

    Raises:
        InputError: if the stream has another length, or labels do not fit.
    """
    crop = (options.crop_size, options.fit)
    plain = ("stream", dataset.name, fingerprint, DECODING, image_size, *crop)
    key = hashlib.sha256(repr(plain).encode()).hexdigest()

    @functools.cache
    def opened(size: int) -> _Entry:
        is_plain = size == image_size
        resample = Image.Resampling.BILINEAR if is_plain else Image.Resampling.LANCZOS

        def write(entry: Path) -> None:
            _write(entry, stream(), count, (size, *crop, resample), dataset.name)

        return use_entry(
            # As `cached_images` looks for it.
            entry_folder(count, size, key if is_plain else enlarged_key(key, size)),
            count * size**2 * 3,
            write,
            functools.partial(_Entry, count=count, size=size),
        )

    entry = opened(image_size)
    values = entry.values if dataset.labels_in(options) else None
    source = LabelledImages(
        info=dataset.info(image_size, options),
        labels=label_vectors(dataset, values, count, options),
        names=tuple(f"{prefix}{number:06d}" for number in range(count)),
        load=lambda index, size=image_size: np.array(opened(size).images[index]),
        fingerprint=key,
        native_side=lambda: min(entry.side, options.crop_size or entry.side),
        version=fingerprint,
    )
    return choose_domains(source, options.attributes)


class _Entry:
    """The images, labels, and typical side in an entry of the cache.

    Raises:
        ValueError: if they are of another entry.
    """

    def __init__(self, folder: Path, in_use: InUse, count: int, size: int):
        self.in_use = in_use  # as long as the images can be asked for
        self.values = np.load(folder / VALUES)
        self.images = np.memmap(
            folder / IMAGES, np.uint8, "r", shape=(count, size, size, 3)
        )
        self.side = read_json(folder / SIDE)
        if len(self.values) != count or type(self.side) is not int:
            raise ValueError(f"{VALUES} or {SIDE} is of another entry")


def _write(whole: Path, stream: Iterable, count: int, square: tuple, name: str) -> None:
    """Fills the folder of a new entry."""
    size, *crop = square
    values, sides = [], []
    with (whole / IMAGES).open("wb") as file:
        for picture, value in tqdm(
            stream, f"Reading {name}", count, unit="image", delay=1.0, disable=None
        ):
            image = decoded(picture, f"{name} {len(values)}")
            file.write(np.ascontiguousarray(as_square(image, size, *crop)).data)
            values.append(np.asarray(0 if value is None else value))
            sides.append(min(image.size))
    if len(values) != count:
        raise InputError(
            f"'{name}' must give {count} pictures. Received: {len(values)}"
        )
    np.save(whole / VALUES, np.stack(values))
    (whole / SIDE).write_text(json.dumps(int(np.median(sides))))
    (whole / UNREADABLE).write_text("[]")
    describe(whole, name, count, size)


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
