"""Files and folders that are there as a whole, or not at all, whatever happens.

Everything is written under a unique temporary name beside its target, flushed to the
disk, and renamed. What it replaces is removed last. Two processes that write the same
target do not harm each other: the one that finishes later wins. What a killed process
left in a folder is cleared by a later one that writes there a day or more afterward.

The argument `what` is what an error message calls the file: "report". `user_path` is
the one place where paths that users give are expanded.
"""

import contextlib
import errno
import hashlib
import json
import os
import shutil
import stat
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from stargan_tf.errors import InputError
from stargan_tf.limits import MAX_JSON_BYTES

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
# What a system answers when a folder is renamed to a name that is taken.
_OCCUPIED = {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR}
_ATTEMPTS = 1000  # while other processes put theirs there at the same time
_OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}
_FULL = "Free some space, or choose another place."
_FORBIDDEN = "Choose a place that you may write to."
_REMEDIES = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
    errno.EROFS: _FORBIDDEN,
    errno.ENAMETOOLONG: "Choose a shorter name.",
    errno.EFBIG: "",
}


class NotWritten(InputError):
    """A file or folder that could not be written; what was there is untouched.

    Args:
        path: the file or folder.
        what: what the message calls it.
        error: why, usually the system's error.
        advice: what to do; by default by the error.

    Attributes:
        path: the file or folder.
        reason: why, as words for a sentence: "No space left on device".
        concerns_disk: whether all other files there would fail as well.
    """

    def __init__(self, path: Path, what: str, error: Exception, advice: str = ""):
        self.path = path
        self.reason = _reason(error)
        self.concerns_disk = _code(error) in _OF_THE_DISK
        advice = advice or _REMEDIES.get(_code(error), "")
        message = f"Cannot write the {what} {path}: {self.reason}. {advice}"
        super().__init__(message.rstrip())


@contextlib.contextmanager
def new_file(path: Path, what: str, durable: bool = True) -> Iterator[Path]:
    """Gives a temporary name to write to, which becomes `path` if all went well.

    Args:
        durable: whether it must survive a power failure right afterward. Waiting for
            the disk takes milliseconds: False for many small files that are easily
            made again.

    Raises:
        NotWritten: if it cannot be written (no permission, full disk); no part of it
            is left behind then, and what was there is untouched.
    """
    target = Path(os.path.realpath(path)) if os.path.islink(path) else path
    is_stream = _is_stream(path)
    extension = path.suffix if len(path.suffix) <= LONGEST_EXTENSION else ""
    folder = Path(tempfile.gettempdir()) if is_stream else target.parent
    temporary = folder / (_unique_name() + extension)
    try:
        with _explained(path, what, temporary, target):
            if not is_stream:
                _make_folder(folder)
                if target.is_dir():
                    raise IsADirectoryError(errno.EISDIR, "it is a folder", str(target))
            if durable:
                remove_leftovers(folder, ABANDONED_AFTER_S)
            yield temporary
            if is_stream:
                with temporary.open("rb") as content, path.open("wb") as stream:
                    shutil.copyfileobj(content, stream)
                return
            if durable:
                flush(temporary)
            os.replace(temporary, target)
            if durable:
                flush(folder)
    finally:
        # After a failure on a folder that cannot be entered, removing it fails too,
        # and the first error is the one to report.
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes, what: str, durable: bool = True) -> None:
    """Replaces a file's content at once; arguments and errors as of `new_file`."""
    with new_file(path, what, durable) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, text: str, what: str = "file") -> None:
    """Replaces a file's content at once, in UTF-8; see `new_file`.

    Characters that UTF-8 has no code for, as in file names that are not UTF-8, are
    written as backslash escapes.
    """
    write_bytes(path, text.encode("utf-8", "backslashreplace"), what)


def write_json(path: Path, value: Any, what: str = "file") -> None:
    """Replaces a JSON file's content at once; see `new_file`."""
    write_text(path, json.dumps(value, indent=2) + "\n", what)


def append_line(path: Path, line: str, what: str) -> None:
    """Adds a line to a text file; a failure leaves at most one that is cut short."""
    with _explained(path, what, path, path), path.open("ab") as file:
        file.write(line.encode("utf-8", "backslashreplace") + b"\n")


def read_json(path: Path) -> Any:
    """The content of a JSON file in UTF-8: OSError, or ValueError, see below."""
    return parsed_json(read_bytes(path, MAX_JSON_BYTES))


def read_bytes(path: str | os.PathLike, limit: int) -> bytes:
    """A file's content; ValueError if it has more bytes, OSError as `open_regular`."""
    with open_regular(path) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise ValueError(f"it has more than {limit:,} bytes")
    return content


def sha256(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def parsed_json(text: str | bytes) -> Any:
    """As `json.loads`, but text nested too deeply is a ValueError, too."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


@contextlib.contextmanager
def new_folder(path: Path, what: str, replace: bool = True) -> Iterator[Path]:
    """Gives a folder to write into, which becomes `path` if all went well.

    Raises:
        NotWritten: if it cannot be written, or is there already although `replace` is
            False; the new one is then removed, and what was there is untouched.
    """
    path = path if path.name not in ("", "..") else path.resolve()
    workplace = path.parent / _unique_name()
    new = workplace / NEW / path.name
    try:
        with _explained(path, what, workplace, path):
            _make_folder(new)
            remove_leftovers(path.parent, ABANDONED_AFTER_S)
            yield new
            for parent, _, names in os.walk(new, topdown=False):
                for name in names:
                    flush(Path(parent, name))
                flush(Path(parent))
            _exchange(new, path, workplace / OLD, replace)
            flush(path.parent)
    finally:
        _clear(workplace)


def check_new(path: Path, overwrite: bool = False, mark: str = "") -> None:
    """Refuses a folder to make that is there, unless it may be replaced.

    Args:
        overwrite: whether the user allows it. Only what the same command has made is
            replaced: from any other folder, files would be lost that nobody meant.
        mark: pattern of a name that is in every folder that the command makes.

    Raises:
        InputError: if there is something that must not be replaced.
    """
    if not overwrite:
        refuse_overwriting(path)
    elif os.path.lexists(path) and not any(path.glob(mark)):
        raise InputError(
            "--overwrite replaces a folder that the same command has made. Received: "
            f"{path}, which has no {mark}. Choose another --output."
        )


def refuse_overwriting(*paths: Path) -> None:
    """Raises InputError if there is something at one of the paths; devices may be."""
    there = [path for path in paths if os.path.lexists(path) and not _is_stream(path)]
    if there:
        others = f" and {len(there) - 1} more" if len(there) > 1 else ""
        raise InputError(
            f"{there[0]} exists already{others}. Choose another --output, or add "
            "--overwrite to replace it."
        )


def check_file(path: Path, overwrite: bool = False) -> None:
    """`check_writable`; InputError for a folder, and for a file unless `overwrite`."""
    if os.path.isdir(path):
        raise InputError(f"--output must name a file. Received the folder '{path}'.")
    check_writable(path)
    if not overwrite:
        refuse_overwriting(path)


def check_writable(path: Path) -> None:
    """Fails before the work, not after it, where nothing can be written.

    It also clears what killed processes left there a day or more ago.
    """
    folder = path.parent if os.path.lexists(path) and not path.is_dir() else path
    while not os.path.lexists(folder) and folder != folder.parent:
        folder = folder.parent
    if not folder.is_dir():
        raise InputError(
            f"Cannot write to '{path}': '{folder}' is a file, not a folder."
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(
            f"Cannot write to '{path}': no permission in '{folder.resolve()}'. Choose "
            "another --output."
        )
    remove_leftovers(folder, ABANDONED_AFTER_S)


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder for the time of a block, in `TMPDIR` or the system's own place."""
    place = os.environ.get("TMPDIR") or "the folder of temporary files"
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            place = os.path.dirname(folder)
            yield Path(folder)
    except Exception as error:
        full = _code(error) in _OF_THE_DISK
        no_place = isinstance(error, FileNotFoundError) and "No usable" in str(error)
        if isinstance(error, InputError) or not (full or no_place):
            raise
        raise InputError(
            f"Cannot write temporary files to {place}: {_reason(error)}. Set TMPDIR to "
            "a folder with free space."
        ) from error


def remove_folder(path: Path) -> None:
    """Removes a folder; a kill halfway leaves no half of it under its name.

    Raises:
        OSError: if it cannot be removed; it may then lie beside its old place under a
            temporary name.
    """
    workplace = path.parent / _unique_name()
    workplace.mkdir()
    try:
        os.replace(path, workplace / NEW)
    except OSError:
        workplace.rmdir()
        raise
    shutil.rmtree(workplace)


def remove_leftovers(folder: Path, older_than_s: float = 0) -> None:
    """Clears what killed writers left in `folder`, and undoes unfinished replacements.

    What cannot be cleared, such as another user's leftover, stays.

    Args:
        older_than_s: seconds since a leftover was last written to. 0 is for folders
            that only this process writes to; `ABANDONED_AFTER_S` for shared ones.
    """
    for leftover in folder.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if older_than_s and time.time() - _last_written(leftover) < older_than_s:
                continue
            if leftover.is_dir() and not leftover.is_symlink():
                _clear(leftover)
            else:
                leftover.unlink()


def open_regular(path: str | os.PathLike) -> BinaryIO:
    """Opens a file to read; what is no file is refused instead of waited for.

    Opening a named pipe waits until somebody writes to it, and a device may never end.

    Raises:
        OSError: if it is not there, is a folder, pipe, socket or device, or may not be
            read. `strerror` says which.
    """
    kind = no_file(os.stat(path).st_mode)
    if kind:
        raise OSError(errno.EINVAL, f"It is {kind}, not a file", os.fspath(path))
    return open(path, "rb")


def no_file(mode: int) -> str:
    """What an `st_mode` is of if not a regular file: "a folder"; else empty."""
    if stat.S_ISREG(mode):
        return ""
    kinds = {
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a pipe",
        stat.S_IFSOCK: "a socket",
    }
    return kinds.get(stat.S_IFMT(mode), "a device")


def user_path(text: str | os.PathLike) -> Path:
    """A path as the user gave it, with `~` and `~name` replaced by a home folder."""
    text = os.fspath(text)
    expanded = os.path.expanduser(text)
    if not text.startswith("~") or expanded != text:
        return Path(expanded)
    first = Path(text).parts[0]
    if first != "~" and os.path.lexists(first):
        return Path(text)
    reason = "HOME is not set" if first == "~" else f"there is no user {first[1:]}"
    raise InputError(
        f"Expected {first} to be a home folder. Received: {text}, but {reason}. Give "
        "the whole path."
    )


def flush(path: Path) -> None:
    """Waits until a file's content, or a folder's list of names, is on the disk."""
    is_folder = path.is_dir()
    if is_folder and os.name == "nt":
        return  # Windows cannot open folders, and needs no flush for renames.
    try:
        descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError:
        # Some file systems cannot flush folders, and one may write to a folder that
        # one may not read. The files themselves are whole.
        if not is_folder:
            raise


def _code(error: Exception) -> int | None:
    """The system's number of an error; TensorFlow puts only words into its own."""
    if getattr(error, "errno", None):
        return error.errno
    return next((code for code in _REMEDIES if os.strerror(code) in str(error)), None)


def _reason(error: Exception) -> str:
    if isinstance(error, shutil.Error) and isinstance(error.args[0], list):
        return str(error.args[0][0][2])  # of the first file that was not copied
    words = getattr(error, "strerror", None)
    if words and "\n" not in words:  # as HDF5's are
        return words
    code = _code(error)
    return os.strerror(code) if code else str(error).rstrip(".")


def _unique_name() -> str:
    return f"{PREFIX}{uuid.uuid4().hex[:12]}"


def _make_folder(folder: Path) -> None:
    existing = next(above for above in (folder, *folder.parents) if above.exists())
    if not existing.is_dir():
        reason = f"{existing} is a file, not a folder"
        raise NotADirectoryError(errno.ENOTDIR, reason, str(existing))
    folder.mkdir(parents=True, exist_ok=True)


def _is_stream(path: Path) -> bool:
    """Whether it is a device or a pipe, such as /dev/stdout: never to be replaced."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _last_written(path: Path) -> float:
    times = [path.lstat().st_mtime]
    for parent, folders, names in os.walk(path):
        times += [os.lstat(Path(parent, name)).st_mtime for name in folders + names]
    return max(times)


@contextlib.contextmanager
def _explained(path: Path, what: str, temporary: Path, target: Path) -> Iterator[None]:
    """Turns the errors of writing into `NotWritten`; others pass, with their trace."""
    try:
        yield
    except NotWritten as error:
        if not error.path.is_relative_to(temporary):
            raise
        cause = error.__cause__ or error
        raise NotWritten(path, what, cause) from cause
    except OSError as error:
        if not _is_of_writing(error, temporary, target):
            raise
        raise NotWritten(path, what, error) from error


def _is_of_writing(error: OSError, temporary: Path, target: Path) -> bool:
    if isinstance(error, ConnectionError | TimeoutError):
        return False  # of a network, or of the terminal's pipe
    names = [n for n in (error.filename, error.filename2) if isinstance(n, str | bytes)]
    named = [Path(os.path.abspath(os.fsdecode(name))) for name in names]
    temporary, target = Path(os.path.abspath(temporary)), Path(os.path.abspath(target))
    return not named or any(
        path.is_relative_to(temporary) or target.is_relative_to(path) for path in named
    )


def _exchange(new: Path, path: Path, old: Path, replace: bool) -> None:
    for attempt in range(_ATTEMPTS):
        try:
            os.rename(new, path)
            return
        except OSError as error:
            if error.errno not in _OCCUPIED or attempt == _ATTEMPTS - 1:
                raise
            if not replace:
                reason = "it exists already, and nothing is overwritten"
                raise FileExistsError(errno.EEXIST, reason, str(path)) from error
        old.mkdir(exist_ok=True)
        # Another process that replaces it may be faster.
        with contextlib.suppress(FileNotFoundError):
            os.rename(path, old / f"{time.time_ns():020d}")


def _clear(workplace: Path) -> None:
    """Removes a temporary folder; puts an old version back that has no other place."""
    new = next((workplace / NEW).glob("*"), None)
    olds = sorted((workplace / OLD).glob("*"))
    if new and olds:
        target = workplace.parent / new.name
        # Where it stands already, another process has written it in the meantime.
        with contextlib.suppress(OSError):
            if not os.path.lexists(target):
                os.rename(olds[-1], target)
        if not os.path.lexists(target):
            return
    shutil.rmtree(workplace, ignore_errors=True)
