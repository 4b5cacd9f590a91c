"""Pictures that look alike: resized, re-encoded or slightly edited copies."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from stargan_tf.doctor.opened import ERROR, OK, WARNING, Finding, Opened, plural
from stargan_tf.doctor.pictures import CMYK, GREY, Picture

# The interface of checks that see every picture once.


class PictureCheck(Protocol):
    """A check that keeps counts and the names at fault, not pictures."""

    def see(self, picture: Picture) -> None:
        """Takes note of one picture.

        Args:
            picture: readable or not.
        """
        ...

    def findings(self) -> list[Finding]:
        """The result, once all pictures were seen."""
        ...


# Grey and CMYK pictures.


class Colours:
    """Collects pictures without colour, and those with a printer's colours."""

    def __init__(self):
        self._names: dict[str, list[str]] = {GREY: [], CMYK: []}

    def see(self, picture: Picture) -> None:
        """Takes note of one picture.

        Args:
            picture: readable or not.
        """
        if picture.problem is None and picture.colour in self._names:
            self._names[picture.colour].append(picture.name)

    def findings(self) -> list[Finding]:
        """One finding for each kind."""
        grey, cmyk = self._names[GREY], self._names[CMYK]
        return [
            _finding(
                *("grey", grey, "without colour"),
                "Remove them if the others have colour: a model that sees both kinds "
                "of pictures in one domain draws both.",
            ),
            _finding(
                *("cmyk", cmyk, "in CMYK"),
                "Convert them to sRGB with an image editor: they are read without "
                "their colour profile and look duller or shriller than they are.",
            ),
        ]


def _finding(check: str, names: list[str], what: str, fix: str) -> Finding:
    if not names:
        return Finding(check, OK, f"No picture is {what}.")
    verb = "is" if len(names) == 1 else "are"
    return Finding(
        check, WARNING, f"{plural(len(names), 'picture')} {verb} {what}.", fix, names
    )


# Pictures with fewer pixels than the model takes.


class Sizes:
    """Collects pictures whose shorter side is below `image_size`.

    Args:
        opened: the data set; a `crop_size` limits what is used of each picture.
    """

    def __init__(self, opened: Opened):
        self._wanted = opened.image_size
        self._crop = opened.options.crop_size
        self._names: list[str] = []
        self._smallest: int | None = None

    def see(self, picture: Picture) -> None:
        """Takes note of one picture.

        Args:
            picture: readable or not; without a file its size is not known.
        """
        if picture.size is None:
            return
        side = min(*picture.size, self._crop or max(picture.size))
        self._smallest = min(side, self._smallest or side)
        if side < self._wanted:
            self._names.append(picture.name)

    def findings(self) -> list[Finding]:
        """How many would be enlarged; nothing for pictures without files."""
        if self._smallest is None:
            return []
        if not self._names:
            summary = (
                f"Every picture has at least {self._wanted} pixels a side; the "
                f"smallest has {self._smallest}."
            )
            return [Finding("tiny", OK, summary)]
        summary = (
            f"{plural(len(self._names), 'picture')} would be enlarged to "
            f"{self._wanted} x {self._wanted}; the smallest gives {self._smallest} "
            "pixels a side."
        )
        fix = (
            "Remove them, or train at a smaller --image_size (or take a larger "
            "--crop_size): the model learns the blur of enlarged pictures."
        )
        return [Finding("tiny", WARNING, summary, fix, self._names)]


# Pictures that cannot be decoded.

# Training passes over an unreadable picture; above this share something went wrong
# with the copy or the download, and what is left may not be the data set.
BEARABLE = 0.01


class Readable:
    """Counts unreadable pictures, and the readable ones of each label.

    Args:
        opened: the data set.
    """

    def __init__(self, opened: Opened):
        self._opened = opened
        self._names: list[str] = []
        self._first_problem = ""
        self._seen = 0
        self._readable: Counter = Counter()

    def see(self, picture: Picture) -> None:
        """Takes note of one picture.

        Args:
            picture: readable or not.
        """
        self._seen += 1
        if picture.problem is not None:
            self._names.append(picture.name)
            self._first_problem = self._first_problem or picture.problem
        elif picture.split:
            labels = self._opened.splits[picture.split].labels[picture.row]
            self._readable.update(
                (picture.split, int(on)) for on in labels.nonzero()[0]
            )

    def findings(self) -> list[Finding]:
        """How many are unreadable, and whether that leaves a label without any."""
        if not self._seen:
            return []
        if not self._names:
            summary = f"All {plural(self._seen, 'picture')} can be read."
            return [Finding("unreadable", OK, summary)]
        few = len(self._names) <= BEARABLE * self._seen
        summary = (
            f"{plural(len(self._names), 'picture')} of {self._seen:,} cannot be read. "
            f"{self._first_problem}"
        )
        fix = (
            "Copy or download them again, or delete them; training would put other "
            "pictures in their place."
        )
        level = WARNING if few else ERROR
        return [Finding("unreadable", level, summary, fix, self._names), *self._bare()]

    def _bare(self) -> list[Finding]:
        bare = [
            f"{domain} ({split})"
            for split, source in self._opened.splits.items()
            for column, domain in enumerate(source.info.domains)
            if source.labels[:, column].any() and not self._readable[split, column]
        ]
        summary = f"No picture can be read of: {', '.join(bare)}."
        fix = (
            "Replace these files: without them the label cannot be learned or measured."
        )
        return [Finding("nothing_readable", ERROR, summary, fix, bare)] if bare else []


# Equal pictures: in both splits, in one, or with different labels.

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
            _finding_duplicates(
                *("duplicates_across_splits", ERROR, self._across, "in both splits"),
                ACROSS,
            ),
            _finding_duplicates(
                *("duplicates", WARNING, self._within, "twice in one split"),
                "Delete one of each pair, unless it shall count double in training.",
            ),
            _finding_duplicates(
                *("contradicting_labels", ERROR, self._against),
                "there twice with different labels",
                "Look at them and delete the wrong one, or correct its label.",
            ),
        ]

    def _label(self, picture: Picture) -> np.ndarray:
        return self._opened.splits[picture.split].labels[picture.row]


def _finding_duplicates(
    check: str, level: str, pairs: _Pairs, where: str, fix: str
) -> Finding:
    if not pairs.names:
        return Finding(check, OK, f"No picture is {where}.")
    verb = "is" if len(pairs.names) == 1 else "are"
    summary = f"{plural(len(pairs.names), 'picture')} {verb} {where}{pairs.kinds()}."
    return Finding(check, level, summary, fix, pairs.names)


# Bits of 64 in which the difference hashes of a picture and its copy may differ.
# Two hashes that differ in 3 bits agree in at least one of four 16-bit parts.
NEAR = 3
PARTS = 4


class NearDuplicates:
    """Compares difference hashes; equal pictures are left to `Duplicates`."""

    def __init__(self):
        self._pixels: set[bytes] = set()
        self._outlines: list[int] = []
        self._places: list[tuple[str, str]] = []

    def see(self, picture: Picture) -> None:
        """Takes note of one picture.

        Args:
            picture: readable or not.
        """
        if picture.problem is None and picture.pixels not in self._pixels:
            self._pixels.add(picture.pixels)
            self._outlines.append(picture.outline)
            self._places.append((picture.split, picture.name))

    def findings(self) -> list[Finding]:
        """Pairs in both splits, and pairs in one."""
        across, within = [], []
        for one, other in near_pairs(self._outlines):
            (split, name), (other_split, other_name) = (
                self._places[one],
                self._places[other],
            )
            pairs = within if split == other_split else across
            pairs.append(f"{other_name} ~ {name}")
        return [
            _finding_near_duplicates(
                "near_duplicates_across_splits", across, "in both splits"
            ),
            _finding_near_duplicates("near_duplicates", within, "in one split"),
        ]


def near_pairs(outlines: list[int]) -> list[tuple[int, int]]:
    """Pairs of hashes that differ in at most three bits.

    Args:
        outlines: numbers in [0, 2**64).

    Returns:
        Positions (a, b) with a < b, ascending, each pair once. Of several equal hashes
        the first one stands for all, so that a thousand blank pictures are not half a
        million pairs.
    """
    hashes, first, group = np.unique(
        np.array(outlines, np.uint64), return_index=True, return_inverse=True
    )
    pairs = {
        (int(first[number]), position)
        for position, number in enumerate(group.ravel().tolist())
        if first[number] != position
    }
    for members in _candidates(hashes):
        for place, one in enumerate(members[:-1]):
            others = members[place + 1 :]
            near = others[_differing_bits(hashes[others] ^ hashes[one]) <= NEAR]
            both = ((int(first[one]), int(first[other])) for other in near)
            pairs.update((min(pair), max(pair)) for pair in both)
    return sorted(pairs)


def _candidates(hashes: np.ndarray) -> Iterator[np.ndarray]:
    """Groups of positions, ascending, whose hashes agree in one part."""
    for part in hashes.view(np.uint16).reshape(-1, PARTS).T:
        groups: dict[int, list[int]] = defaultdict(list)
        for position, value in enumerate(part.tolist()):
            groups[value].append(position)
        yield from (np.array(g) for g in groups.values() if len(g) > 1)


def _differing_bits(values: np.ndarray) -> np.ndarray:
    return np.unpackbits(values.view(np.uint8).reshape(-1, 8), axis=1).sum(axis=1)


def _finding_near_duplicates(check: str, pairs: list[str], where: str) -> Finding:
    if not pairs:
        return Finding(check, OK, f"No two pictures {where} look alike.")
    return Finding(
        check,
        WARNING,
        f"{plural(len(pairs), 'pair')} of pictures {where} look alike (their outlines "
        f"differ in at most {NEAR} of 64 bits).",
        "Look at them; delete one of each pair that shows the same picture.",
        pairs,
    )
