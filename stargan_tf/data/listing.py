"""Which files under a folder are pictures, in an order that never changes."""

import os
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stargan_tf.errors import InputError
from stargan_tf.files import user_path

COMMON = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif")
EXTENSIONS = frozenset((*COMMON, ".tif", ".tiff", ".ppm", ".pgm", ".avif"))


@dataclass(frozen=True)
class Listing:
    """The pictures below a folder.

    Args:
        names: paths relative to the folder, with `/`, sorted.
        ignored: number of other files, not counting hidden ones.
    """

    names: tuple[str, ...]
    ignored: int


def list_pictures(folder: str | os.PathLike) -> Listing:
    """Finds the pictures in a folder and its sub-folders.

    A picture is known by its extension, upper or lower case. Hidden files and
    folders (names that start with a dot) are passed over; links are followed.

    Args:
        folder: where to look.

    Returns:
        The pictures' names and the number of files that are none.

    Raises:
        InputError: if `folder` is not a folder.
    """
    root = existing_folder(folder)
    names, ignored = [], 0
    for place, folders, files in walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        visible = [name for name in files if not name.startswith(".")]
        pictures = [name for name in visible if is_picture(name)]
        ignored += len(visible) - len(pictures)
        inside = Path(place).relative_to(root).as_posix()
        names += [posixpath.normpath(f"{inside}/{name}") for name in pictures]
    return Listing(tuple(sorted(names)), ignored)


def is_picture(name: str | os.PathLike) -> bool:
    """Whether a file's extension is that of a picture."""
    return os.path.splitext(name)[1].lower() in EXTENSIONS


def existing_folder(folder: str | os.PathLike) -> Path:
    """`folder` as a path; InputError unless it is a folder."""
    path = user_path(folder)
    if not path.is_dir():
        what = "is a file, not a folder" if path.exists() else "does not exist"
        raise InputError(f"--data_dir must be a folder of images. {path} {what}.")
    return path


def walk(root: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """`os.walk` through links, entering each folder once even if links form a ring.

    Args:
        root: where to start.

    Yields:
        Folder, names of its sub-folders (shorten the list in place to enter fewer),
        names of its files.
    """
    seen = set()
    for place, folders, files in os.walk(root, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        yield place, folders, files
