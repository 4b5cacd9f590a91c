"""Which files under a folder are images, and which of them are held out.

Both are the same in every run and on every machine. Files that are left out are
recorded with a reason: training and translation report them in one line, `stargan-tf
doctor` in full.
"""

import errno
import functools
import hashlib
import os
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from absl import logging

from stargan_tf.data.options import HELD_OUT
from stargan_tf.errors import InputError, shortened
from stargan_tf.files import no_file, open_regular, user_path

COMMON = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif")
# Scans and arrays, which only models of measured images read; see `data.formats`.
MEASURED = (".npy", ".npz", ".nii", ".nii.gz", ".dcm")
EXTENSIONS = frozenset((*COMMON, ".tif", ".tiff", ".ppm", ".pgm", ".avif", *MEASURED))
# Precedes the extension in a mask's name, see `data.formats.mask_beside`.
MASK_MARK = ".mask"
# Image formats that are not supported: a folder of them is reported as a domain.
PHOTOGRAPHS = (".heic", ".heif", ".hif", ".dng", ".cr2", ".cr3", ".crw", ".nef", ".nrw")
PHOTOGRAPHS += (".arw", ".srf", ".sr2", ".raf", ".orf", ".rw2", ".pef", ".raw", ".3fr")
DRAWINGS = (".jxl", ".jp2", ".j2k", ".psd", ".svg", ".tga", ".exr", ".ico", ".xcf")
NOT_READ = frozenset((*PHOTOGRAPHS, *DRAWINGS))
# Folders and files that systems, devices, and archivers add, in lower case. Names that
# start with a dot (.DS_Store, ._name, .ipynb_checkpoints) are always hidden.
OF_SYSTEMS = ("__macosx", "icon\r", "network trash folder", "temporary items")
OF_SYSTEMS += ("thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini")
OF_SYSTEMS += ("$recycle.bin", "recycler", "recycled", "system volume information")
OF_SYSTEMS += ("lost+found", "lost.dir", "found.000", "found.001", "$extend")
OF_SYSTEMS += ("@eadir", "#recycle", "#snapshot", "@recycle", "@recently-snapshot")
OF_SYSTEMS += ("~snapshot", "__pycache__")
ARCHIVES = frozenset((".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar"))
ARCHIVE_HEADS = (b"pk\3\4", b"pk\5\6", b"\x1f\x8b", b"bzh", b"\xfd7zxz")
ARCHIVE_HEADS += (b"7z\xbc", b"rar!")

HIDDEN = "hidden: the name starts with a dot"
RUBBISH = "created by the system or an archiver"
EMPTY = "a folder without images"
MASKED = "a mask of pixels without data"
BESIDE = "an array or a scan beside images"
AGAIN = "a folder that is listed under another name"
DANGLING = "a broken link"
RING = "a circular link"
REASONS = 8  # Maximum number of reasons in a message.


@dataclass(frozen=True)
class IgnoredFile:
    """A file or folder that is not used.

    Args:
        name: path relative to the data set's folder; paths of folders end in `/`.
        reason: why it is not used, in a few words.
    """

    name: str
    reason: str


@dataclass(frozen=True)
class FileAudit:
    """The files of a data set.

    Args:
        root: the folder.
        names: its images, as paths relative to `root` with `/`, sorted.
        ignored: other files and folders, sorted.
        rows_without_file: rows of a label file whose image is missing.
        files_without_row: images without a row in the label file.
        double_rows: images with several rows in the label file.
    """

    root: Path
    names: tuple[str, ...]
    ignored: tuple[IgnoredFile, ...] = ()
    rows_without_file: tuple[str, ...] = ()
    files_without_row: tuple[str, ...] = ()
    double_rows: tuple[str, ...] = ()


def list_pictures(folder: str | os.PathLike) -> FileAudit:
    """Like `audit_folder`, and reports in one line what is left out.

    Args:
        folder: the folder to search.
    """
    audit = audit_folder(folder)
    say_left_out(audit.root, audit.ignored)
    return audit


def audit_folder(
    folder: str | os.PathLike, arrays: bool = False, exclude: Path | None = None
) -> FileAudit:
    """Finds the images in a folder and its subfolders.

    Images are recognized by their extension, in upper or lower case. Hidden files and
    folders (names that start with a dot) are skipped, and so are files that systems and
    archivers create; links are followed.

    Args:
        folder: the folder to search.
        arrays: whether arrays and scans count as images beside photographs, too.
        exclude: a folder that is not searched.

    Returns:
        The images' names, and what is left out.

    Raises:
        InputError: if `folder` is not a folder, or cannot be read.
    """
    root = existing_folder(folder)
    names: list[str] = []
    ignored: list[IgnoredFile] = []
    seen: set[str] = set()
    folders = [""]
    while folders:
        inside = folders.pop()
        place = root / inside
        real = os.path.realpath(place)
        if exclude and Path(real).is_relative_to(exclude):
            continue
        if real in seen:
            ignored.append(IgnoredFile(inside, AGAIN))
            continue
        seen.add(real)
        try:
            inner, pictures, others = look_into(place)
        except OSError as error:
            if not inside:
                raise InputError(
                    f"The folder {root} cannot be read: {error.strerror}. Change its "
                    "permissions, or copy its content."
                ) from error
            reason = f"a folder that cannot be read ({error.strerror})"
            ignored.append(IgnoredFile(inside, reason))
            continue
        if inside and not inner and not pictures:
            ignored.append(IgnoredFile(inside, EMPTY))
        names += [f"{inside}{name}" for name in pictures]
        ignored += [IgnoredFile(f"{inside}{o.name}", o.reason) for o in others]
        folders += [f"{inside}{name}/" for name in reversed(inner)]
    # Arrays beside photographs are usually features computed from them.
    if not arrays and any(extension(name) in COMMON for name in names):
        arrays = [name for name in names if extension(name) in MEASURED]
        ignored += [IgnoredFile(name, BESIDE) for name in arrays]
        names = [name for name in names if extension(name) not in MEASURED]
    ignored.sort(key=lambda file: file.name)
    return FileAudit(root, tuple(sorted(names)), tuple(ignored))


def look_into(place: Path) -> tuple[list[str], list[str], list[IgnoredFile]]:
    """The subfolders, the images, and the other files of one folder; sorted.

    Raises:
        OSError: if it cannot be read.
    """
    folders, pictures, others = [], [], []
    with os.scandir(place) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            name = entry.name
            try:
                is_folder = entry.is_dir()
                reason = reason_skipped(name)
                reason = reason or ("" if is_folder else reason_not_read(name))
                if not (reason or is_folder or entry.is_file()):
                    reason = f"not a file but {no_file(entry.stat().st_mode)}"
            except OSError as error:
                reasons = {errno.ENOENT: DANGLING, errno.ELOOP: RING}
                is_folder = False
                reason = reasons.get(error.errno, f"{error.strerror}")
            if reason:
                others.append(IgnoredFile(f"{name}/" if is_folder else name, reason))
            else:
                (folders if is_folder else pictures).append(name)
    return folders, pictures, others


def is_picture(name: str | os.PathLike) -> bool:
    """Whether a file's extension is that of an image."""
    return extension(name) in EXTENSIONS


def extension(name: str | os.PathLike) -> str:
    """A file's extension in lower case, including that of `.nii.gz`."""
    name = os.path.basename(name).lower()
    return ".nii.gz" if name.endswith(".nii.gz") else os.path.splitext(name)[1]


def reason_not_read(name: str) -> str:
    """Why a file with this name is not read as an image; empty if it is."""
    ending = extension(name)
    if ending in EXTENSIONS:
        is_mask = name.lower().endswith(f"{MASK_MARK}{ending}")
        return MASKED if is_mask else ""
    return f"{ending or 'no extension'}: not read as an image"


def reason_skipped(name: str) -> str:
    """Why a file or folder with this name is skipped; empty if it is not."""
    if name.startswith("."):
        return HIDDEN
    return RUBBISH if name.lower() in OF_SYSTEMS else ""


def existing_folder(folder: str | os.PathLike) -> Path:
    """`folder` as a path; InputError unless it is a folder."""
    path = user_path(folder)
    if not path.is_dir():
        what = f"is {download_text(path)}" if path.exists() else "does not exist."
        raise InputError(f"--data_dir must be a folder of images. {path} {what}")
    return path


def download_text(path: Path) -> str:
    """Describes a file in the place of images, and how to fix that."""
    try:
        with open_regular(path) as file:
            head = file.read(1024).lstrip().lower()
    except OSError as error:
        return f"not a folder ({error.strerror})."
    if head.startswith(ARCHIVE_HEADS) or head[257:262] == b"ustar":
        return "an archive. Unpack it and pass the folder."
    if head.startswith(b"<") and (b"<html" in head or b"doctype html" in head):
        return (
            "a web page: the server did not send the file, perhaps because of too many "
            "requests. Download it again, with a browser."
        )
    return "a file, not a folder."


def archives_in(root: Path) -> str:
    """How to fix archives in a folder without images; empty if there are none."""
    archives = sorted(p for p in root.iterdir() if p.suffix.lower() in ARCHIVES)
    if not archives:
        return ""
    return f" {archives[0].name} in it is {download_text(archives[0])}"


def counted(left_out: Iterable[IgnoredFile], examples: bool = False) -> str:
    """The number of files that are left out for each reason, in one line."""
    first: dict[str, str] = {}
    counts: Counter = Counter()
    for file in left_out:
        first.setdefault(file.reason, file.name)
        counts[file.reason] += 1
    reasons = sorted(
        counts.most_common(), key=lambda pair: pair[0] in (HIDDEN, RUBBISH)
    )
    parts = [
        f"{reason} ({count:,}"
        + (f", such as {shortened(first[reason])})" if examples else ")")
        for reason, count in reasons[:REASONS]
    ]
    if len(reasons) > REASONS:
        rest = sum(count for _, count in reasons[REASONS:])
        parts.append(f"other reasons ({rest:,})")
    return "; ".join(parts)


def say_left_out(root: Path, left_out: Sequence[IgnoredFile]) -> None:
    """Reports in one line which files of a folder are left out, only once.

    Folders without images, and masks, are not mentioned.
    """
    left_out = [file for file in left_out if file.reason not in (EMPTY, MASKED)]
    if left_out:
        say_once(f"Left out of {root}: {counted(left_out, examples=True)}.")


@functools.lru_cache(maxsize=1000)
def say_once(text: str) -> None:
    """Logs a warning once: both splits list the same files."""
    logging.warning("%s", text)


def split_positions(
    names: Sequence[str],
    split: str,
    held_out: float,
    groups: Sequence[int] | None = None,
) -> np.ndarray:
    """The positions of the images that belong to a split.

    The split depends on the image's name only, so that adding images moves no existing
    ones. There is one exception: if a split of a group would be empty, the image that
    is nearest to the threshold is moved into it.

    Args:
        names: the images' relative paths.
        split: `"train"` or `"held_out"`.
        held_out: fraction of the images to hold out, in (0, 1).
        groups: the number of each image's group (its domain); both splits get at least
            one image of every group with two or more. None: a single group.

    Returns:
        int64 array of positions in `names`, ascending.

    Raises:
        InputError: if `held_out` is out of range.
    """
    if not 0.0 < held_out < 1.0:
        raise InputError(
            "held_out must be a fraction between 0 and 1, exclusive. "
            f"Received: held_out={held_out}"
        )
    places = np.array([_place(name) for name in names])
    out = places < held_out
    groups = np.zeros(len(names), int) if groups is None else np.asarray(groups)
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        if len(members) < 2:
            out[members] = False
        elif not out[members].any():
            out[members[places[members].argmin()]] = True
        elif out[members].all():
            out[members[places[members].argmax()]] = False
    return np.flatnonzero(out == (split == HELD_OUT))


def _place(name: str) -> float:
    """A number in [0, 1) derived from the name, in any Unicode normal form."""
    name = unicodedata.normalize("NFC", name)
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:6], "big") / 2**48
