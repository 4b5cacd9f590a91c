"""Equal pictures: in both splits, in one, or with different labels."""

from dataclasses import dataclass, field

import numpy as np

from stargan_tf.doctor.finding import ERROR, OK, WARNING, Finding, plural
from stargan_tf.doctor.opened import Opened
from stargan_tf.doctor.picture import Picture

ACROSS = (
    "Delete one of each pair: held-out results flatter the model. (Which picture is "
    "held out follows from its name; renaming may not help.)"
)


@dataclass
class _Pairs:
    """Names of equal pictures, and how many pairs have files, equal ones or not."""

    names: list[str] = field(default_factory=list)
    same_file: int = 0
    other_file: int = 0

    def add(self, first: Picture, second: Picture) -> None:
        self.names.append(f"{second.name} = {first.name}")
        if first.content and second.content:
            same = first.content == second.content
            self.same_file += same
            self.other_file += not same

    def kinds(self) -> str:
        """How they are equal: as files, or only once decoded."""
        kinds = {"the same file": self.same_file}
        kinds["the same pixels in another file"] = self.other_file
        found = [f"{count:,} {kind}" for kind, count in kinds.items() if count]
        return f" ({', '.join(found)})" if found else ""


class Duplicates:
    """Finds pictures with the same pixels, however their files are encoded.

    Pictures with a file are compared in their own size, others as they are loaded.
    It keeps about 300 bytes for each picture.

    Args:
        opened: the data set.
    """

    def __init__(self, opened: Opened):
        self._opened = opened
        self._first: dict[bytes, Picture] = {}
        self._across, self._within, self._against = _Pairs(), _Pairs(), _Pairs()

    def see(self, picture: Picture) -> None:
        """Takes note of one picture.

        Args:
            picture: readable or not.
        """
        if picture.problem is not None:
            return
        first = self._first.setdefault(picture.pixels, picture)
        if first is picture:
            return
        opened = first.split and picture.split  # else split and labels are not known
        across = opened and first.split != picture.split
        (self._across if across else self._within).add(first, picture)
        if opened and (self._label(first) != self._label(picture)).any():
            self._against.add(first, picture)

    def findings(self) -> list[Finding]:
        """Across splits, within one, and with labels that disagree."""
        return [
            _finding(
                *("duplicates_across_splits", ERROR, self._across, "in both splits"),
                ACROSS,
            ),
            _finding(
                *("duplicates", WARNING, self._within, "twice in one split"),
                "Delete one of each pair, unless it shall count double in training.",
            ),
            _finding(
                *("contradicting_labels", ERROR, self._against),
                "there twice with different labels",
                "Look at them and delete the wrong one, or correct its label.",
            ),
        ]

    def _label(self, picture: Picture) -> np.ndarray:
        return self._opened.splits[picture.split].labels[picture.row]


def _finding(check: str, level: str, pairs: _Pairs, where: str, fix: str) -> Finding:
    if not pairs.names:
        return Finding(check, OK, f"No picture is {where}.")
    verb = "is" if len(pairs.names) == 1 else "are"
    summary = f"{plural(len(pairs.names), 'picture')} {verb} {where}{pairs.kinds()}."
    return Finding(check, level, summary, fix, pairs.names)
