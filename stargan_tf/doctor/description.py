"""What a data set is, whose it is and how to get it, as text."""

import textwrap

from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.pictures import side_of_file, typical_side
from stargan_tf.data.registry import available, definition
from stargan_tf.doctor.checks import count_labels
from stargan_tf.doctor.opened import Opened
from stargan_tf.doctor.report import counts_table, terminal_width
from stargan_tf.errors import InputError

_NOT_STATED = "not stated"
_HEADING = 15


def description(opened: Opened) -> str:
    """The text of `stargan-tf datasets describe`.

    Args:
        opened: the data set; with no splits, only what its definition says.

    Returns:
        Lines as wide as the terminal, from 60 to 100 characters.
    """
    known = definition(opened.name)
    info = opened.info or _stated_info(opened)
    groups = info.exclusive_groups if info else ()
    entries = {
        "Labels": "they follow from the files",
        "Exclusive": "; ".join(f"at most one of {', '.join(g)}" for g in groups),
        "Pictures": _pictures(opened),
        "Package": ", ".join(available()[opened.name].packages),
        "License": getattr(known, "license", "") or _NOT_STATED,
        "Citation": getattr(known, "citation", "") or _NOT_STATED,
        "Homepage": getattr(known, "homepage", ""),
        "How to obtain": getattr(known, "obtain", "") or _NOT_STATED,
    }
    if info:
        kind = info.label_type.replace("_", "-")
        domains = ", ".join(info.domains)
        entries["Labels"] = f"{len(info.domains)}, {kind}: {domains}"
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


def _pictures(opened: Opened) -> str:
    if opened.problems:
        return f"cannot be opened: {' '.join(opened.problems)}"
    count = sum(map(len, opened.splits.values()))
    names = next(iter(opened.splits.values())).names
    paths = [path for name in names if (path := opened.file(name))]
    side = typical_side(len(paths), lambda n: side_of_file(paths[n])) if paths else 0
    original = f", typically {side} pixels on the shorter side" if side else ""
    return f"{count:,}{original}, used at {opened.image_size} x {opened.image_size}"


def _entry(name: str, text: str) -> str:
    width = terminal_width() - _HEADING - 4
    lines: list[str] = []
    # Line by line: BibTeX keeps its form.
    for line in text.strip().splitlines():
        lines += textwrap.wrap(line, width, break_long_words=False) or [""]
    first, *others = lines
    indent = " " * (_HEADING + 2)
    return "\n".join(
        [f"  {name:<{_HEADING}}{first}", *(indent + line for line in others)]
    )
