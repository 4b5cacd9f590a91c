"""The doctor's report as text and JSON, and the description of a data set."""

import configparser
import json
import os
import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from stargan_tf.data.info import BINARY, DatasetInfo, sides
from stargan_tf.data.options import HELD_OUT, TRAIN
from stargan_tf.data.pictures import side_of_file, typical_side
from stargan_tf.data.source import LabeledImages
from stargan_tf.discovery import DATASETS
from stargan_tf.doctor.opened import Opened
from stargan_tf.errors import InputError
from stargan_tf.files import write_text
from stargan_tf.version import __version__

OK, WARNING, ERROR = "OK", "warning", "error"
_COLORS = {OK: "32", WARNING: "33", ERROR: "31"}
_IN_JSON, _IN_TEXT = 1000, 3  # Maximum names per finding in JSON and in text.
_INDENT = " " * 11
_HEADING = 15  # Width of the headings in a description.
_TEXTS = configparser.ConfigParser(interpolation=None)
_TEXTS.read_string((files(__package__) / "findings.ini").read_text("utf-8"))


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Args:
        check: the check's name, such as `"unreadable"`.
        level: `"OK"`, `"warning"`, or `"error"`.
        summary: the result, as a sentence.
        fix: how to fix it; empty for OK.
        names: the images, files, or labels concerned.
    """

    check: str
    level: str
    summary: str
    fix: str = ""
    names: Sequence[str] = ()


def finding(
    check: str, names: Sequence[str] = (), level: str | None = None, **values: Any
) -> Finding:
    """Creates a finding with the texts of `findings.ini`."""
    texts, single = _TEXTS[check], len(names) == 1
    level = level or (texts["level"] if names else OK)
    words = {"is": "is" if single else "are", "has": "has" if single else "have"}
    words |= {"pictures": plural(len(names), "image"), **values}
    if level == OK:
        return Finding(check, OK, texts["fine"].format(**words))
    fault, fix = (" ".join(texts[key].split()) for key in ("fault", "fix"))
    return Finding(check, level, fault.format(**words), fix.format(**words), names)


@dataclass(frozen=True)
class LabelCount:
    """The images of one value of a label.

    Args:
        label: the domain, or for binary labels the attribute.
        value: 1 for images with it, 0 for those without (binary labels only).
        train: images in the training split.
        held_out: images in the held-out split.
    """

    label: str
    value: int
    train: int
    held_out: int

    @property
    def name(self) -> str:
        """`Male`, or `without Male`."""
        return self.label if self.value else f"without {self.label}"


@dataclass(frozen=True)
class Report:
    """All findings of the doctor.

    Args:
        opened: the data set.
        counts: images of each label value; empty if no split could be opened.
        findings: in the order of the checks.
    """

    opened: Opened
    counts: Sequence[LabelCount]
    findings: Sequence[Finding]

    def count(self, level: str) -> int:
        """The number of findings of a level."""
        return sum(finding.level == level for finding in self.findings)

    @property
    def has_errors(self) -> bool:
        """Whether there are errors to fix before training."""
        return self.count(ERROR) > 0

    def to_dict(self) -> dict[str, Any]:
        """A dictionary for JSON, with at most 1,000 names per finding."""
        opened = self.opened
        findings = [
            vars(finding)
            | {"count": len(finding.names), "names": list(finding.names[:_IN_JSON])}
            for finding in self.findings
        ]
        return {
            "dataset": opened.name,
            "stargan_tf": __version__,
            "image_size": opened.image_size,
            "options": asdict(opened.options),
            "info": opened.info and opened.info.to_dict(),
            "pictures": {split: len(s) for split, s in opened.splits.items()},
            "levels": {level: self.count(level) for level in _COLORS},
            "counts": [asdict(count) for count in self.counts],
            "findings": findings,
        }


def count_labels(splits: Mapping[str, LabeledImages]) -> list[LabelCount]:
    """Counts the images of every domain, and of both values of binary labels.

    Args:
        splits: split → its images; a missing split counts as empty.
    """
    info = next(iter(splits.values())).info
    no_labels = np.zeros((0, len(info.domains)))
    train, held_out = (
        splits[split].labels if split in splits else no_labels
        for split in (TRAIN, HELD_OUT)
    )
    return [
        LabelCount(
            label=domain,
            value=value,
            train=int((train[:, column] == value).sum()),
            held_out=int((held_out[:, column] == value).sum()),
        )
        for column, domain in enumerate(info.domains)
        for value in ((1, 0) if info.label_type == BINARY else (1,))
    ]


def write_report(report: Report, path: str | os.PathLike) -> None:
    """Writes the JSON file atomically."""
    text = json.dumps(report.to_dict(), indent=2, ensure_ascii=False)
    write_text(Path(path), text + "\n", "report")


def report_text(report: Report) -> str:
    """The report as text."""
    blocks = [_heading(report.opened)]
    if report.counts:
        blocks.append(counts_table(report.counts))
    blocks.append("\n".join(map(_finding_text, report.findings)))
    blocks.append(_verdict(report.count(ERROR), report.count(WARNING)))
    return "\n\n".join(blocks)


def plural(count: int, word: str) -> str:
    """`1 picture`, `1,200 pictures`."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def terminal_width() -> int:
    """Width of lines of text: that of the terminal, from 60 to 100 characters."""
    return max(60, min(100, shutil.get_terminal_size().columns))


def counts_table(counts: Sequence[LabelCount]) -> str:
    """Images of each label in both splits, as a table."""
    rows: dict[str, list[str]] = {}
    binary = not all(count.value for count in counts)
    rows[""] = ["train", "held out"]
    if binary:
        rows[""] = ["train: with", "without", "held out: with", "without"]
    for label in dict.fromkeys(count.label for count in counts):
        of_label = [count for count in counts if count.label == label]
        numbers = [count.train for count in of_label]
        numbers += [count.held_out for count in of_label]
        rows[label] = [f"{number:,}" for number in numbers]
    widths = [max(map(len, column)) for column in zip(*rows.values(), strict=True)]
    first = max(map(len, rows))
    return "\n".join(
        f"  {label:<{first}}"
        + "".join(f"   {v:>{width}}" for v, width in zip(row, widths, strict=True))
        for label, row in rows.items()
    )


def _heading(opened: Opened) -> str:
    info = opened.info
    place = f" in {opened.options.data_dir}" if opened.options.data_dir else ""
    if info is None:
        return f"{opened.name}{place}: could not be opened"
    label_type = info.label_type.replace("_", "-")
    pictures = plural(sum(map(len, opened.splits.values())), "image")
    side = " x ".join(map(str, sides(opened.image_size)))
    domains = plural(len(info.domains), "label")
    size = f"used at {side}"
    return f"{opened.name}{place}: {pictures}, {domains} ({label_type}), {size}"


def _finding_text(finding: Finding) -> str:
    lines, names = _wrapped(finding.summary), finding.names
    # The summary may have listed them already.
    if not all(name in finding.summary for name in names):
        lines += [f"  {name}" for name in names[:_IN_TEXT]]
        if len(names) > _IN_TEXT:
            lines.append(f"  and {len(names) - _IN_TEXT:,} more")
    if finding.fix:
        lines += _wrapped(f"→ {finding.fix}", indent="  ")
    head = f"  {finding.level:<9}"
    if sys.stdout.isatty() and "NO_COLOR" not in os.environ:
        head = f"\033[{_COLORS[finding.level]}m{head}\033[0m"
    text = f"\n{_INDENT}".join(lines)
    # File names may contain bytes that a terminal cannot show.
    return head + text.encode("utf-8", "replace").decode("utf-8")


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        width=terminal_width() - len(_INDENT),
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _verdict(errors: int, warnings: int) -> str:
    if errors:
        text = f"{plural(errors, 'error')} to fix before training"
        return f"{text}, {plural(warnings, 'warning')}."
    if warnings:
        return f"No errors, {plural(warnings, 'warning')}. You can train on this data."
    return "No problems found. You can train on this data."


def description(opened: Opened) -> str:
    """The text of `stargan-tf datasets describe`.

    Args:
        opened: the data set; without splits, only its definition is described.

    Returns:
        Lines as wide as the terminal, from 60 to 100 characters.
    """
    known = DATASETS.load(opened.name)
    info = opened.info or _stated_info(opened)
    groups = info.exclusive_groups if info else ()
    entries = {
        "Labels": "determined by the files",
        "Exclusive": "; ".join(f"at most one of {', '.join(g)}" for g in groups),
        "Images": _images(opened),
        "Package": ", ".join(DATASETS.installed()[opened.name].packages),
        "License": getattr(known, "license", "") or "not stated",
        "Citation": getattr(known, "citation", "") or "not stated",
        "Homepage": getattr(known, "homepage", ""),
        "How to obtain": getattr(known, "obtain", "") or "not stated",
    }
    if info:
        label_type = info.label_type.replace("_", "-")
        domains = ", ".join(info.domains)
        entries["Labels"] = f"{len(info.domains)}, {label_type}: {domains}"
    lines = [_entry(name, text) for name, text in entries.items() if text]
    blocks = [f"{opened.name}: {known.description}", "\n".join(lines)]
    if opened.splits:
        blocks.append(counts_table(count_labels(opened.splits)))
    return "\n\n".join(blocks)


def _stated_info(opened: Opened) -> DatasetInfo | None:
    """The labels in the definition, if they do not depend on files."""
    try:
        return DATASETS.load(opened.name).info(opened.image_size, opened.options)
    except InputError:
        return None


def _images(opened: Opened) -> str:
    if opened.problems:
        return f"cannot be opened: {' '.join(opened.problems)}"
    count = sum(map(len, opened.splits.values()))
    names = next(iter(opened.splits.values())).names
    paths = [path for name in names if (path := opened.file(name))]
    side = typical_side(len(paths), lambda n: side_of_file(paths[n])) if paths else 0
    original = f", typically {side} pixels on the shorter side" if side else ""
    used = " x ".join(map(str, sides(opened.image_size)))
    return f"{count:,}{original}, used at {used}"


def _entry(name: str, text: str) -> str:
    width = terminal_width() - _HEADING - 4
    lines: list[str] = []
    # Line by line, so that BibTeX keeps its layout.
    for line in text.strip().splitlines():
        lines += textwrap.wrap(line, width, break_long_words=False) or [""]
    first, *others = lines
    indent = " " * (_HEADING + 2)
    return "\n".join(
        [f"  {name:<{_HEADING}}{first}", *(indent + line for line in others)]
    )
