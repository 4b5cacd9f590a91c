"""How many pictures each label has."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from stargan_tf.data.dataset_options import HELD_OUT, TRAIN
from stargan_tf.data.info import BINARY
from stargan_tf.data.labelled_images import LabelledImages
from stargan_tf.doctor.finding import ERROR, OK, WARNING, Finding

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
