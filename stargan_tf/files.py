"""Files and folders that are there as a whole, or not at all, whatever happens.

Everything is written under a unique temporary name beside its target, flushed to the
disk, and renamed. What it replaces is removed last. Two processes that write the same
target do not harm each other: the one that finishes later wins.
"""

import contextlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stargan_tf.errors import InputError

# The beginning of every temporary name. The whole name is short and does not contain
# the target's, which may have as many bytes as the file system allows.
PREFIX = ".unfinished-"
# A temporary folder holds the new version and, while the two change places, the old
# one, each under its final name, so that a killed replacement can be undone.
NEW, OLD = "new", "old"
# Temporary names this old belong to no running process.
ABANDONED_AFTER_S = 24 * 3600
# Longer ones are no extensions that an encoder would look at.
LONGEST_EXTENSION = 8


@contextlib.contextmanager
def new_file(path: Path, what: str) -> Iterator[Path]:
    """Gives a temporary name to write to, which becomes `path` if all went well.

    Args:
        path: the file to make; missing folders are made, a file that is there is
            replaced.
        what: what an error message calls it.

    Yields:
        A path beside it, with the same extension.

    Raises:
        InputError: if it cannot be written (no permission, full disk); nothing is
            left behind then, and what was there is untouched.
    """
    extension = path.suffix if len(path.suffix) <= LONGEST_EXTENSION else ""
    temporary = path.with_name(_unique_name() + extension)
    try:
        with _explained(path, what):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
            flush(temporary)
            os.replace(temporary, path)
            flush(path.parent)
    finally:
        # After a failure on a folder that cannot be entered, removing it fails too,
        # and the first error is the one to report.
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes, what: str) -> None:
    """Replaces a file's content at once; see `new_file`.

    Args:
        path: the file.
        content: its new content.
        what: what an error message calls it.

    Raises:
        InputError: if it cannot be written as a whole.
    """
    with new_file(path, what) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, text: str, what: str = "file") -> None:
    """Replaces a file's content at once, in UTF-8; see `write_bytes`.

    Characters that UTF-8 has no code for, as in file names that are not UTF-8, are
    written as backslash escapes.
    """
    write_bytes(path, text.encode("utf-8", "backslashreplace"), what)


def write_json(path: Path, value: Any, what: str = "file") -> None:
    """Replaces a JSON file's content at once; see `write_bytes`."""
    write_text(path, json.dumps(value, indent=2) + "\n", what)


@contextlib.contextmanager
def new_folder(path: Path, what: str, replace: bool = True) -> Iterator[Path]:
    """Gives a folder to write into, which becomes `path` if all went well.

    Args:
        path: the folder to make; missing parents are made.
        what: what an error message calls it.
        replace: whether a folder that is there is replaced. It is removed once the
            new one stands in its place; a process killed in between leaves it where
            `remove_leftovers` finds it and puts it back.

    Yields:
        The temporary folder.

    Raises:
        InputError: if it cannot be written, or is there already although `replace` is
            False; the new one is then removed, and what was there is untouched.
    """
    workplace = path.with_name(_unique_name())
    new = workplace / NEW / path.name
    try:
        with _explained(path, what):
            new.mkdir(parents=True)
            yield new
            flush_tree(new)
            _exchange(new, path, workplace / OLD, replace)
            flush(path.parent)
    finally:
        _put_back(workplace)
        shutil.rmtree(workplace, ignore_errors=True)


def remove_folder(path: Path) -> None:
    """Removes a folder; a kill halfway leaves no half of it under its name.

    Args:
        path: the folder; its name is free at once.
    """
    workplace = path.with_name(_unique_name())
    workplace.mkdir()
    os.replace(path, workplace / NEW)
    shutil.rmtree(workplace)


def remove_leftovers(folder: Path, older_than_s: float = 0) -> None:
    """Clears what killed writers left in `folder`, and undoes unfinished replacements.

    Args:
        folder: examined without its sub-folders; it need not exist.
        older_than_s: seconds since a leftover was last written to. 0 is for folders
            that only this process writes to; `ABANDONED_AFTER_S` for shared ones.
    """
    for leftover in folder.glob(f"{PREFIX}*"):
        # Another process may be clearing the same folder.
        with contextlib.suppress(FileNotFoundError):
            if older_than_s and time.time() - leftover.stat().st_mtime < older_than_s:
                continue
            if leftover.is_dir():
                _put_back(leftover)
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
    descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_tree(folder: Path) -> None:
    """Waits until everything below a folder is on the disk."""
    for parent, _, names in os.walk(folder, topdown=False):
        for name in names:
            flush(Path(parent, name))
        flush(Path(parent))


def _unique_name() -> str:
    return f"{PREFIX}{uuid.uuid4().hex[:12]}"


@contextlib.contextmanager
def _explained(path: Path, what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"Cannot write the {what} {path}: {reason}.") from error


def _exchange(new: Path, path: Path, old: Path, replace: bool) -> None:
    while True:
        try:
            os.rename(new, path)
            return
        except OSError:
            # Either something is there, perhaps put there by another process a
            # moment ago, or the name cannot be written at all.
            if not os.path.lexists(path) or not replace:
                raise
        old.mkdir(exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            os.rename(path, old / uuid.uuid4().hex[:12])


def _put_back(workplace: Path) -> None:
    """Moves the old version back where a replacement ended before the new one came."""
    names = [path.name for path in (workplace / NEW).glob("*")]
    olds = sorted((workplace / OLD).glob("*"), key=lambda path: path.stat().st_ctime)
    if not (names and olds):
        return
    target = workplace.with_name(names[0])
    # Where it stands already, another process has written it in the meantime.
    with contextlib.suppress(OSError):
        if not os.path.lexists(target):
            os.rename(olds[-1], target)
