"""Writing a picture so that it is there in full, or not at all."""

import contextlib
import os
from pathlib import Path

from PIL import Image

from stargan_tf.errors import InputError

# What Pillow writes well for photographs; GIF and the rest of what it reads would
# lose colours or surprise, so those come out as PNG.
WRITABLE = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".bmp": "BMP",
}
# Runs clear what a killed one left in samples/ by this beginning of its name.
UNFINISHED = ".unfinished-"
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
    temporary = path.with_name(f"{UNFINISHED}{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(temporary, picture_format, **QUALITY.get(picture_format, {}))
        os.replace(temporary, path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"Cannot write the picture {path}: {reason}.") from error
    finally:
        _remove(temporary)
    return path


def check_extension(path: Path) -> None:
    """Raises InputError unless the name ends in one of `WRITABLE`."""
    if path.suffix.lower() not in WRITABLE:
        raise InputError(
            f"A picture's name must end in one of {', '.join(WRITABLE)}. "
            f"Received: {path.name}"
        )


def _remove(path: Path) -> None:
    # After a success it is renamed away; after a failure on a folder that cannot
    # be entered, removing it fails too, and the first error is the one to tell.
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
