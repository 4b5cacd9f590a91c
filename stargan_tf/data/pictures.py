"""Any picture people have, as the RGB pixels a model takes.

Decoding is Pillow's. What a file may hold beyond plain RGB:

* EXIF rotation is applied; of an animation the first frame counts.
* Transparent parts are laid on white (drawn pictures mostly mean white paper).
* 16-bit grayscale is scaled to 8 bits, not clipped.
* CMYK follows Pillow's conversion; color profiles are not applied.

A file's bytes decide its format, whatever its name says, and only the formats listed
here are looked for: Pillow knows others that start another program (EPS).

The center crop comes before the resize, which is Pillow's antialiased bilinear, as in
the official code of StarGAN v1; v2's takes the whole picture and changes its aspect.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from stargan_tf.data.info import RGB, Size, sides
from stargan_tf.data.options import CROP, used_box
from stargan_tf.data.source import UnreadableImage
from stargan_tf.files import open_regular
from stargan_tf.limits import MAX_PIXELS

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM", "AVIF")
SIXTEEN_BIT = ("I", "I;16", "I;16B", "I;16L", "I;16N")
LOOKED_AT = 33

File = str | os.PathLike | BinaryIO
# Where Pillow warns; what it warns about is refused here.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS


def to_float(images: np.ndarray) -> np.ndarray:
    """uint8 images in [0, 255] as float32 in [-1, 1]; floats pass unchanged."""
    if images.dtype == np.uint8:
        return images.astype(np.float32) / 127.5 - 1.0
    return images.astype(np.float32)


def to_uint8(images: np.ndarray) -> np.ndarray:
    """Float images in [-1, 1] as uint8, clipped and rounded; the inverse."""
    return np.clip(np.rint((images + 1.0) * 127.5), 0, 255).astype(np.uint8)


def shown(images: np.ndarray) -> np.ndarray:
    """Images of any channels as people look at them.

    Args:
        images: (…, height, width, channels), uint8 or float in [-1, 1].

    Returns:
        uint8 (…, height, width, 3): a single channel as gray, of two or more the first
        three as red, green, and blue.
    """
    images = images if images.dtype == np.uint8 else to_uint8(images)
    channels = images.shape[-1]
    if channels == 2:
        images = np.concatenate([images, np.zeros_like(images[..., :1])], axis=-1)
    return np.repeat(images, RGB, axis=-1) if channels == 1 else images[..., :RGB]


def square_pixels(
    path: str | os.PathLike,
    image_size: Size,
    crop_size: int | None = None,
    fit: str = CROP,
    resample: Image.Resampling = Image.Resampling.BILINEAR,
) -> np.ndarray:
    """Decodes a picture, makes it a square and resizes that.

    Args:
        path: the picture.
        image_size: side of the result in pixels, or (height, width).
        crop_size: side of the centered square to take, see `used_box`.
        fit: `"crop"` or `"stretch"`, see `used_box`.
        resample: Pillow's filter; all are antialiased.

    Returns:
        uint8 RGB array (height, width, 3).

    Raises:
        UnreadableImage: if the picture cannot be decoded.
    """
    return as_square(read_picture(path), image_size, crop_size, fit, resample)


def as_square(
    image: Image.Image,
    image_size: Size,
    crop_size: int | None = None,
    fit: str = CROP,
    resample: Image.Resampling = Image.Resampling.BILINEAR,
) -> np.ndarray:
    """Makes a decoded picture a square and resizes that; see `square_pixels`."""
    # Crop first: resize(box=…) would let pixels beyond the edge shine in.
    image = image.crop(used_box(image.size, fit, crop_size, image_size))
    height, width = sides(image_size)
    return np.asarray(image.resize((width, height), resample, reducing_gap=None))


def read_picture(path: File, name: str = "") -> Image.Image:
    """Decodes a picture in its own size.

    Raises:
        UnreadableImage: if it is missing, no regular file, empty, truncated, of no
            known format, or has more than `MAX_PIXELS` (a decompression bomb).
    """
    try:
        with open_picture(path) as image:
            image.load()
            # Broken EXIF data says nothing about the pixels, which are decoded by now.
            with contextlib.suppress(Exception):
                ImageOps.exif_transpose(image, in_place=True)
            return _as_rgb(image)
    # Decoders answer broken bytes with almost any exception, not only OSError.
    except Exception as error:
        name, reason = name or os.fspath(path), reason_of(path, error)
        raise UnreadableImage(f"Cannot read the image {name}: {reason}.") from error


@contextlib.contextmanager
def open_picture(path: File) -> Iterator[Image.Image]:
    """Opens a picture of one of `FORMATS` and `MAX_PIXELS`, without decoding it.

    Raises:
        Exception: if it cannot be opened; broken bytes cause almost any.
    """
    Image.init()
    # An older Pillow lacks AVIF.
    formats = [name for name in FORMATS if name in Image.OPEN]
    own = isinstance(path, str | os.PathLike)
    with (
        open_regular(path) if own else contextlib.nullcontext(path) as file,
        Image.open(file, formats=formats) as image,
    ):
        if image.width * image.height > MAX_PIXELS:
            raise Image.DecompressionBombError
        yield image


def side_of_file(path: File) -> int:
    """Shorter side of a picture in pixels, from its head; 0 if it cannot be read."""
    try:
        with open_picture(path) as image:
            return min(image.size)
    # As in `read_picture`: broken files cause almost any exception.
    except Exception:
        return 0


def typical_side(
    count: int, side_of: Callable[[int], int], crop_size: int | None = None
) -> int:
    """The median of the pictures' shorter sides in pixels; 0 if none can be read.

    Args:
        side_of: number → shorter side in pixels; 0 if it cannot be read.
    """
    chosen = np.unique(np.linspace(0, count - 1, LOOKED_AT).round().astype(int))
    sides = [side for index in chosen.tolist() if (side := side_of(index))]
    side = int(np.median(sides)) if sides else 0
    return min(side, crop_size or side)


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode in SIXTEEN_BIT:
        values = np.clip(np.asarray(image).astype(np.int64), 0, 65535)
        gray = ((values * 255 + 32767) // 65535).astype(np.uint8)
        return Image.fromarray(gray).convert("RGB")
    if image.mode == "F":
        raise ValueError("its pixels are 32-bit floats, whose range is not known")
    if image.has_transparency_data:
        colors = image.convert("RGBA")
        paper = Image.new("RGBA", colors.size, "white")
        return Image.alpha_composite(paper, colors).convert("RGB")
    return image.convert("RGB")


def reason_of(path: File, error: Exception) -> str:
    """Why a picture cannot be read, as the end of a sentence."""
    bombs = (Image.DecompressionBombError, Image.DecompressionBombWarning)
    if isinstance(error, bombs):
        return (
            f"more pixels than the limit of {MAX_PIXELS:,} (a decompression bomb?); "
            "make it smaller with another program"
        )
    if isinstance(error, UnidentifiedImageError):
        own = isinstance(path, str | os.PathLike)
        size = os.path.getsize(path) if own else path.seek(0, os.SEEK_END)
        return "no picture format that is known" if size else "the file is empty"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
