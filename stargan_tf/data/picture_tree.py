"""Image files in a folder, or in a zip file, which is not unpacked."""

import functools
import hashlib
import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from stargan_tf.data.dataset import Dataset
from stargan_tf.data.files import (
    BESIDE,
    MEASURED,
    IgnoredFile,
    archives_in,
    download_text,
    existing_folder,
    extension,
    list_pictures,
    reason_not_read,
    reason_skipped,
    say_left_out,
)
from stargan_tf.data.options import DatasetOptions
from stargan_tf.data.picture_sources import Values, picture_files, pictures
from stargan_tf.data.source import LabeledImages, Originals, UnreadableImage
from stargan_tf.errors import InputError
from stargan_tf.files import user_path
from stargan_tf.limits import MAX_MEMBER_BYTES, is_bomb


@dataclass(frozen=True)
class PictureTree:
    """The images of a folder or a zip file.

    Args:
        path: the folder or the zip file.
        names: paths of the images in it, with `/`, sorted.
        zipped: whether `path` is a zip file.
    """

    path: Path
    names: tuple[str, ...]
    zipped: bool

    def read(self, name: str) -> Path | bytes:
        """The path of a file, or the bytes of a member of the zip file.

        Args:
            name: one of `names`.

        Raises:
            UnreadableImage: if the member is damaged.
        """
        return _member(self.path, name) if self.zipped else self.path / name


def picture_tree(path: str | os.PathLike) -> PictureTree:
    """Lists the images of a folder and its subfolders, or of a zip file."""
    path = user_path(path)
    if path.is_file():
        return PictureTree(path, _zipped_names(path), True)
    names = list_pictures(existing_folder(path)).names
    zips = [] if names else sorted(path.glob("*.zip"))
    return picture_tree(zips[0]) if len(zips) == 1 else PictureTree(path, names, False)


def tree_of(dataset: Dataset, options: DatasetOptions) -> PictureTree:
    """The images in `--data_dir`, a folder or a zip file.

    Args:
        dataset: the data set, whose `obtain` is shown if there are no files.
        options: uses `data_dir`.

    Raises:
        InputError: if there is no image.
    """
    given = options.data_dir
    zipped = given is not None and Path(given).is_file()
    tree = picture_tree(given if zipped else dataset.folder(options))
    if not tree.names:
        hint = "" if tree.zipped else archives_in(tree.path)
        raise InputError(f"{tree.path} contains no image.{hint} {dataset.obtain}")
    return tree


def tree_pictures(
    dataset: Dataset,
    tree: PictureTree,
    names: Sequence[str],
    values: Values,
    image_size: int,
    options: DatasetOptions,
) -> LabeledImages:
    """Creates labeled images from some images of a tree.

    Args:
        dataset: the data set of the images.
        tree: the folder or zip file.
        names: the names to use.
        values: as in `picture_files`.
        image_size: side of the square images in pixels.
        options: the user's options.

    Returns:
        The labeled images, which are decoded when they are loaded.

    Raises:
        InputError: if the labels do not match, or there is no image.
    """
    if not tree.zipped:
        return picture_files(dataset, tree.path, names, values, image_size, options)

    def read(number: int) -> bytes:
        return tree.read(names[number])

    members = [_archive(tree.path).getinfo(name) for name in names]
    originals = Originals(
        size=lambda number: members[number].file_size,
        read=lambda number: b"%d" % members[number].CRC,
    )
    # From the members' checksums, so that the cache survives moving the zip file.
    lines = "".join(f"{member.filename}\0{member.CRC}\n" for member in members)
    digest = hashlib.sha256(lines.encode("utf-8", "replace")).hexdigest()
    return pictures(
        dataset, names, values, read, digest, image_size, options, originals
    )


def _zipped_names(path: Path) -> tuple[str, ...]:
    # A zip file may list a member twice; reading by name returns the last one.
    names = {name for name in _archive(path).namelist() if not name.endswith("/")}
    pictures, left_out = [], []
    for name in sorted(names):
        reasons = [*map(reason_skipped, name.split("/")), reason_not_read(name)]
        reasons.append(BESIDE if extension(name) in MEASURED else "")
        # Such as /home/a.png, which 'datasets save' would write there.
        if name.startswith("/") or "\\" in name or PureWindowsPath(name).drive:
            reasons.append("an absolute path, or one with backslashes")
        reason = next(filter(None, reasons), "")
        if reason:
            left_out.append(IgnoredFile(name, reason))
        else:
            pictures.append(name)
    say_left_out(path, left_out)
    return tuple(pictures)


def _archive(path: Path) -> zipfile.ZipFile:
    try:
        state = path.stat()
        return _opened(path, state.st_size, state.st_mtime_ns)
    except (OSError, zipfile.BadZipFile) as error:
        text = download_text(path)
        if text.startswith("a web page"):
            raise InputError(f"{path} is {text}") from error
        raise InputError(
            f"Cannot open the zip file {path}: {error}. If it is incomplete, download "
            "it again."
        ) from error


@functools.lru_cache(maxsize=4)
def _opened(path: Path, size: int, time: int) -> zipfile.ZipFile:
    """Kept open, since listing its members is slow. Threads may read concurrently."""
    return zipfile.ZipFile(path)


def _member(path: Path, name: str) -> bytes:
    archive = _archive(path)
    try:
        info = archive.getinfo(name)
        size, packed = info.file_size, info.compress_size
        if size > MAX_MEMBER_BYTES or is_bomb(size, packed):
            raise ValueError(f"{size:,} bytes packed into {packed:,} are not an image")
        with archive.open(info) as file:
            # A member may be larger than its header says.
            return file.read(size)
    # From zlib, a wrong checksum, or encryption: all are reported alike.
    except Exception as error:
        raise UnreadableImage(f"Cannot read {name} in {path}: {error}.") from error
