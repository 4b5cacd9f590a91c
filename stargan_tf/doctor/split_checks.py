"""Files that are passed over, and labels and files that do not match."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from stargan_tf.data.files import EMPTY, HIDDEN, RUBBISH, FileAudit, counted
from stargan_tf.data.info import BINARY, ONE_HOT
from stargan_tf.data.options import HELD_OUT, TRAIN
from stargan_tf.data.source import LabelledImages
from stargan_tf.doctor.opened import ERROR, OK, WARNING, Finding, plural

# Labels that contradict what the data set says of itself.


def check_labels(splits: Mapping[str, LabelledImages]) -> list[Finding]:
    """Checks values, one-hot labels, exclusive groups and names.

    Args:
        splits: split → its images.
    """
    info = next(iter(splits.values())).info
    found = [_values(splits), _names_in_both(splits)]
    if info.label_type == ONE_HOT:
        found.append(_one_hot(splits))
    found += [_group(splits, group) for group in info.exclusive_groups]
    faults = [finding for finding in found if finding is not None]
    return faults or [Finding("labels", OK, "Every label is as the data set says.")]


def _values(splits: Mapping[str, LabelledImages]) -> Finding | None:
    names = [
        source.names[row]
        for source in splits.values()
        for row in np.flatnonzero(~np.isin(source.labels, (0.0, 1.0)).all(axis=1))
    ]
    return _fault(
        *("label_values", ERROR, names, "labels other than 0 and 1"),
        "Correct the label file, or the data set's code.",
    )


def _one_hot(splits: Mapping[str, LabelledImages]) -> Finding | None:
    names = list(_chosen(splits, lambda labels: labels.sum(axis=1) != 1))
    return _fault(
        *("one_hot", ERROR, names, "no domain, or more than one"),
        "Correct the label file, or the data set's code: one-hot means exactly one.",
    )


def _group(
    splits: Mapping[str, LabelledImages], group: tuple[str, ...]
) -> Finding | None:
    info = next(iter(splits.values())).info
    columns = [info.index(name) for name in group]
    names = list(_chosen(splits, lambda labels: labels[:, columns].sum(axis=1) > 1))
    what = f"more than one of {', '.join(group)}, which exclude each other"
    return _fault(
        *("exclusive_groups", WARNING, names, what),
        "Correct their labels, or keep them: training takes them as they are, which "
        "blurs what the labels mean.",
    )


def _chosen(splits: Mapping[str, LabelledImages], wrong) -> Iterator[str]:
    for source in splits.values():
        yield from (source.names[row] for row in np.flatnonzero(wrong(source.labels)))


def _names_in_both(splits: Mapping[str, LabelledImages]) -> Finding | None:
    first, *others = (set(source.names) for source in splits.values())
    names = sorted(first.intersection(*others)) if others else []
    if not names:
        return None
    return Finding(
        "names_in_both_splits",
        ERROR,
        f"{plural(len(names), 'picture')} of the same name in both splits.",
        "Give each picture to one split, in the data set's code.",
        names,
    )


def _fault(
    check: str, level: str, names: list[str], what: str, fix: str
) -> Finding | None:
    if not names:
        return None
    verb = "has" if len(names) == 1 else "have"
    summary = f"{plural(len(names), 'picture')} {verb} {what}."
    return Finding(check, level, summary, fix, names)


# How many pictures each label has.

FEW = 1000  # training pictures of a label below which the papers' results are far off
WITHOUT = "without "


@dataclass(frozen=True)
class LabelCount:
    """The pictures of one value of a label.

    Args:
        label: the domain, or for binary labels the attribute.
        value: 1 for pictures with it, 0 for those without (binary labels only).
        train: pictures in the training split.
        held_out: pictures in the held-out split.
    """

    label: str
    value: int
    train: int
    held_out: int

    @property
    def name(self) -> str:
        """`Male`, or `without Male`."""
        return self.label if self.value else f"{WITHOUT}{self.label}"

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready dictionary."""
        return asdict(self)


def count_labels(splits: Mapping[str, LabelledImages]) -> list[LabelCount]:
    """Counts every domain, and every value of binary labels.

    Args:
        splits: split → its images; one that is missing counts as empty.

    Returns:
        In the order of the labels; for binary labels first with, then without.
    """
    info = next(iter(splits.values())).info
    values = (1, 0) if info.label_type == BINARY else (1,)

    def count(split: str, column: int, value: int) -> int:
        source = splits.get(split)
        return 0 if source is None else int((source.labels[:, column] == value).sum())

    return [
        LabelCount(
            domain, value, count(TRAIN, column, value), count(HELD_OUT, column, value)
        )
        for column, domain in enumerate(info.domains)
        for value in values
    ]


def check_counts(counts: list[LabelCount]) -> list[Finding]:
    """Judges whether each label can be learned.

    Args:
        counts: of every label value.

    Returns:
        One finding for all, or one for each kind of fault.
    """
    none = [c for c in counts if c.train + c.held_out == 0]
    one = [c for c in counts if c.train + c.held_out == 1]
    few = [c for c in counts if c.train + c.held_out > 1 and c.train < FEW]
    found = [
        _finding(
            *("no_pictures", ERROR, none, "No picture is of"),
            "Leave the attribute out with --attributes, or add such pictures.",
        ),
        _finding(
            *("single_picture", ERROR, one, "A single picture is of"),
            "Add pictures: one cannot be both learned from and held out.",
        ),
        _finding(
            *("few_pictures", WARNING, few, f"Fewer than {FEW:,} training pictures of"),
            "Add pictures; with a few hundred, expect that results are rough and that "
            "the discriminator learns them by heart.",
        ),
    ]
    faults = [finding for finding in found if finding is not None]
    least = min(counts, key=lambda count: count.train)
    summary = (
        f"At least {least.train:,} training pictures of each label ({least.name})."
    )
    return faults or [Finding("few_pictures", OK, summary)]


def _finding(
    check: str, level: str, counts: list[LabelCount], start: str, fix: str
) -> Finding | None:
    if not counts:
        return None
    names = [count.name for count in counts]
    listed = ", ".join(f"{c.name} ({c.train:,})" if c.train else c.name for c in counts)
    return Finding(check, level, f"{start}: {listed}.", fix, names)


# Whether the held-out split is large enough to measure a model with.

# The official evaluation of StarGAN v2 reads references in batches of 32 and drops what
# is left; with fewer it stops.
OFFICIAL_BATCH = 32
# FID fits a covariance of 2,048 features: with fewer pictures it is not of full rank
# and FID comes out too high (Bińkowski et al. 2018 for the bias).
FEATURES = 2048


def check_evaluation(
    splits: Mapping[str, LabelledImages], counts: list[LabelCount]
) -> list[Finding]:
    """Judges the held-out split.

    Args:
        splits: split → its images.
        counts: of every label value.

    Returns:
        A finding for the pictures of each label, and one for FID.
    """
    small = [c for c in counts if c.value and c.held_out < OFFICIAL_BATCH]
    total = len(splits[HELD_OUT]) if HELD_OUT in splits else 0
    return [_per_label(small), _for_fid(total)]


def _per_label(small: list[LabelCount]) -> Finding:
    check = "held_out_per_label"
    if not small:
        return Finding(
            check, OK, f"At least {OFFICIAL_BATCH} held-out pictures of each label."
        )
    listed = ", ".join(f"{c.name} ({c.held_out:,})" for c in small)
    return Finding(
        check,
        WARNING,
        f"Fewer than {OFFICIAL_BATCH} held-out pictures of: {listed}.",
        "Raise --held_out or add pictures: StarGAN v2's official evaluation needs "
        f"{OFFICIAL_BATCH} in each domain.",
        [c.name for c in small],
    )


def _for_fid(total: int) -> Finding:
    if total >= FEATURES:
        return Finding("held_out_for_fid", OK, f"{total:,} held-out pictures for FID.")
    return Finding(
        "held_out_for_fid",
        WARNING,
        f"{total:,} held-out pictures; FID is biased with fewer than {FEATURES:,}.",
        "Compare FIDs only at this number of pictures, not with published ones; or "
        "hold out more.",
    )


def check_files(audit: FileAudit) -> list[Finding]:
    """Judges what the definition's file audit lists.

    Args:
        audit: the files.
    """
    return [_ignored(audit), *_mismatches(audit)]


def _ignored(audit: FileAudit) -> Finding:
    if not audit.ignored:
        return Finding("ignored_files", OK, "No file is passed over.")
    reasons = {file.reason for file in audit.ignored}
    if reasons <= {HIDDEN, RUBBISH}:
        what = "hidden file" if reasons == {HIDDEN} else "file of the system"
        what = plural(len(audit.ignored), what)
        return Finding("ignored_files", OK, f"Only {what} passed over.")
    names = [f"{file.name} ({file.reason})" for file in audit.ignored]
    entries = sum(file.reason != EMPTY for file in audit.ignored)
    start = f"{plural(entries, 'file')} passed over" if entries else "Empty folders"
    return Finding(
        "ignored_files",
        WARNING,
        f"{start}: {counted(audit.ignored)}.",
        "Convert pictures of other formats to JPEG or PNG and move them into a "
        "domain's folder; delete the rest, or leave it there.",
        names,
    )


def _mismatches(audit: FileAudit) -> list[Finding]:
    found = [
        _finding_file_listing(
            *("files_without_row", ERROR, audit.files_without_row),
            "without a row in the label file",
            "Add their rows, or remove the pictures.",
        ),
        _finding_file_listing(
            *("double_rows", ERROR, audit.double_rows),
            "with more than one row in the label file",
            "Remove all rows but one.",
        ),
        _finding_file_listing(
            *("rows_without_file", WARNING, audit.rows_without_file),
            "named in the label file and not there",
            "Nothing, if this is meant to be a part of the data; else copy the files.",
        ),
    ]
    return [finding for finding in found if finding is not None]


def _finding_file_listing(
    check: str, level: str, names: tuple[str, ...], what: str, fix: str
) -> Finding | None:
    if not names:
        return None
    return Finding(check, level, f"{plural(len(names), 'picture')} {what}.", fix, names)
