"""Pictures of each label in both splits, as a table."""

from collections.abc import Sequence

from stargan_tf.doctor.counts import LabelCount

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
