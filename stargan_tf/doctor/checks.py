"""The checks: files, labels and splits, then what was seen of the images.

Each gives its findings in the order in which the report lists them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from stargan_tf.data.files import EMPTY, HIDDEN, RUBBISH, FileAudit, counted
from stargan_tf.data.info import ONE_HOT, sides
from stargan_tf.data.options import HELD_OUT
from stargan_tf.data.source import LabeledImages
from stargan_tf.doctor.opened import Opened
from stargan_tf.doctor.pictures import CMYK, GRAY, Picture
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
# Training passes over an unreadable image; above this share something went wrong
# with the copy or the download, and what is left may not be the data set.
BEARABLE = 0.01
# Bits of 64 in which the difference hashes of an image and its copy may differ.
# Two hashes that differ in 3 bits agree in at least one of four 16-bit parts.
NEAR = 3

# Share of the model's range below which images look black to it.
LITTLE = 0.05
_BARS = " ▁▂▃▄▅▆▇█"

Splits = Mapping[str, LabeledImages]


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


def check_range(opened: Opened, pictures: Sequence[Picture]) -> list[Finding]:
    """How much of the model's range the values fill, and which images are constant."""
    seen = [picture for picture in pictures if picture.problem is None]
    if not seen or not opened.splits:
        return []
    low, high = min(p.ends[0] for p in seen), max(p.ends[1] for p in seen)
    shares = np.mean([p.levels for p in seen], axis=0)
    heights = np.ceil(shares / shares.max() * (len(_BARS) - 1)).astype(int)
    info = next(iter(opened.splits.values())).info
    intensity, ends = "--intensity percentile:0.5,99.5", [f"{low:.2f}", f"{high:.2f}"]
    if info.intensity:
        scaled = np.array([[2 * low - 1], [2 * high - 1]]) * np.ones(info.num_channels)
        values = info.intensity.restore(scaled, np.float64)
        ends = [f"{values[0].min():g}", f"{values[1].max():g}"]
        intensity = f"--intensity window:{','.join(ends)}"
    used = finding(
        "range",
        level=WARNING if high - low < LITTLE else OK,
        share=f"{100 * (high - low):.3g}",
        low=ends[0],
        high=ends[1],
        histogram="".join(_BARS[height] for height in heights),
        intensity=intensity,
    )
    return [used, finding("constant", [p.name for p in seen if p.ends[0] == p.ends[1]])]


def check_colors(pictures: Sequence[Picture]) -> list[Finding]:
    """Which have no color, and which a printer's colors."""
    return [
        finding(check, [p.name for p in pictures if not p.problem and p.color == color])
        for check, color in (("grey", GRAY), ("cmyk", CMYK))
    ]


def check_sizes(opened: Opened, pictures: Sequence[Picture]) -> list[Finding]:
    """Which would be enlarged; nothing for images without files."""
    wanted, crop = min(sides(opened.image_size)), opened.options.crop_size
    shorter = [(min(*p.size, crop or max(p.size)), p.name) for p in pictures if p.size]
    if not shorter:
        return []
    names = [name for side, name in shorter if side < wanted]
    return [finding("tiny", names, wanted=wanted, smallest=min(shorter)[0])]


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
