"""Checks that need no pixels: whether splits open, files, counts, labels, held-out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from stargan_tf.data.files import EMPTY, HIDDEN, RUBBISH, FileAudit, counted
from stargan_tf.data.info import BINARY, ONE_HOT
from stargan_tf.data.options import HELD_OUT, TRAIN
from stargan_tf.data.source import LabelledImages
from stargan_tf.doctor.opened import Opened
from stargan_tf.doctor.report import (
    ERROR,
    OK,
    WARNING,
    Finding,
    LabelCount,
    finding,
    plural,
)

# Training images of a label below which the papers' results are far off.
FEW = 1000
# The official evaluation of models that take references reads them in batches of 32
# and drops what is left; with fewer it stops.
REFERENCES = 32
# FID fits a covariance of 2,048 features: with fewer images it is not of full rank
# and FID comes out too high (Bińkowski et al. 2018 for the bias).
FEATURES = 2048

Splits = Mapping[str, LabelledImages]


def check_opening(opened: Opened) -> list[Finding]:
    """Reports what kept a split from opening, and what was logged meanwhile."""
    found = [finding("opens", level=ERROR, problem=p) for p in opened.problems]
    if opened.splits:  # The other checks can run.
        found = [replace(fault, fix="") for fault in found]
    found += [finding("note", level=WARNING, note=note) for note in opened.notes]
    if opened.left_out:
        pictures = plural(opened.left_out, "picture")
        found.append(finding("left_out", level=WARNING, pictures=pictures))
    pictures = plural(sum(map(len, opened.splits.values())), "picture")
    return found or [finding("opens", pictures=pictures, splits=len(opened.splits))]


def check_files(audit: FileAudit) -> list[Finding]:
    """Reports files that are not read, and labels and files that do not match."""
    found = [_ignored_files(audit)]
    for check in ("files_without_row", "double_rows", "rows_without_file"):
        found += _faults(check, getattr(audit, check))
    return found


def _faults(check: str, names: Sequence[str], **values: str) -> list[Finding]:
    return [finding(check, names, **values)] if names else []


def _ignored_files(audit: FileAudit) -> Finding:
    names = [f"{file.name} ({file.reason})" for file in audit.ignored]
    reasons = {file.reason for file in audit.ignored}
    if reasons <= {HIDDEN, RUBBISH}:
        what = "hidden file" if reasons == {HIDDEN} else "file of the system"
        what = f"Only {plural(len(names), what)}" if names else "No file is"
        return finding("ignored_files", level=OK, what=what)
    entries = sum(file.reason != EMPTY for file in audit.ignored)
    what = f"{plural(entries, 'file')} passed over" if entries else "Empty folders"
    return finding("ignored_files", names, what=what, reasons=counted(audit.ignored))


def count_labels(splits: Splits) -> list[LabelCount]:
    """Counts the images of every domain, and of both values of binary labels.

    Args:
        splits: split → its images; one that is missing counts as empty.

    Returns:
        In the order of the labels; for binary labels first with, then without.
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


def check_counts(counts: list[LabelCount]) -> list[Finding]:
    """Judges whether each label has enough images to be learned."""
    few = [c for c in counts if c.train + c.held_out > 1 and c.train < FEW]
    faults = {
        "no_pictures": [c for c in counts if c.train + c.held_out == 0],
        "single_picture": [c for c in counts if c.train + c.held_out == 1],
        "few_pictures": few,
    }
    found = []
    for check, at_fault in faults.items():
        listed = [f"{c.name} ({c.train:,})" if c.train else c.name for c in at_fault]
        names = [count.name for count in at_fault]
        found += _faults(check, names, listed=", ".join(listed), few=FEW)
    least = min(counts, key=lambda count: count.train)
    return found or [finding("few_pictures", least=least.train, name=least.name)]


def check_evaluation(splits: Splits, counts: list[LabelCount]) -> list[Finding]:
    """Judges whether the held-out split is large enough to measure a model with."""
    small = [c for c in counts if c.value and c.held_out < REFERENCES]
    listed = ", ".join(f"{c.name} ({c.held_out:,})" for c in small)
    names = [count.name for count in small]
    total = len(splits[HELD_OUT]) if HELD_OUT in splits else 0
    level = OK if total >= FEATURES else WARNING
    return [
        finding("held_out_per_label", names, listed=listed, least=REFERENCES),
        finding("held_out_for_fid", level=level, count=total, least=FEATURES),
    ]


def check_labels(splits: Splits) -> list[Finding]:
    """Looks for labels that contradict what the data set says of itself."""

    def rows(wrong: Callable[[np.ndarray], np.ndarray]) -> list[str]:
        return [
            source.names[row]
            for source in splits.values()
            for row in np.flatnonzero(wrong(source.labels))
        ]

    info = next(iter(splits.values())).info
    first, *others = (set(source.names) for source in splits.values())
    names = sorted(first.intersection(*others)) if others else []
    strange = rows(lambda labels: ~np.isin(labels, (0.0, 1.0)).all(axis=1))
    found = _faults("label_values", strange) + _faults("names_in_both_splits", names)
    if info.label_type == ONE_HOT:
        found += _faults("one_hot", rows(lambda labels: labels.sum(axis=1) != 1))
    for group in info.exclusive_groups:
        columns = [info.index(name) for name in group]
        several = rows(lambda labels, of=columns: labels[:, of].sum(axis=1) > 1)
        found += _faults("exclusive_groups", several, group=", ".join(group))
    return found or [finding("labels")]
