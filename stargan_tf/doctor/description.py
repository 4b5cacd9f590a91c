"""What a data set is, whose it is and how to get it, as text."""

import shutil
import textwrap
from collections.abc import Sequence

from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.pictures import side_of_file, typical_side
from stargan_tf.data.registry import available, definition
from stargan_tf.doctor.opened import Opened
from stargan_tf.doctor.report import counts_table
from stargan_tf.doctor.split_checks import count_labels
from stargan_tf.errors import InputError

NOT_STATED = "not stated"
HEADING = 15


def description(opened: Opened) -> str:
    """The text of `stargan-tf datasets describe`.

    Args:
        opened: the data set; with no splits, only what its definition says.

    Returns:
        Lines as wide as the terminal, from 60 to 100 characters.
    """
    known = definition(opened.name)
    info = opened.info or _stated_info(opened)
    entries = {
        "Labels": _labels(info),
        "Exclusive": _groups(info),
        "Pictures": _pictures(opened),
        "Package": ", ".join(available()[opened.name].packages),
        "License": getattr(known, "license", "") or NOT_STATED,
        "Citation": getattr(known, "citation", "") or NOT_STATED,
        "Homepage": getattr(known, "homepage", ""),
        "How to obtain": getattr(known, "obtain", "") or NOT_STATED,
    }
    lines = [_entry(name, text) for name, text in entries.items() if text]
    blocks = [f"{opened.name}: {known.description}", "\n".join(lines)]
    if opened.splits:
        blocks.append(counts_table(count_labels(opened.splits)))
    return "\n\n".join(blocks)


def _stated_info(opened: Opened) -> DatasetInfo | None:
    """What the definition says of its labels without its files."""
    try:
        return definition(opened.name).info(opened.image_size, opened.options)
    except InputError:
        return None


def _labels(info: DatasetInfo | None) -> str:
    if info is None:
        return "they follow from the files"
    kind = info.label_type.replace("_", "-")
    return f"{len(info.domains)}, {kind}: {', '.join(info.domains)}"


def _groups(info: DatasetInfo | None) -> str:
    groups = info.exclusive_groups if info else ()
    return "; ".join(f"at most one of {', '.join(group)}" for group in groups)


def _pictures(opened: Opened) -> str:
    if opened.problems:
        return f"cannot be opened: {' '.join(opened.problems)}"
    count = sum(map(len, opened.splits.values()))
    side = opened.image_size
    return f"{count:,}{_originals(opened)}, used at {side} x {side}"


def _originals(opened: Opened) -> str:
    """The size of the files, if there are any."""
    names: Sequence[str] = next(iter(opened.splits.values())).names
    paths = [path for name in names if (path := opened.file(name))]
    side = typical_side(len(paths), lambda n: side_of_file(paths[n])) if paths else 0
    return f", typically {side} pixels on the shorter side" if side else ""


def _entry(name: str, text: str) -> str:
    width = max(60, min(100, shutil.get_terminal_size().columns)) - HEADING - 4
    return "\n".join(
        f"  {'' if place else name:<{HEADING}}{line}"
        for place, line in enumerate(_paragraphs(text, width))
    )


def _paragraphs(text: str, width: int) -> list[str]:
    # Line by line: BibTeX keeps its form.
    lines = text.strip().splitlines()
    return [part for line in lines for part in _wrapped(line, width)]


def _wrapped(line: str, width: int) -> list[str]:
    return textwrap.wrap(line, width, break_long_words=False) or [""]
