"""The pictures to translate: files and folders in, one list out."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stargan_tf.data.listing import EXTENSIONS, list_pictures
from stargan_tf.errors import InputError


@dataclass(frozen=True)
class InputPicture:
    """One picture to translate.

    Args:
        path: where it is.
        name: its relative path below the output folder.
    """

    path: Path
    name: Path


def find_inputs(
    inputs: Sequence[str], exclude: Path | None = None, what: str = "input"
) -> list[InputPicture]:
    """Lists the pictures that files and folders stand for, in a fixed order.

    Folders are searched recursively for names that end like a picture's; a file
    named directly may end in anything. A single folder's pictures keep their path
    below it; beside other inputs the path starts with the folder's own name.

    Args:
        inputs: files and folders.
        exclude: a folder not to look into: the output, when it lies inside an input.
        what: what error messages call them.

    Returns:
        The pictures, each file once.

    Raises:
        InputError: if there is no input, one does not exist, or a folder holds no
            picture.
    """
    if not inputs:
        raise InputError(
            "No INPUT to translate. Name at least one picture or folder after the "
            "flags."
        )
    found: dict[str, InputPicture] = {}
    for text in inputs:
        for picture in _expand(Path(text), len(inputs) > 1, exclude, what):
            found.setdefault(os.path.realpath(picture.path), picture)
    return list(found.values())


def _expand(
    path: Path, among_others: bool, exclude: Path | None, what: str
) -> list[InputPicture]:
    if path.is_dir():
        return _search(path, among_others, exclude, what)
    if not path.exists():
        raise InputError(f"There is no {what} '{path}'.")
    return [InputPicture(path, Path(path.name))]


def _search(
    folder: Path, among_others: bool, exclude: Path | None, what: str
) -> list[InputPicture]:
    root = Path(folder.resolve().name) if among_others else Path()
    pictures = [
        InputPicture(folder / name, root / name)
        for name in list_pictures(folder).names
        if not _inside(folder / name, folder, exclude)
    ]
    if not pictures:
        raise InputError(
            f"The {what} folder '{folder}' holds no picture. Looked for names ending "
            f"in {', '.join(sorted(EXTENSIONS))}, in sub-folders too."
        )
    return pictures


def _inside(path: Path, folder: Path, exclude: Path | None) -> bool:
    # An output folder that *is* the input folder is refused later, not searched past.
    if exclude is None or exclude.resolve() == folder.resolve():
        return False
    return path.resolve().is_relative_to(exclude.resolve())
