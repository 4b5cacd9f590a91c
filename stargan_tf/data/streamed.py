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

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from tqdm import tqdm

from stargan_tf.data.cache import InUse, entry_folder, use_entry
from stargan_tf.data.cache_writer import IMAGES, UNREADABLE, describe
from stargan_tf.data.dataset import Dataset
from stargan_tf.data.dataset_options import DatasetOptions
from stargan_tf.data.labelled_images import LabelledImages
from stargan_tf.data.picture_set import DECODING
from stargan_tf.data.pictures import as_square
from stargan_tf.data.plugin_sources import decoded, enlarged_size, label_vectors
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
    info = dataset.info(image_size, options)
    names = tuple(f"{prefix}{number:06d}" for number in range(count))

    def opened(size: int, resample: Image.Resampling) -> tuple[LabelledImages, int]:
        square = (size, options.crop_size, options.fit, resample)
        key = _key(dataset.name, fingerprint, square)

        def read(entry: Path, in_use: InUse) -> tuple[np.ndarray | None, Any, int]:
            values = np.load(entry / VALUES)
            shape = (count, size, size, 3)
            images = np.memmap(entry / IMAGES, np.uint8, "r", 0, shape)
            side = read_json(entry / SIDE)
            if len(values) != count or type(side) is not int:
                raise ValueError(f"{VALUES} or {SIDE} is of another entry")
            return values, _reader(images, in_use), side

        values, load, side = use_entry(
            entry_folder(count, size, key),
            count * size**2 * 3,
            lambda whole: _write(whole, stream(), count, square, dataset.name),
            read,
        )
        values = values if dataset.labels_in(options) else None
        vectors = label_vectors(dataset, values, count, options)
        grown = replace(info, image_size=size)
        source = LabelledImages(grown, vectors, names, load, key, version=fingerprint)
        return source, side

    plain, side = opened(image_size, Image.Resampling.BILINEAR)
    larger = enlarged_size(side, image_size, options)
    if larger > image_size:
        lanczos = Image.Resampling.LANCZOS
        plain = replace(plain, enlarge=lambda: opened(larger, lanczos)[0])
    return choose_domains(plain, options.attributes)


def _reader(images: np.memmap, in_use: InUse) -> Callable[[int], np.ndarray]:
    def load(index: int) -> np.ndarray:
        return np.array(images[index])

    load.in_use = in_use  # It lives as long as the images can be asked for.
    return load


def _key(name: str, fingerprint: str, square: tuple) -> str:
    text = f"stream {name} {fingerprint} {DECODING} {square}"
    return hashlib.sha256(text.encode()).hexdigest()


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
