"""A finite stream of (picture, label): read once, kept on disk for random access.

    <cache folder>/<key>/images.raw        as any other entry of the image cache
                         unreadable.json   []
                         about.json        as of any other entry
                         values.npy        the labels as the stream gave them
                         side.json         typical shorter side of the originals

The entry is the one that `image_store` looks for, so that nothing is stored twice.
It may exceed `STARGAN_TF_CACHE_LIMIT_MB`: without random access there is no other way
to draw from a stream.
"""

import functools
import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from tqdm import tqdm

from stargan_tf.data.cache import InUse, entry_folder, use_entry
from stargan_tf.data.cache_writer import IMAGES, UNREADABLE, describe
from stargan_tf.data.dataset import Dataset
from stargan_tf.data.dataset_options import DatasetOptions
from stargan_tf.data.labelled_images import LabelledImages, enlarged_key
from stargan_tf.data.picture_set import DECODING, decoded
from stargan_tf.data.pictures import as_square
from stargan_tf.data.plugin_sources import label_vectors
from stargan_tf.data.subset import choose_domains
from stargan_tf.errors import InputError
from stargan_tf.files import read_json

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
