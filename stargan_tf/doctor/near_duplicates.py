"""Pictures that look alike: resized, re-encoded or slightly edited copies."""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from stargan_tf.doctor.finding import OK, WARNING, Finding, plural
from stargan_tf.doctor.picture import Picture

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
            _finding("near_duplicates_across_splits", across, "in both splits"),
            _finding("near_duplicates", within, "in one split"),
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


def _finding(check: str, pairs: list[str], where: str) -> Finding:
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
