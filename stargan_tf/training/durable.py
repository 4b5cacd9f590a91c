"""Files and folders that are there as a whole, or not at all, whatever happens."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# Names of things that are being written or deleted; `remove_leftovers` clears them.
PREFIX = ".unfinished-"


def write_text(path: Path, text: str) -> None:
    """Replaces a file's content at once.

    Args:
        path: the file.
        text: its new content, written as UTF-8.
    """
    temporary = path.with_name(f"{PREFIX}{path.name}")
    try:
        temporary.write_text(text, encoding="utf-8")
        flush(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    flush(path.parent)


def write_json(path: Path, value: Any) -> None:
    """Replaces a JSON file's content at once; see `write_text`."""
    write_text(path, json.dumps(value, indent=2) + "\n")


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Gives a folder to write into, which becomes `path` if all went well.

    A folder that is there already is replaced. On an error the new one is removed
    and `path` stays as it was.

    Args:
        path: the folder to make.

    Yields:
        The temporary folder beside it.
    """
    temporary = path.with_name(f"{PREFIX}{path.name}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        for file in temporary.iterdir():
            flush(file)
        flush(temporary)
        if path.exists():
            remove_folder(path)
        os.replace(temporary, path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    flush(path.parent)


def remove_folder(path: Path) -> None:
    """Removes a folder such that a kill half-way leaves no half of it behind.

    Args:
        path: the folder; it disappears under its own name at once.
    """
    doomed = path.with_name(f"{PREFIX}removed-{path.name}")
    shutil.rmtree(doomed, ignore_errors=True)
    os.replace(path, doomed)
    shutil.rmtree(doomed)


def remove_leftovers(folder: Path) -> None:
    """Clears what killed writers left in `folder`.

    Args:
        folder: looked at without its sub-folders; it need not exist.
    """
    for leftover in folder.glob(f"{PREFIX}*"):
        if leftover.is_dir():
            shutil.rmtree(leftover)
        else:
            leftover.unlink()


def flush(path: Path) -> None:
    """Waits until a file, or a folder's list of names, is on the disk.

    Args:
        path: a file or a folder.
    """
    if path.is_dir() and os.name == "nt":
        return  # Windows cannot open folders, and needs no flush for renames.
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
