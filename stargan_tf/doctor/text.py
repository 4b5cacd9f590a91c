"""The report as a person reads it in a terminal."""

import os
import shutil
import sys
import textwrap

from stargan_tf.doctor.counts_table import counts_table
from stargan_tf.doctor.finding import ERROR, OK, WARNING, Finding, plural
from stargan_tf.doctor.report import Report

COLOURS = {OK: "32", WARNING: "33", ERROR: "31"}
NAMED = 3  # names that a finding shows
INDENT = " " * 11
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
    return head + f"\n{INDENT}".join(map(_printable, lines))


def _named(finding: Finding) -> list[str]:
    """The first names, where the summary has not listed them already."""
    names = finding.names
    if all(name in finding.summary for name in names):
        return []
    more = [f"  and {len(names) - NAMED:,} more"] if len(names) > NAMED else []
    return [*(f"  {name}" for name in names[:NAMED]), *more]


def _wrapped(text: str, indent: str = "") -> list[str]:
    width = max(60, min(100, shutil.get_terminal_size().columns)) - len(INDENT)
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
