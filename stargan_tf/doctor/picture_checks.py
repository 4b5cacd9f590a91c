"""Checks of what was seen of the images: readable, color, size, copies."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from stargan_tf.doctor.opened import Opened
from stargan_tf.doctor.pictures import CMYK, GRAY, Picture
from stargan_tf.doctor.report import ERROR, WARNING, Finding, finding, plural

# Training passes over an unreadable image; above this share something went wrong
# with the copy or the download, and what is left may not be the data set.
BEARABLE = 0.01
# Bits of 64 in which the difference hashes of an image and its copy may differ.
# Two hashes that differ in 3 bits agree in at least one of four 16-bit parts.
NEAR = 3


def check_readable(opened: Opened, pictures: Sequence[Picture]) -> list[Finding]:
    """How many are unreadable, and whether that leaves a label without any."""
    broken = [picture for picture in pictures if picture.problem is not None]
    if not pictures:
        return []
    if not broken:
        return [finding("unreadable", pictures=plural(len(pictures), "picture"))]
    names = [picture.name for picture in broken]
    few = len(broken) <= BEARABLE * len(pictures)
    found = [
        finding(
            "unreadable",
            names,
            level=WARNING if few else ERROR,
            count=len(pictures),
            problem=broken[0].problem,
        )
    ]
    rows = defaultdict(list)
    for picture in pictures:
        if picture.problem is None:
            rows[picture.split].append(picture.row)
    bare = [
        f"{domain} ({split})"
        for split, source in opened.splits.items()
        for column, domain in enumerate(source.info.domains)
        if source.labels[:, column].any()
        and not source.labels[rows[split], column].any()
    ]
    if bare:
        found.append(finding("nothing_readable", bare, listed=", ".join(bare)))
    return found


def check_colors(pictures: Sequence[Picture]) -> list[Finding]:
    """Which have no color, and which a printer's colors."""
    return [
        finding(check, [p.name for p in pictures if not p.problem and p.color == color])
        for check, color in (("grey", GRAY), ("cmyk", CMYK))
    ]


def check_sizes(opened: Opened, pictures: Sequence[Picture]) -> list[Finding]:
    """Which would be enlarged; nothing for images without files."""
    wanted, crop = opened.image_size, opened.options.crop_size
    sides = [(min(*p.size, crop or max(p.size)), p.name) for p in pictures if p.size]
    if not sides:
        return []
    names = [name for side, name in sides if side < wanted]
    return [finding("tiny", names, wanted=wanted, smallest=min(sides)[0])]


def check_duplicates(opened: Opened, pictures: Sequence[Picture]) -> list[Finding]:
    """Which have the same pixels: in both splits, in one, or with different labels.

    Images with a file are compared in their own size, others as they are loaded.
    """
    first: dict[bytes, Picture] = {}
    across, within, against = [], [], []
    for picture in pictures:
        if picture.problem is not None:
            continue
        other = first.setdefault(picture.pixels, picture)
        if other is picture:
            continue
        # Of splits that did not open neither split nor labels are known.
        known = other.split and picture.split
        pairs = across if known and other.split != picture.split else within
        pairs.append((other, picture))
        if known:
            one, two = (opened.splits[p.split].labels[p.row] for p in (other, picture))
            if (one != two).any():
                against.append((other, picture))
    return [
        _of_pairs("duplicates_across_splits", across),
        _of_pairs("duplicates", within),
        _of_pairs("contradicting_labels", against),
    ]


def _of_pairs(check: str, pairs: list[tuple[Picture, Picture]]) -> Finding:
    files = [(a.content, b.content) for a, b in pairs if a.content and b.content]
    same = sum(one == other for one, other in files)
    kinds = [f"{same:,} the same file"] if same else []
    if len(files) > same:
        kinds.append(f"{len(files) - same:,} the same pixels in another file")
    names = [f"{second.name} = {first.name}" for first, second in pairs]
    return finding(check, names, kinds=f" ({', '.join(kinds)})" if kinds else "")


def check_near_duplicates(pictures: Sequence[Picture]) -> list[Finding]:
    """Which look alike: resized, encoded again or edited; equal ones are left out."""
    distinct: dict[bytes, Picture] = {}
    for picture in pictures:
        if picture.problem is None:
            distinct.setdefault(picture.pixels, picture)
    seen = list(distinct.values())
    across, within = [], []
    for one, other in near_pairs([picture.outline for picture in seen]):
        first, second = seen[one], seen[other]
        pairs = within if first.split == second.split else across
        pairs.append(f"{second.name} ~ {first.name}")
    return [
        finding(check, names, pairs=plural(len(names), "pair"), bits=NEAR)
        for check, names in (
            ("near_duplicates_across_splits", across),
            ("near_duplicates", within),
        )
    ]


def near_pairs(outlines: list[int]) -> list[tuple[int, int]]:
    """Pairs of hashes that differ in at most three bits.

    Args:
        outlines: numbers in [0, 2**64).

    Returns:
        Positions (a, b) with a < b, ascending, each pair once. Of several equal hashes
        the first one stands for all, so that a thousand blank images are not half a
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
    """Groups of positions, ascending, whose hashes agree in one 16-bit part."""
    for part in hashes.view(np.uint16).reshape(-1, 4).T:
        groups: dict[int, list[int]] = defaultdict(list)
        for position, value in enumerate(part.tolist()):
            groups[value].append(position)
        yield from (np.array(g) for g in groups.values() if len(g) > 1)


def _differing_bits(values: np.ndarray) -> np.ndarray:
    return np.unpackbits(values.view(np.uint8).reshape(-1, 8), axis=1).sum(axis=1)
