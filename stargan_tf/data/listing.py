"""Which files under a folder are pictures, in an order that never changes.

What is left out is kept with its reason: training and translation say it in one line,
`stargan-tf doctor` in full.
"""

import errno
import functools
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from absl import logging

from stargan_tf.errors import InputError, shortened
from stargan_tf.files import no_file, open_regular, user_path

COMMON = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif")
EXTENSIONS = frozenset((*COMMON, ".tif", ".tiff", ".ppm", ".pgm", ".avif"))
# Pictures that are not read: a folder with nothing else is a domain to convert.
PHOTOGRAPHS = (".heic", ".heif", ".hif", ".dng", ".cr2", ".cr3", ".crw", ".nef", ".nrw")
PHOTOGRAPHS += (".arw", ".srf", ".sr2", ".raf", ".orf", ".rw2", ".pef", ".raw", ".3fr")
DRAWINGS = (".jxl", ".jp2", ".j2k", ".psd", ".svg", ".tga", ".exr", ".ico", ".xcf")
NOT_READ = frozenset((*PHOTOGRAPHS, *DRAWINGS))
# Folders and files that systems, devices and archivers add, in lower case. Those that
# start with a dot (.DS_Store, ._name, .ipynb_checkpoints) are hidden anyway.
OF_SYSTEMS = frozenset(
    (
        *("__macosx", "icon\r", "network trash folder", "temporary items"),
        *("thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini"),
        *("$recycle.bin", "recycler", "recycled", "system volume information"),
        *("lost+found", "lost.dir", "found.000", "found.001", "$extend"),
        *("@eadir", "#recycle", "#snapshot", "@recycle", "@recently-snapshot"),
        *("~snapshot", "__pycache__"),
    )
)

ARCHIVES = frozenset((".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar"))
ARCHIVE_HEADS = (b"pk\3\4", b"pk\5\6", b"\x1f\x8b", b"bzh", b"\xfd7zxz")
ARCHIVE_HEADS += (b"7z\xbc", b"rar!")

HIDDEN = "hidden: the name starts with a dot"
RUBBISH = "left behind by a system or an archiver"
EMPTY = "a folder without pictures"
AGAIN = "a folder that is listed under another name"
DANGLING = "a link to nothing"
RING = "a link that leads back to itself"
REASONS = 8  # that a line names


@dataclass(frozen=True)
class IgnoredFile:
    """A file or folder that no picture is taken from.

    Args:
        name: path relative to the data set's folder; a folder's ends in `/`.
        reason: why, in a few words.
    """

    name: str
    reason: str


@dataclass(frozen=True)
class Listing:
    """The pictures below a folder.

    Args:
        names: paths relative to the folder, with `/`, sorted.
        left_out: what else is there, sorted.
    """

    names: tuple[str, ...]
    left_out: tuple[IgnoredFile, ...] = ()

    @property
    def ignored(self) -> int:
        """Number of other files, not counting hidden ones."""
        return sum(
            file.reason not in (HIDDEN, RUBBISH) and not file.name.endswith("/")
            for file in self.left_out
        )


def list_pictures(folder: str | os.PathLike) -> Listing:
    """Finds the pictures in a folder and its sub-folders.

    A picture is known by its extension, upper or lower case. Hidden files and
    folders (names that start with a dot) are passed over, and so is what systems and
    archivers leave behind; links are followed. What is left out is said in one line.

    Args:
        folder: where to look.

    Returns:
        The pictures' names, and what is left out.

    Raises:
        InputError: if `folder` is not a folder, or cannot be read.
    """
    root = existing_folder(folder)
    listing = find_pictures(root)
    say_left_out(root, listing.left_out)
    return listing


def find_pictures(root: Path) -> Listing:
    """As `list_pictures`, without a word on what is left out."""
    names, left_out = [], []
    seen: set[str] = set()
    folders = [""]
    while folders:
        inside = folders.pop()
        place = root / inside
        real = os.path.realpath(place)
        if real in seen:
            left_out.append(IgnoredFile(inside, AGAIN))
            continue
        seen.add(real)
        try:
            inner, pictures, others = look_into(place)
        except OSError as error:
            if not inside:
                raise _unreadable(root, error) from error
            reason = f"a folder that cannot be read ({error.strerror})"
            left_out.append(IgnoredFile(inside, reason))
            continue
        if inside and not inner and not pictures:
            left_out.append(IgnoredFile(inside, EMPTY))
        names += [f"{inside}{name}" for name in pictures]
        left_out += [IgnoredFile(f"{inside}{o.name}", o.reason) for o in others]
        folders += [f"{inside}{name}/" for name in reversed(inner)]
    return Listing(tuple(sorted(names)), tuple(sorted(left_out, key=_by_name)))


def look_into(place: Path) -> tuple[list[str], list[str], list[IgnoredFile]]:
    """The sub-folders of one folder, its pictures, and what is neither; sorted.

    Raises:
        OSError: if it cannot be read.
    """
    folders, pictures, others = [], [], []
    with os.scandir(place) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            kind, reason = _kind(entry)
            if reason:
                name = f"{entry.name}/" if kind == "folder" else entry.name
                others.append(IgnoredFile(name, reason))
            elif kind == "folder":
                folders.append(entry.name)
            else:
                pictures.append(entry.name)
    return folders, pictures, others


def is_picture(name: str | os.PathLike) -> bool:
    """Whether a file's extension is that of a picture."""
    return os.path.splitext(name)[1].lower() in EXTENSIONS


def kind_of_name(name: str) -> str:
    """Why a file of this name is not read as a picture; empty if it is."""
    extension = os.path.splitext(name)[1].lower()
    if extension in EXTENSIONS:
        return ""
    return f"{extension or 'no extension'}: not read as a picture"


def of_no_user(name: str) -> str:
    """Why a file or folder of this name is none of the user's; empty if it is."""
    if name.startswith("."):
        return HIDDEN
    return RUBBISH if name.lower() in OF_SYSTEMS else ""


def existing_folder(folder: str | os.PathLike) -> Path:
    """`folder` as a path; InputError unless it is a folder."""
    path = user_path(folder)
    if not path.is_dir():
        what = f"is {kind_of_download(path)}" if path.exists() else "does not exist."
        raise InputError(f"--data_dir must be a folder of images. {path} {what}")
    return path


def kind_of_download(path: Path) -> str:
    """What a file is that stands where pictures should be, and what to do about it."""
    try:
        with open_regular(path) as file:
            head = file.read(1024).lstrip().lower()
    except OSError as error:
        return f"no folder ({error.strerror})."
    if head.startswith(ARCHIVE_HEADS) or head[257:262] == b"ustar":
        return "an archive. Unpack it and give the folder."
    if head.startswith(b"<") and (b"<html" in head or b"doctype html" in head):
        return (
            "a web page: the server did not send the file, perhaps because too many "
            "people asked for it. Download it again, with a browser."
        )
    return "a file, not a folder."


def archives_in(root: Path) -> str:
    """What is to be done about archives in a folder without pictures; else nothing."""
    found = sorted(p for p in root.iterdir() if p.suffix.lower() in ARCHIVES)
    return f" {found[0].name} in it is {kind_of_download(found[0])}" if found else ""


def counted(left_out: Iterable[IgnoredFile], examples: bool = False) -> str:
    """What is left out, in one line: how many for each reason.

    Args:
        left_out: files and folders.
        examples: whether to name one for each reason.
    """
    left_out = list(left_out)
    first: dict[str, str] = {}
    for file in left_out:
        first.setdefault(file.reason, file.name)
    counts = Counter(file.reason for file in left_out).most_common()
    reasons = sorted(counts, key=lambda pair: pair[0] in (HIDDEN, RUBBISH))
    parts = [
        f"{reason} ({count:,}"
        + (f", such as {shortened(first[reason])})" if examples else ")")
        for reason, count in reasons[:REASONS]
    ]
    rest = sum(count for _, count in reasons[REASONS:])
    return "; ".join(parts + [f"other reasons ({rest:,})"] * bool(rest))


def say_left_out(root: Path, left_out: Sequence[IgnoredFile]) -> None:
    """Says in one line what a folder holds beside pictures; the same line only once.

    Args:
        root: the folder.
        left_out: what no picture is taken from; folders without pictures take none
            away and are not mentioned.
    """
    left_out = [file for file in left_out if file.reason != EMPTY]
    if left_out:
        say_once(f"Left out of {root}: {counted(left_out, examples=True)}.")


@functools.lru_cache(maxsize=1000)
def say_once(text: str) -> None:
    """Logs a warning, unless the same was said: both splits list the same files."""
    logging.warning("%s", text)


def _kind(entry: os.DirEntry) -> tuple[str, str]:
    """Folder or file, and why it is left out, if it is."""
    try:
        kind = "folder" if entry.is_dir() else "file"
        reason = of_no_user(entry.name)
        if kind == "folder" or reason:
            return kind, reason
        reason = kind_of_name(entry.name)
        if reason:
            return kind, reason
        if entry.is_file():
            return kind, ""
        return kind, f"no file but {no_file(entry.stat().st_mode)}"
    except OSError as error:
        reasons = {errno.ENOENT: DANGLING, errno.ELOOP: RING}
        return "file", reasons.get(error.errno, f"{error.strerror}")


def _unreadable(root: Path, error: OSError) -> InputError:
    return InputError(
        f"The folder {root} cannot be read: {error.strerror}. Change its permissions, "
        "or copy what is in it."
    )


def _by_name(file: IgnoredFile) -> str:
    return file.name
