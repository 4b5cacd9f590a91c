"""A plugin's pictures with random access: files, or anything read by number."""

import hashlib
import io
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from stargan_tf.data.dataset import Dataset
from stargan_tf.data.dataset_options import DatasetOptions
from stargan_tf.data.labelled_images import LabelledImages, Originals
from stargan_tf.data.picture_set import DECODING, ENLARGED, picture_set
from stargan_tf.data.pictures import as_square, read_picture
from stargan_tf.data.subset import choose_domains
from stargan_tf.data.typical_side import median_side, side_of_file
from stargan_tf.errors import InputError

Picture = str | os.PathLike | bytes | np.ndarray
Values = np.ndarray | Sequence | None


def picture_files(
    dataset: Dataset,
    root: str | os.PathLike,
    names: Sequence[str],
    values: Values,
    image_size: int,
    options: DatasetOptions,
) -> LabelledImages:
    """Picture files and their labels.

    Nothing is opened here; each file is decoded, cropped (`options.crop_size`,
    `options.fit`) and resized when it is used, and `options.attributes` chooses.

    Args:
        dataset: whose they are.
        root: folder of the files.
        names: paths relative to `root`, with `/`.
        values: for one-hot labels class numbers (n,), else 0 and 1,
            (n, number of labels); None for a data set without labels.
        image_size: side of the square images in pixels.
        options: what the user said.

    Returns:
        The images.

    Raises:
        InputError: if labels do not fit, or there is no image.
    """
    info = dataset.info(image_size, options)
    vectors = label_vectors(dataset, values, len(names), options)
    source = picture_set(
        info, Path(root), names, vectors, options.crop_size, options.fit
    )
    return choose_domains(source, options.attributes)


def pictures(
    dataset: Dataset,
    names: Sequence[str],
    values: Values,
    read: Callable[[int], Picture],
    fingerprint: str,
    image_size: int,
    options: DatasetOptions,
    originals: Originals | None = None,
) -> LabelledImages:
    """Pictures that are read by number, from an archive or a database.

    Args:
        dataset: whose they are.
        names: n short names, each one once.
        values: as in `picture_files`.
        read: number → a path, the bytes of a picture file, or a uint8 array
            (h, w, 3), (h, w, 1) or (h, w) of any size; called from many threads.
        fingerprint: text that changes when a picture does, such as a version and a
            split; size and crop are added here.
        image_size: side of the square images in pixels.
        options: what the user said.
        originals: sizes and contents of the files that hold the pictures, by which a
            run recognizes its data; None where pictures are no files.

    Returns:
        The images.

    Raises:
        InputError: if labels do not fit, or there is no image.
    """
    vectors = label_vectors(dataset, values, len(names), options)
    info = dataset.info(image_size, options)

    def opened(size: int, resample: Image.Resampling) -> LabelledImages:
        settings = (DECODING, size, options.crop_size, options.fit, resample.name)
        digest = hashlib.sha256(f"{dataset.name} {fingerprint} {settings}".encode())

        def load(index: int) -> np.ndarray:
            square = (options.crop_size, options.fit, resample)
            return as_square(decoded(read(index), names[index]), size, *square)

        grown = replace(info, image_size=size)
        key = digest.hexdigest()
        return LabelledImages(
            info=grown,
            labels=vectors,
            names=tuple(names),
            load=load,
            fingerprint=key,
            originals=originals,
            version=fingerprint,
        )

    plain = opened(image_size, Image.Resampling.BILINEAR)

    def enlarge() -> LabelledImages:
        side = median_side(len(names), lambda number: _side(read(number)))
        larger = enlarged_size(side, image_size, options)
        if larger == image_size:
            return plain
        return opened(larger, Image.Resampling.LANCZOS)

    source = replace(plain, enlarge=enlarge)
    return choose_domains(source, options.attributes)


def label_vectors(
    dataset: Dataset, values: Values, count: int, options: DatasetOptions
) -> np.ndarray:
    """float32 (count, number of labels); InputError if the values do not fit."""
    labels = dataset.labels_in(options)
    if labels is None:
        return np.ones((count, 1), np.float32)
    if values is None or len(values) != count:
        received = "none" if values is None else f"{len(values)} labels"
        raise InputError(
            f"Data set '{dataset.name}' must give a label for each of its {count} "
            f"pictures. Received: {received}"
        )
    # An empty split has no shape to go by; `LabelledImages` says what is wrong with it.
    empty = np.zeros((0, len(labels.names)), np.float32)
    return labels.vectors(values) if count else empty


def enlarged_size(side: int, image_size: int, options: DatasetOptions) -> int:
    """Side of the images that random crops are cut from, in pixels.

    Args:
        side: of the originals.
        image_size: of the model.
        options: a `crop_size` limits what is used of the originals.
    """
    side = min(side, options.crop_size or side)
    return max(image_size, min(ENLARGED * image_size, side // 4 * 4))


def decoded(picture: Picture, name: str) -> Image.Image:
    """Any of the forms that a plugin may give, as an RGB picture.

    Args:
        picture: a path, the bytes of a file, or a uint8 array.
        name: for messages.

    Raises:
        UnreadableImage: if the file cannot be decoded.
        InputError: if the array is no picture.
    """
    if isinstance(picture, bytes):
        return read_picture(io.BytesIO(picture), name)
    if isinstance(picture, str | os.PathLike):
        return read_picture(picture)
    pixels = np.asarray(picture)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3) or 0 in pixels.shape:
        raise InputError(
            "A picture must be a path, bytes, or a uint8 array (h, w, 3). Received "
            f"for {name}: {type(picture).__name__}, {pixels.dtype} {pixels.shape}"
        )
    return Image.fromarray(pixels).convert("RGB")


def _side(picture: Picture) -> int:
    if isinstance(picture, np.ndarray):
        return min(picture.shape[:2])
    return side_of_file(io.BytesIO(picture) if isinstance(picture, bytes) else picture)
