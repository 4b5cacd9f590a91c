"""Where translated pictures go; decided, and refused, before anything is written."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from stargan_tf.data.listing import is_picture
from stargan_tf.errors import InputError
from stargan_tf.files import check_writable
from stargan_tf.translation.grid import MIN_CELL
from stargan_tf.translation.inputs import InputPicture
from stargan_tf.translation.picture_file import WRITABLE, check_extension

ROWS_PER_PAGE = 10  # of a grid: more would not fit a screen
PAGE_PIXELS = 64_000_000  # 192 MB; programs warn of pictures of 90 million and more


def plan_outputs(pictures: Sequence[InputPicture], output: str) -> list[Path]:
    """One output path for each picture.

    Names and sub-folders are kept, and so is the extension where it is one of
    `WRITABLE`; other pictures become `.png`.

    Args:
        pictures: what is to be translated.
        output: for a single picture a file or a folder, else a folder. A path that
            does not exist yet is a file if it ends like a picture.

    Returns:
        Paths in the order of `pictures`.

    Raises:
        InputError: if an input would be overwritten, two pictures would share an
            output, or `output` cannot be written to.
    """
    if names_a_file(output):
        if len(pictures) > 1:
            raise InputError(
                f"--output must be a folder for {len(pictures)} pictures. "
                f"Received the file name '{output}'"
            )
        planned = [Path(output)]
    else:
        planned = [Path(output) / name for name in _output_names(pictures)]
    refuse_overwriting(pictures, planned)
    check_writable(Path(output))
    return planned


def rows_per_page(columns: int, image_size: int) -> int:
    """How many rows a grid's page has: fewer where many or large columns fill it.

    Args:
        columns: of the grid, the inputs' included.
        image_size: side of the pictures.
    """
    side = max(image_size, MIN_CELL)
    return max(1, min(ROWS_PER_PAGE, PAGE_PIXELS // (columns * side**2)))


def plan_pages(
    pictures: Sequence[InputPicture], output: str, rows: int = ROWS_PER_PAGE
) -> list[Path]:
    """Paths of the grid's pages: `grid.png`, or `grid_001.png` and so on.

    Args:
        pictures: what is to be translated, one row each.
        output: the grid's file name, or a folder.
        rows: of a page, see `rows_per_page`.

    Returns:
        A path for each page.

    Raises:
        InputError: as `plan_outputs`.
    """
    path = Path(output) if names_a_file(output) else Path(output) / "grid.png"
    count = -(-len(pictures) // rows)
    numbered = [
        path.with_stem(f"{path.stem}_{page:03d}") for page in range(1, count + 1)
    ]
    planned = [path] if count == 1 else numbered
    refuse_overwriting(pictures, planned)
    check_writable(Path(output))
    return planned


def names_a_file(output: str) -> bool:
    """Whether `output` means a picture file, of a kind we write, not a folder."""
    path = Path(output)
    if path.is_dir() or output.endswith(("/", os.sep)):
        return False
    if not path.is_file() and not is_picture(path):
        return False
    check_extension(path)
    return True


def _output_names(pictures: Sequence[InputPicture]) -> list[Path]:
    kept = {picture.name for picture in pictures}
    names = [_output_name(picture.name, kept) for picture in pictures]
    owners: dict[Path, InputPicture] = {}
    for picture, name in zip(pictures, names, strict=True):
        owner = owners.setdefault(name, picture)
        if owner is not picture:
            raise InputError(
                f"'{owner.path}' and '{picture.path}' would both become '{name}'. "
                "Translate them in two commands, to two outputs."
            )
    return names


def _output_name(name: Path, kept: set[Path]) -> Path:
    if name.suffix.lower() in WRITABLE:
        return name
    converted = name.with_suffix(".png")
    # a.gif beside a.png: the second keeps its name, the first becomes a.gif.png.
    return name.with_name(f"{name.name}.png") if converted in kept else converted


def refuse_overwriting(
    pictures: Iterable[InputPicture], planned: Iterable[Path]
) -> None:
    """Raises InputError if an output is one of the inputs, by whatever name."""
    # Not `path.exists()`, which raises where a name is too long.
    existing = [path for path in planned if os.path.exists(path)]
    inputs = {_identity(picture.path) for picture in pictures} if existing else set()
    for path in existing:
        if _identity(path) in inputs:
            raise InputError(
                f"The output '{path}' is an input, and inputs are never overwritten. "
                "Give another --output."
            )


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino
