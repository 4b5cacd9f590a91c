"""The doctor's report, and its form as JSON."""

import json
import os
import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from stargan_tf.doctor.opened import (
    ERROR,
    LEVELS,
    OK,
    WARNING,
    Finding,
    Opened,
    plural,
)
from stargan_tf.doctor.split_checks import LabelCount
from stargan_tf.files import write_text
from stargan_tf.version import __version__

# Pictures of each label in both splits, as a table.

INDENT = "  "


def counts_table(counts: Sequence[LabelCount]) -> str:
    """The table; binary labels have a column for pictures without the label.

    Args:
        counts: as `count_labels` gives them.
    """
    with_label = [count for count in counts if count.value]
    without = [count for count in counts if not count.value]
    if not without:
        rows = [("", "train", "held out")]
        rows += [(c.label, f"{c.train:,}", f"{c.held_out:,}") for c in with_label]
    else:
        rows = [("", "train: with", "without", "held out: with", "without")]
        rows += [
            (on.label, *(f"{n:,}" for n in _four(on, off)))
            for on, off in zip(with_label, without, strict=True)
        ]
    return "\n".join(_aligned(rows))


def _four(on: LabelCount, off: LabelCount) -> tuple[int, int, int, int]:
    return on.train, off.train, on.held_out, off.held_out


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    first, *others = (max(map(len, column)) for column in zip(*rows, strict=True))
    return [
        f"{INDENT}{name:<{first}}"
        + "".join(
            f"   {value:>{width}}" for value, width in zip(values, others, strict=True)
        )
        for name, *values in rows
    ]


@dataclass(frozen=True)
class Report:
    """Everything the doctor found.

    Args:
        opened: the data set.
        counts: pictures of each label value; empty if no split could be opened.
        findings: in the order of the checks.
    """

    opened: Opened
    counts: Sequence[LabelCount]
    findings: Sequence[Finding]

    @property
    def levels(self) -> Counter:
        """Level → number of findings."""
        return Counter(finding.level for finding in self.findings)

    @property
    def has_errors(self) -> bool:
        """Whether training should wait."""
        return bool(self.levels[ERROR])

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready dictionary."""
        opened = self.opened
        return {
            "dataset": opened.name,
            "stargan_tf": __version__,
            "image_size": opened.image_size,
            "options": asdict(opened.options),
            "info": opened.info and opened.info.to_dict(),
            "pictures": {split: len(s) for split, s in opened.splits.items()},
            "levels": {level: self.levels[level] for level in LEVELS},
            "counts": [count.to_dict() for count in self.counts],
            "findings": [finding.to_dict() for finding in self.findings],
        }


def write_report(report: Report, path: str | os.PathLike) -> None:
    """Writes the JSON file, in full or not at all.

    Args:
        report: what to write.
        path: where to; missing folders are made.

    Raises:
        InputError: if it cannot be written.
    """
    text = json.dumps(report.to_dict(), indent=2, ensure_ascii=False)
    write_text(Path(path), text + "\n", "report")


# The report as a person reads it in a terminal.

COLOURS = {OK: "32", WARNING: "33", ERROR: "31"}
NAMED = 3  # names that a finding shows
INDENT_TEXT = " " * 11
ARROW = "→ "


def report_text(report: Report) -> str:
    """The whole report.

    Args:
        report: what was found.

    Returns:
        Lines as wide as the terminal, from 60 to 100 characters.
    """
    blocks = [_heading(report)]
    if report.counts:
        blocks.append(counts_table(report.counts))
    blocks.append("\n".join(_lines(finding) for finding in report.findings))
    blocks.append(_verdict(report))
    return "\n\n".join(blocks)


def _heading(report: Report) -> str:
    opened, info = report.opened, report.opened.info
    place = f" in {opened.options.data_dir}" if opened.options.data_dir else ""
    if info is None:
        return f"{opened.name}{place}: could not be opened"
    kind = info.label_type.replace("_", "-")
    pictures = plural(sum(map(len, opened.splits.values())), "picture")
    side = f"{opened.image_size} x {opened.image_size}"
    domains = plural(len(info.domains), "label")
    return f"{opened.name}{place}: {pictures}, {domains} ({kind}), used at {side}"


def _lines(finding: Finding) -> str:
    lines = [*_wrapped(finding.summary), *_named(finding)]
    if finding.fix:
        lines += _wrapped(f"{ARROW}{finding.fix}", " " * len(ARROW))
    head = _coloured(f"  {finding.level:<9}", finding.level)
    return head + f"\n{INDENT_TEXT}".join(map(_printable, lines))


def _named(finding: Finding) -> list[str]:
    """The first names, where the summary has not listed them already."""
    names = finding.names
    if all(name in finding.summary for name in names):
        return []
    more = [f"  and {len(names) - NAMED:,} more"] if len(names) > NAMED else []
    return [*(f"  {name}" for name in names[:NAMED]), *more]


def _wrapped(text: str, indent: str = "") -> list[str]:
    width = max(60, min(100, shutil.get_terminal_size().columns)) - len(INDENT_TEXT)
    return textwrap.wrap(
        *(text, width),
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _verdict(report: Report) -> str:
    errors, warnings = report.levels[ERROR], report.levels[WARNING]
    if errors:
        text = f"{plural(errors, 'error')} to mend before training"
        return f"{text}, {plural(warnings, 'warning')}."
    if warnings:
        return f"No errors, {plural(warnings, 'warning')}. You can train on this data."
    return "All is well. You can train on this data."


def _coloured(text: str, level: str) -> str:
    if not sys.stdout.isatty() or "NO_COLOR" in os.environ:
        return text
    return f"\033[{COLOURS[level]}m{text}\033[0m"


def _printable(text: str) -> str:
    """File names may hold bytes that no terminal shows."""
    return text.encode("utf-8", "replace").decode("utf-8")
