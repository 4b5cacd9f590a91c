"""Labels that contradict what the data set says of itself."""

from collections.abc import Iterator, Mapping

import numpy as np

from stargan_tf.data.info import ONE_HOT
from stargan_tf.data.labelled_images import LabelledImages
from stargan_tf.doctor.finding import ERROR, OK, WARNING, Finding, plural


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
