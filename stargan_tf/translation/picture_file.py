"""Writing a picture so that it is there in full, or not at all."""

import os
from pathlib import Path

from PIL import Image

from stargan_tf.errors import InputError
from stargan_tf.translation.unfinished import new_file

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

    Args:
        image: an RGB picture.
        path: where to; its extension, one of `WRITABLE`, says the format. Missing
            folders are made.

    Returns:
        `path` as a `Path`.

    Raises:
        InputError: if the extension is another, or the file cannot be written
            (no permission, full disk); nothing is left behind then.
    """
    path = Path(path)
    check_extension(path)
    picture_format = WRITABLE[path.suffix.lower()]
    with new_file(path, "picture") as temporary:
        image.save(temporary, picture_format, **QUALITY.get(picture_format, {}))
    return path


def check_extension(path: Path) -> None:
    """Raises InputError unless the name ends in one of `WRITABLE`."""
    if path.suffix.lower() not in WRITABLE:
        raise InputError(
            f"A picture's name must end in one of {', '.join(WRITABLE)}. "
            f"Received: {path.name}"
        )
