"""Any picture people have, as the RGB pixels a model takes.

Decoding is Pillow's. What a file may hold beyond plain RGB:

* EXIF rotation is applied; of an animation the first frame counts.
* Transparent parts are laid on white (drawn pictures mostly mean white paper).
* 16-bit grey is scaled to 8 bits, not clipped.
* CMYK follows Pillow's conversion; colour profiles are not applied.

A file's bytes decide its format, whatever its name says, and only the formats listed
here are looked for: Pillow knows others that start another program (EPS).

The centre crop comes before the resize, which is Pillow's antialiased bilinear, as in
the official code of StarGAN v1; v2's takes the whole picture and lets go of its aspect.
"""

import contextlib
import os
import warnings
from collections.abc import Callable, Iterator
from typing import BinaryIO, TypeVar

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from stargan_tf.data.options import CROP, Box, used_box
from stargan_tf.data.source import UnreadableImage
from stargan_tf.files import open_regular

# Between uint8 pixels at the edges and floats in [-1, 1] inside.


def to_float(images: np.ndarray) -> np.ndarray:
    """uint8 images in [0, 255] as float32 in [-1, 1]; floats pass unchanged."""
    if images.dtype == np.uint8:
        return images.astype(np.float32) / 127.5 - 1.0
    return images.astype(np.float32)


def to_uint8(images: np.ndarray) -> np.ndarray:
    """Float images in [-1, 1] as uint8, clipped and rounded; the inverse."""
    return np.clip(np.rint((images + 1.0) * 127.5), 0, 255).astype(np.uint8)


FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM", "AVIF")
# Twice what Pillow starts to warn at, and where it refuses: phones write pictures of
# 108 megapixels.
MAX_PIXELS = 178_956_970
SIXTEEN_BIT = ("I", "I;16", "I;16B", "I;16L", "I;16N")

Result = TypeVar("Result")

# Our own limit decides; see `_without_warning` for programs that filter otherwise.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


def square_pixels(
    path: str | os.PathLike,
    image_size: int,
    crop_size: int | None = None,
    fit: str = CROP,
    resample: Image.Resampling = Image.Resampling.BILINEAR,
) -> np.ndarray:
    """Decodes a picture, makes it a square and resizes that.

    Args:
        path: the picture.
        image_size: side of the result in pixels.
        crop_size: see `used_box`.
        fit: likewise; with `"stretch"` the picture's aspect is lost.
        resample: Pillow's filter; all are antialiased.

    Returns:
        uint8 RGB array (image_size, image_size, 3).

    Raises:
        UnreadableImage: if the picture cannot be decoded.
    """
    return as_square(read_picture(path), image_size, crop_size, fit, resample)


def as_square(
    image: Image.Image,
    image_size: int,
    crop_size: int | None = None,
    fit: str = CROP,
    resample: Image.Resampling = Image.Resampling.BILINEAR,
) -> np.ndarray:
    """Makes a decoded picture a square and resizes that; see `square_pixels`."""
    # Crop first: resize(box=…) would let pixels beyond the edge shine in.
    image = cropped(image, used_box(image.size, fit, crop_size))
    return np.asarray(resized(image, image_size, resample))


def read_picture(path: str | os.PathLike | BinaryIO, name: str = "") -> Image.Image:
    """Decodes a picture in its own size.

    Args:
        path: the picture, as a path or an open binary file.
        name: what error messages call it; by default the path.

    Returns:
        An upright picture of mode RGB, independent of the file.

    Raises:
        UnreadableImage: if it is missing, no regular file, empty, truncated, of no
            known format, or has more than `MAX_PIXELS` (a decompression bomb).
    """
    try:
        with open_picture(path) as image:
            image.load()
            return _as_rgb(_upright(image))
    # Decoders answer broken bytes with almost any exception, not only OSError.
    except Exception as error:
        raise UnreadableImage(
            f"Cannot read the image {name or os.fspath(path)}: {_reason(path, error)}."
        ) from error


@contextlib.contextmanager
def open_picture(path: str | os.PathLike | BinaryIO) -> Iterator[Image.Image]:
    """Opens a picture of one of `FORMATS` without decoding it.

    Args:
        path: the picture, as a path or an open binary file.

    Yields:
        Pillow's picture, of at most `MAX_PIXELS`.

    Raises:
        Exception: if it cannot be opened; broken bytes cause almost any.
    """
    Image.init()
    # An older Pillow lacks AVIF.
    formats = [name for name in FORMATS if name in Image.OPEN]
    own = isinstance(path, str | os.PathLike)
    with open_regular(path) if own else contextlib.nullcontext(path) as file:

        def opened() -> Image.Image:
            file.seek(0)
            return Image.open(file, formats=formats)

        with _without_warning(opened) as image:
            if image.width * image.height > MAX_PIXELS:
                raise Image.DecompressionBombError
            yield image


def cropped(image: Image.Image, box: Box) -> Image.Image:
    """The part of a picture inside a box of (left, top, right, bottom) pixels."""
    return _without_warning(lambda: image.crop(box))


def resized(
    image: Image.Image,
    image_size: int,
    resample: Image.Resampling = Image.Resampling.BILINEAR,
) -> Image.Image:
    """The picture as a square of `image_size` pixels, antialiased bilinear."""
    return image.resize((image_size, image_size), resample, reducing_gap=None)


def _without_warning(function: Callable[[], Result]) -> Result:
    try:
        return function()
    except Image.DecompressionBombWarning:  # Raised where warnings are errors.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return function()


def _upright(image: Image.Image) -> Image.Image:
    # Broken EXIF data says nothing about the pixels, which are decoded by now.
    with contextlib.suppress(Exception):
        ImageOps.exif_transpose(image, in_place=True)
    return image


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode in SIXTEEN_BIT:
        return _from_sixteen_bit(image)
    if image.mode == "F":
        raise ValueError("its pixels are 32-bit floats, whose range is not known")
    if image.has_transparency_data:
        colours = image.convert("RGBA")
        paper = Image.new("RGBA", colours.size, "white")
        return Image.alpha_composite(paper, colours).convert("RGB")
    return image.convert("RGB")


def _from_sixteen_bit(image: Image.Image) -> Image.Image:
    values = np.clip(np.asarray(image).astype(np.int64), 0, 65535)
    grey = ((values * 255 + 32767) // 65535).astype(np.uint8)
    return Image.fromarray(grey).convert("RGB")


def _reason(path: str | os.PathLike | BinaryIO, error: Exception) -> str:
    if isinstance(error, Image.DecompressionBombError):
        return (
            f"more pixels than the limit of {MAX_PIXELS:,} (a decompression bomb?); "
            "make it smaller with another program"
        )
    if isinstance(error, UnidentifiedImageError):
        empty = _size(path) == 0
        return "the file is empty" if empty else "no picture format that is known"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def _size(path: str | os.PathLike | BinaryIO) -> int:
    if isinstance(path, str | os.PathLike):
        return os.path.getsize(path)
    return path.seek(0, os.SEEK_END)
