"""Writing an image so that it is there in full, or not at all."""

import os
import struct
from io import BytesIO
from pathlib import Path

from PIL import Image

from stargan_tf.errors import InputError
from stargan_tf.files import NotWritten, write_bytes

# What Pillow writes well for photographs; GIF and the rest of what it reads would
# lose colours or surprise, so those come out as PNG.
WRITABLE = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".bmp": "BMP",
}
QUALITY = {"JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"quality": 95}}


def write_picture(image: Image.Image, path: str | os.PathLike) -> Path:
    """Writes `image` under a temporary name, then renames it to `path`.

    It is encoded in memory first: Pillow's encoders do not notice a file that takes
    only a part of what they write to it, as on a full disk.

    Args:
        image: an RGB image.
        path: where to; its extension, one of `WRITABLE`, says the format. Missing
            folders are made.

    Returns:
        `path` as a `Path`.

    Raises:
        InputError: if the extension is another.
        NotWritten: if the file cannot be written (no permission, full disk, too
            large for the format); nothing is left behind then.
    """
    path = Path(path)
    check_extension(path)
    picture_format = WRITABLE[path.suffix.lower()]
    encoded = BytesIO()
    try:
        image.save(encoded, picture_format, **QUALITY.get(picture_format, {}))
    # What Pillow answers sizes with that the format does not have.
    except (OSError, ValueError, struct.error) as error:
        raise NotWritten(path, "image", error) from error
    write_bytes(path, encoded.getvalue(), "image", durable=False)
    return path


def check_extension(path: Path) -> None:
    """Raises InputError unless the name ends in one of `WRITABLE`."""
    if path.suffix.lower() not in WRITABLE:
        raise InputError(
            f"A picture's name must end in one of {', '.join(WRITABLE)}. "
            f"Received: {path.name}"
        )
