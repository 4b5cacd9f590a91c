"""Labeled images with random access: files, or any images read by index."""

import hashlib
import io
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from stargan_tf.data.dataset import Dataset
from stargan_tf.data.formats import mask_beside
from stargan_tf.data.info import DatasetInfo, Size
from stargan_tf.data.intensity import MASK
from stargan_tf.data.measured import MeasuredFiles, is_measured
from stargan_tf.data.options import DatasetOptions, refuse_measured
from stargan_tf.data.pictures import (
    as_square,
    read_picture,
    side_of_file,
    typical_side,
)
from stargan_tf.data.source import Known, LabeledImages, Originals, choose_domains
from stargan_tf.errors import InputError
from stargan_tf.files import open_regular

# Part of the fingerprint: raise it when decoding changes pixels.
DECODING = 1

Picture = str | os.PathLike | bytes | np.ndarray
Values = np.ndarray | Sequence | None


def picture_files(
    dataset: Dataset,
    root: str | os.PathLike,
    names: Sequence[str],
    values: Values,
    image_size: Size,
    options: DatasetOptions,
) -> LabeledImages:
    """Creates labeled images from files.

    No file is opened yet; each one is decoded, cropped (`options.crop_size`,
    `options.fit`), and resized when it is used. `options.attributes` selects labels.

    Args:
        dataset: the data set of the images.
        root: folder of the files.
        names: paths relative to `root`, with `/`.
        values: class indices (n,) for one-hot labels, otherwise 0 and 1, (n, number of
            labels); None for a data set without labels.
        image_size: side of the square images in pixels.
        options: the user's options.

    Returns:
        The labeled images.

    Raises:
        InputError: if the labels do not match, or there is no image.
    """
    info = dataset.info(image_size, options)
    vectors = label_vectors(dataset, values, len(names), options)
    source = labeled_files(info, Path(root), names, vectors, options)
    return choose_domains(source, options.attributes)


def pictures(
    dataset: Dataset,
    names: Sequence[str],
    values: Values,
    read: Callable[[int], Picture],
    fingerprint: str,
    image_size: Size,
    options: DatasetOptions,
    originals: Originals | None = None,
) -> LabeledImages:
    """Creates labeled images from a function that reads them by index.

    Args:
        dataset: the data set of the images.
        names: n short, unique names.
        values: as in `picture_files`.
        read: index → a path, the bytes of an image file, or a uint8 array (h, w, 3),
            (h, w, 1), or (h, w) of any size; called from many threads.
        fingerprint: a string that changes whenever an image changes, such as a version
            and a split; size and crop are added here.
        image_size: side of the square images in pixels.
        options: the user's options.
        originals: sizes and contents of the image files, by which a run recognizes its
            data; None if images are not stored in files.

    Returns:
        The labeled images.

    Raises:
        InputError: if the labels do not match, or there is no image.
    """
    refuse_measured(dataset.name, options)
    info = dataset.info(image_size, options)
    settings = _settings(info, options)
    digest = hashlib.sha256(f"{dataset.name} {fingerprint} {settings}".encode())
    source = _decoded_images(
        info=info,
        names=names,
        labels=label_vectors(dataset, values, len(names), options),
        read=read,
        options=options,
        fingerprint=digest.hexdigest(),
        originals=originals,
        version=fingerprint,
    )
    return choose_domains(source, options.attributes)


def labeled_files(
    info: DatasetInfo,
    root: Path,
    names: Sequence[str],
    labels: np.ndarray,
    options: DatasetOptions,
    training: Sequence[str] = (),
    groups: Sequence[str] = (),
) -> LabeledImages:
    """Like `picture_files`, with label vectors: float32 (n, number of domains).

    Args:
        training: names of all training files, whose values `--intensity percentile`
            reads; by default `names`.
        groups: the group of each file, such as the patient; empty if unknown.
    """
    measured = None
    if len(names) and is_measured(training or names, options):
        measured = MeasuredFiles(root, names, training or names, options)
        info = replace(
            info, num_channels=measured.num_channels, intensity=measured.intensity
        )
    elif len(names) and options.plane != "z":
        raise InputError(
            f"--plane is for volumes (NIfTI). Received: --plane {options.plane} for "
            f"{root / names[0]}. Drop the flag."
        )
    digest = hashlib.sha256(repr(_settings(info, options)).encode())
    masked = measured is not None and measured.intensity.invalid == MASK
    masks = [mask_beside(root / name) for name in names] if masked else []
    for name in [*names, *(mask.relative_to(root) for mask in masks if mask)]:
        # Changes with the file's name, size, or time.
        try:
            state = os.stat(f"{root}/{name}")
            line = f"{name}\0{state.st_size}\0{state.st_mtime_ns}\n"
        except OSError as error:  # Skipped as an unreadable image later.
            line = f"{name}\0{error.errno}\n"
        digest.update(line.encode("utf-8", "surrogateescape"))
    if measured is None:
        images = _decoded_images(
            info=info,
            names=names,
            labels=labels,
            read=lambda index: root / names[index],
            options=options,
            fingerprint=digest.hexdigest(),
            originals=_files([root / name for name in names]),
        )
        return replace(images, known=_grouped(names, groups))
    places = measured.places
    rows = np.array([number for number, *_ in places])

    def load(index: int, size: Size = info.image_size) -> np.ndarray:
        return measured.load(places[index], size, options.fit, options.crop_size)

    named = tuple(map(measured.name, places))
    return LabeledImages(
        info=info,
        labels=labels[rows],
        names=named,
        load=load,
        fingerprint=digest.hexdigest(),
        native_side=measured.native_side,
        originals=_files([root / names[number] for number in rows]),
        known=_grouped(named, [groups[number] for number in rows] if groups else ()),
    )


def _grouped(names: Sequence[str], groups: Sequence[str]) -> Known:
    group_of = dict(zip(names, groups, strict=True)) if groups else None
    return Known(group=group_of and group_of.__getitem__)


def _files(paths: Sequence[Path]) -> Originals:
    def size(index: int) -> int:
        try:
            return os.stat(paths[index]).st_size
        except OSError:
            return 0

    def content(index: int) -> bytes:
        try:
            with open_regular(paths[index]) as file:
                return file.read()
        except OSError:
            return b""

    return Originals(size, content)


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
            f"images. Received: {received}"
        )
    # An empty split has no shape to check; `LabeledImages` reports it.
    empty = np.zeros((0, len(labels.names)), np.float32)
    return labels.vectors(values) if count else empty


def decoded(picture: Picture, name: str) -> Image.Image:
    """Decodes an image from a plugin to RGB.

    Args:
        picture: a path, the bytes of a file, or a uint8 array.
        name: its name, for messages.

    Raises:
        UnreadableImage: if the file cannot be decoded.
        InputError: if the array is not an image.
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
            "An image must be a path, bytes, or a uint8 array (h, w, 3). Received "
            f"for {name}: {type(picture).__name__}, {pixels.dtype} {pixels.shape}"
        )
    return Image.fromarray(pixels).convert("RGB")


def filter_of(size: Size, image_size: Size) -> Image.Resampling:
    """The filter that resizes images to `size`, for a data set of `image_size`."""
    # Lanczos for larger images: they are resized once more, as in the official code,
    # and a bilinear filter would remove detail that the second resize keeps.
    is_plain = size == image_size
    return Image.Resampling.BILINEAR if is_plain else Image.Resampling.LANCZOS


def _settings(info: DatasetInfo, options: DatasetOptions) -> tuple:
    """The settings that determine pixels, besides the image files."""
    plain = (DECODING, info.image_size, options.crop_size, options.fit, "BILINEAR")
    return plain if info.is_plain else (*plain, info.num_channels, info.intensity)


def _decoded_images(
    info: DatasetInfo,
    names: Sequence[str],
    labels: np.ndarray,
    read: Callable[[int], Picture],
    options: DatasetOptions,
    fingerprint: str,
    originals: Originals | None,
    version: str | None = None,
) -> LabeledImages:
    def load(index: int, size: Size = info.image_size) -> np.ndarray:
        image = decoded(read(index), names[index])
        image = image.convert("L") if info.num_channels == 1 else image
        resample = filter_of(size, info.image_size)
        pixels = as_square(image, size, options.crop_size, options.fit, resample)
        return pixels.reshape((*pixels.shape[:2], info.num_channels))

    def side_of(index: int) -> int:
        picture = read(index)
        if isinstance(picture, np.ndarray):
            return min(picture.shape[:2])
        is_content = isinstance(picture, bytes)
        return side_of_file(io.BytesIO(picture) if is_content else picture)

    return LabeledImages(
        info=info,
        labels=labels,
        names=tuple(names),
        load=load,
        fingerprint=fingerprint,
        native_side=lambda: typical_side(len(names), side_of, options.crop_size),
        originals=originals,
        version=version,
    )
