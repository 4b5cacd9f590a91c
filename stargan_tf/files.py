"""Atomic writing of files and folders.

Content is written under a unique temporary name beside its target, flushed to disk, and
renamed. What it replaces is removed last. If two processes write the same target, the
later one wins. Temporary files of killed processes are removed by processes that write
to the same folder a day or more later.

The argument `what` is the name of the file in error messages: "report". All paths of
users are expanded by `user_path`.
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
from collections.abc import Collection, Iterator
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
# Longer suffixes are not file extensions.
LONGEST_EXTENSION = 8
# Errors from renaming a folder to an existing name.
_OCCUPIED = {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR}
_ATTEMPTS = 1000  # If other processes write the same folder.
_OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}
_FULL = "Free some space, or choose another place."
_FORBIDDEN = "Choose a folder with write permission."
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
    """A file or folder that could not be written; existing content is unchanged.

    Args:
        path: the file or folder.
        what: its name in the message.
        error: the cause, usually an error of the system.
        advice: how to fix it; by default, it depends on the error.

    Attributes:
        path: the file or folder.
        reason: the cause as text: "No space left on device".
        concerns_disk: whether other files on the same disk would fail, too.
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
    """Yields a temporary path to write to, which replaces `path` on success.

    Args:
        path: the target.
        what: its name in messages.
        durable: whether it must survive a power failure right afterward. Waiting for
            the disk takes milliseconds: False for many small files that are easily
            recreated.

    Raises:
        NotWritten: if it cannot be written (no permission, full disk); then no partial
            file remains, and an existing one is unchanged.
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
        # In a folder without permission, removing it fails, too; the first error is the
        # one to report.
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes, what: str, durable: bool = True) -> None:
    """Replaces a file's content atomically; see `new_file`."""
    with new_file(path, what, durable) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, text: str, what: str = "file") -> None:
    """Replaces a file's content atomically, in UTF-8; see `new_file`.

    Characters without a UTF-8 encoding, as in file names that are not UTF-8, are
    written as backslash escapes.
    """
    write_bytes(path, text.encode("utf-8", "backslashreplace"), what)


def write_json(path: Path, value: Any, what: str = "file") -> None:
    """Replaces a JSON file's content atomically; see `new_file`."""
    write_text(path, json.dumps(value, indent=2) + "\n", what)


def append_line(path: Path, line: str, what: str) -> None:
    """Appends a line to a text file; a failure leaves at most a truncated line."""
    with _explained(path, what, path, path):
        _make_folder(path.parent)
        with path.open("ab") as file:
            file.write(line.encode("utf-8", "backslashreplace") + b"\n")


def read_json(path: Path) -> Any:
    """The content of a JSON file in UTF-8; OSError or ValueError if it is invalid."""
    return parsed_json(read_bytes(path, MAX_JSON_BYTES))


def read_bytes(path: str | os.PathLike, limit: int) -> bytes:
    """A file's content; ValueError above `limit`, OSError as in `open_regular`."""
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
    """Like `json.loads`, but with a ValueError for text nested too deeply."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


@contextlib.contextmanager
def new_folder(path: Path, what: str, replace: bool = True) -> Iterator[Path]:
    """Yields a temporary folder to write to, which replaces `path` on success.

    Args:
        path: the target.
        what: its name in messages.
        replace: whether to replace an existing folder.

    Raises:
        NotWritten: if it cannot be written, or exists although `replace` is False; then
            the new folder is removed, and the existing one is unchanged.
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
    """Raises `InputError` for an existing folder, unless it may be replaced.

    Args:
        path: the folder to create.
        overwrite: whether the user allows it. Only output of the same command is
            replaced, so that no other files are lost by mistake.
        mark: pattern of a name that every output folder of the command contains.

    Raises:
        InputError: if the folder exists and must not be replaced.
    """
    if not overwrite:
        refuse_overwriting(path)
    elif os.path.lexists(path) and not any(path.glob(mark)):
        raise InputError(
            "--overwrite only replaces output of the same command. Received: "
            f"{path}, which has no {mark}. Choose another --output."
        )


def refuse_overwriting(*paths: Path) -> None:
    """Raises `InputError` if one of the paths exists, unless it is a device."""
    existing = [p for p in paths if os.path.lexists(p) and not _is_stream(p)]
    if existing:
        others = f" and {len(existing) - 1} more" if len(existing) > 1 else ""
        raise InputError(
            f"{existing[0]} exists already{others}. Choose another --output, or add "
            "--overwrite to replace it."
        )


def check_ending(path: str | os.PathLike, what: str, endings: Collection[str]) -> Path:
    """Returns `path` as a `Path`.

    Raises:
        InputError: if its extension, in lowercase, is not one of `endings`.
    """
    path = user_path(path)
    if path.suffix.lower() not in endings:
        one_of = "one of " if len(endings) > 1 else ""
        raise InputError(
            f"The name of {what} must end in {one_of}{', '.join(endings)}. "
            f"Received: {path.name}"
        )
    return path


def check_file(path: Path, overwrite: bool = False) -> None:
    """`check_writable`; InputError for a folder, and for a file unless `overwrite`."""
    if os.path.isdir(path):
        raise InputError(f"--output must be a file. Received: the folder '{path}'")
    check_writable(path)
    if not overwrite:
        refuse_overwriting(path)


def check_writable(path: Path) -> None:
    """Raises `InputError` before the work if a path cannot be written.

    It also removes temporary files of killed processes that are a day old.
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
    """A folder for the duration of a block, in `TMPDIR` or the system's default."""
    place = os.environ.get("TMPDIR") or "the folder for temporary files"
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
    """Removes a folder; a killed process leaves no partial folder under its name.

    Raises:
        OSError: if it cannot be removed; it may then have a temporary name.
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
    """Removes temporary files of killed processes, and undoes partial replacements.

    Files that cannot be removed, such as those of another user, are kept.

    Args:
        folder: the folder to clean up.
        older_than_s: minimum seconds since a file was last written: 0 for folders that
            only this process writes to, `ABANDONED_AFTER_S` for shared ones.
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
    """Opens a regular file for reading.

    Opening a named pipe would block until another process writes to it, and a device
    may be endless.

    Raises:
        OSError: if it does not exist, is a folder, pipe, socket, or device, or cannot
            be read; `strerror` has the reason.
    """
    file_type = no_file(os.stat(path).st_mode)
    if file_type:
        raise OSError(errno.EINVAL, f"It is {file_type}, not a file", os.fspath(path))
    return open(path, "rb")


def no_file(mode: int) -> str:
    """The type of an `st_mode` that is not a regular file: "a folder"; else empty."""
    if stat.S_ISREG(mode):
        return ""
    names = {
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a pipe",
        stat.S_IFSOCK: "a socket",
    }
    return names.get(stat.S_IFMT(mode), "a device")


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
        f"Expected {first} to be a home folder. Received: {text}, but {reason}. Pass "
        "the full path."
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
        # Some file systems cannot flush folders, and a writable folder may be
        # unreadable. The files themselves are complete.
        if not is_folder:
            raise


def _code(error: Exception) -> int | None:
    """The errno of an error; TensorFlow's errors contain only its text."""
    if getattr(error, "errno", None):
        return error.errno
    return next((code for code in _REMEDIES if os.strerror(code) in str(error)), None)


def _reason(error: Exception) -> str:
    if isinstance(error, shutil.Error) and isinstance(error.args[0], list):
        return str(error.args[0][0][2])  # Of the first file that was not copied.
    text = getattr(error, "strerror", None)
    if text and "\n" not in text:  # HDF5's errors have several lines.
        return text
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
    """Whether it is a device or a pipe, such as /dev/stdout, never to be replaced."""
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
    """Converts errors of writing to `NotWritten`; others pass unchanged."""
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
        return False  # From a network, or from a pipe of the terminal.
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
                reason = "it exists already and is not overwritten"
                raise FileExistsError(errno.EEXIST, reason, str(path)) from error
        old.mkdir(exist_ok=True)
        # Another process may have replaced it first.
        with contextlib.suppress(FileNotFoundError):
            os.rename(path, old / f"{time.time_ns():020d}")


def _clear(workplace: Path) -> None:
    """Removes a temporary folder; restores an old version that was not replaced."""
    new = next((workplace / NEW).glob("*"), None)
    olds = sorted((workplace / OLD).glob("*"))
    if new and olds:
        target = workplace.parent / new.name
        # If the target exists, another process has written it meanwhile.
        with contextlib.suppress(OSError):
            if not os.path.lexists(target):
                os.rename(olds[-1], target)
        if not os.path.lexists(target):
            return
    shutil.rmtree(workplace, ignore_errors=True)
