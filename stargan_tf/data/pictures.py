"""Decodes images of many formats to RGB pixels with Pillow.

* EXIF rotation is applied; only the first frame of an animation is used.
* Transparent pixels are blended with white.
* 16-bit grayscale is scaled to 8 bits, not clipped.
* CMYK is converted by Pillow; color profiles are not applied.

The format is determined by a file's content, not by its name. Only the formats listed
here are accepted: some others make Pillow start another program (EPS).

The center crop comes before the resize, which is Pillow's antialiased bilinear, as in
the official code of StarGAN v1; v2's takes the whole image and changes its aspect.
"""

import base64
import contextlib
import io
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
# Above this, Pillow warns; such images are refused here.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS


def to_float(images: np.ndarray) -> np.ndarray:
    """uint8 images in [0, 255] as float32 in [-1, 1]; floats pass unchanged."""
    if images.dtype == np.uint8:
        return images.astype(np.float32) / 127.5 - 1.0
    return images.astype(np.float32)


def to_uint8(images: np.ndarray) -> np.ndarray:
    """Float images in [-1, 1] as uint8, rounded and clipped; inverse of `to_float`."""
    return np.clip(np.rint((images + 1.0) * 127.5), 0, 255).astype(np.uint8)


def shown(images: np.ndarray) -> np.ndarray:
    """Converts images with any number of channels to RGB, for display.

    Args:
        images: (…, height, width, channels), uint8 or float in [-1, 1].

    Returns:
        uint8 (…, height, width, 3): a single channel as gray; otherwise the first three
        channels as red, green, and blue.
    """
    images = images if images.dtype == np.uint8 else to_uint8(images)
    channels = images.shape[-1]
    if channels == 2:
        images = np.concatenate([images, np.zeros_like(images[..., :1])], axis=-1)
    return np.repeat(images, RGB, axis=-1) if channels == 1 else images[..., :RGB]


def data_url(image: Image.Image) -> str:
    """Returns a URL that contains the image as PNG, for pages without other files."""
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}"


def square_pixels(
    path: str | os.PathLike,
    image_size: Size,
    crop_size: int | None = None,
    fit: str = CROP,
    resample: Image.Resampling = Image.Resampling.BILINEAR,
) -> np.ndarray:
    """Decodes an image, crops or stretches it to a square, and resizes it.

    Args:
        path: the image file.
        image_size: side of the result in pixels, or (height, width).
        crop_size: side of the centered square to use, see `used_box`.
        fit: `"crop"` or `"stretch"`, see `used_box`.
        resample: Pillow's filter; all are antialiased.

    Returns:
        uint8 RGB array (height, width, 3).

    Raises:
        UnreadableImage: if the image cannot be decoded.
    """
    return as_square(read_picture(path), image_size, crop_size, fit, resample)


def as_square(
    image: Image.Image,
    image_size: Size,
    crop_size: int | None = None,
    fit: str = CROP,
    resample: Image.Resampling = Image.Resampling.BILINEAR,
) -> np.ndarray:
    """Crops or stretches a decoded image to a square; see `square_pixels`."""
    # Crop first: resize(box=…) would blend in pixels beyond the edge.
    image = image.crop(used_box(image.size, fit, crop_size, image_size))
    height, width = sides(image_size)
    return np.asarray(image.resize((width, height), resample, reducing_gap=None))


def read_picture(path: File, name: str = "") -> Image.Image:
    """Decodes an image at its original size.

    Args:
        path: the image file.
        name: its name, for messages.

    Raises:
        UnreadableImage: if it is missing, not a regular file, empty, truncated, in an
            unsupported format, or has more than `MAX_PIXELS` (a decompression bomb).
    """
    try:
        with open_picture(path) as image:
            image.load()
            # Broken EXIF data does not affect the pixels, which are decoded by now.
            with contextlib.suppress(Exception):
                ImageOps.exif_transpose(image, in_place=True)
            return _as_rgb(image)
    # Decoders raise almost any exception for broken files, not only OSError.
    except Exception as error:
        name, reason = name or os.fspath(path), reason_of(path, error)
        raise UnreadableImage(f"Cannot read the image {name}: {reason}.") from error


@contextlib.contextmanager
def open_picture(path: File) -> Iterator[Image.Image]:
    """Opens an image in one of `FORMATS`, up to `MAX_PIXELS`, without decoding it.

    Raises:
        Exception: if it cannot be opened; broken files cause almost any exception.
    """
    Image.init()
    # Older versions of Pillow lack AVIF.
    formats = [name for name in FORMATS if name in Image.OPEN]
    is_path = isinstance(path, str | os.PathLike)
    with (
        open_regular(path) if is_path else contextlib.nullcontext(path) as file,
        Image.open(file, formats=formats) as image,
    ):
        if image.width * image.height > MAX_PIXELS:
            raise Image.DecompressionBombError
        yield image


def side_of_file(path: File) -> int:
    """Shorter side of an image in pixels, from its header; 0 if it is unreadable."""
    try:
        with open_picture(path) as image:
            return min(image.size)
    # Broken files cause almost any exception.
    except Exception:
        return 0


def typical_side(
    count: int, side_of: Callable[[int], int], crop_size: int | None = None
) -> int:
    """The median of the images' shorter sides in pixels; 0 if none can be read.

    Args:
        count: number of images.
        side_of: index → shorter side in pixels; 0 if it cannot be read.
        crop_size: upper limit of the result; None for none.
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
        raise ValueError("its pixels are 32-bit floats, whose range is unknown")
    if image.has_transparency_data:
        colors = image.convert("RGBA")
        white = Image.new("RGBA", colors.size, "white")
        return Image.alpha_composite(white, colors).convert("RGB")
    if image.mode not in ("RGB", "P"):
        image.info.pop("icc_profile", None)  # It is one of other channels.
    return image.convert("RGB")


def reason_of(path: File, error: Exception) -> str:
    """Why an image cannot be read, as the end of a sentence."""
    bombs = (Image.DecompressionBombError, Image.DecompressionBombWarning)
    if isinstance(error, bombs):
        return (
            f"more pixels than the limit of {MAX_PIXELS:,} (a decompression bomb?); "
            "make it smaller with another program"
        )
    if isinstance(error, UnidentifiedImageError):
        is_path = isinstance(path, str | os.PathLike)
        size = os.path.getsize(path) if is_path else path.seek(0, os.SEEK_END)
        return "unknown image format" if size else "the file is empty"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
