"""The checks of the doctor: files, labels and splits, and images.

Each returns its findings in the order of the report.
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

# Training images per label below which results are far from those of the papers.
FEW = 1000
# The official evaluation with references reads batches of 32, drops the remainder, and
# fails with fewer.
REFERENCES = 32
# FID estimates a covariance of 2,048 features: with fewer images, it is rank-deficient,
# and FID is biased upward (Bińkowski et al. 2018).
FEATURES = 2048
# Training skips unreadable images; a larger fraction suggests an incomplete copy or
# download.
TOLERATED = 0.01
# Bits of 64 in which the difference hashes of an image and its copy may differ. Hashes
# that differ in 3 bits agree in at least one of four 16-bit words.
NEAR = 3

# Fraction of the model's range below which images have too little contrast.
LITTLE = 0.05
_BARS = " ▁▂▃▄▅▆▇█"

Splits = Mapping[str, LabeledImages]


def check_opening(opened: Opened) -> list[Finding]:
    """Reports why a split could not be opened, and what was logged."""
    found = [finding("opens", level=ERROR, problem=p) for p in opened.problems]
    if opened.splits:  # The other checks can run.
        found = [replace(fault, fix="") for fault in found]
    found += [finding("note", level=WARNING, note=note) for note in opened.notes]
    if opened.left_out:
        pictures = plural(opened.left_out, "image")
        found.append(finding("left_out", level=WARNING, pictures=pictures))
    pictures = plural(sum(map(len, opened.splits.values())), "image")
    return found or [finding("opens", pictures=pictures, splits=len(opened.splits))]


def check_files(audit: FileAudit) -> list[Finding]:
    """Reports files that are not read, and mismatches of labels and files."""
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
        what = "hidden file" if reasons == {HIDDEN} else "system file"
        what = f"Only {plural(len(names), what)}" if names else "No file is"
        return finding("ignored_files", level=OK, what=what)
    entries = sum(file.reason != EMPTY for file in audit.ignored)
    what = f"{plural(entries, 'file')} skipped" if entries else "Empty folders"
    return finding("ignored_files", names, what=what, reasons=counted(audit.ignored))


def check_counts(counts: list[LabelCount]) -> list[Finding]:
    """Checks whether each label has enough training images."""
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
    """Checks whether the held-out split is large enough for an evaluation."""
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
    """Looks for labels that contradict the data set's description."""

    def rows(wrong: Callable[[np.ndarray], np.ndarray]) -> list[str]:
        return [
            source.names[row]
            for source in splits.values()
            for row in np.flatnonzero(wrong(source.labels))
        ]

    info = next(iter(splits.values())).info
    first, *others = (set(source.names) for source in splits.values())
    names = sorted(first.intersection(*others)) if others else []
    invalid = rows(lambda labels: ~np.isin(labels, (0.0, 1.0)).all(axis=1))
    found = _faults("label_values", invalid) + _faults("names_in_both_splits", names)
    if info.label_type == ONE_HOT:
        found += _faults("one_hot", rows(lambda labels: labels.sum(axis=1) != 1))
    for group in info.exclusive_groups:
        columns = [info.index(name) for name in group]
        several = rows(lambda labels, of=columns: labels[:, of].sum(axis=1) > 1)
        found += _faults("exclusive_groups", several, group=", ".join(group))
    return found or [finding("labels")]


def check_readable(opened: Opened, pictures: Sequence[Picture]) -> list[Finding]:
    """Counts unreadable images, and labels without readable ones."""
    broken = [picture for picture in pictures if picture.problem is not None]
    if not pictures:
        return []
    if not broken:
        return [finding("unreadable", pictures=plural(len(pictures), "image"))]
    names = [picture.name for picture in broken]
    few = len(broken) <= TOLERATED * len(pictures)
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
    """Checks how much of the range the values use, and for constant images."""
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
    """Looks for images without color, and for images in CMYK."""
    return [
        finding(check, [p.name for p in pictures if not p.problem and p.color == color])
        for check, color in (("grey", GRAY), ("cmyk", CMYK))
    ]


def check_sizes(opened: Opened, pictures: Sequence[Picture]) -> list[Finding]:
    """Looks for images that would be enlarged; skips images without files."""
    wanted, crop = min(sides(opened.image_size)), opened.options.crop_size
    shorter = [(min(*p.size, crop or max(p.size)), p.name) for p in pictures if p.size]
    if not shorter:
        return []
    names = [name for side, name in shorter if side < wanted]
    return [finding("tiny", names, wanted=wanted, smallest=min(shorter)[0])]


def check_duplicates(opened: Opened, pictures: Sequence[Picture]) -> list[Finding]:
    """Looks for equal images in both splits, in one, or with different labels.

    Images in files are compared at their original size, others as loaded.
    """
    first: dict[bytes, Picture] = {}
    across, within, against = [], [], []
    for picture in pictures:
        if picture.problem is not None:
            continue
        other = first.setdefault(picture.pixels, picture)
        if other is picture:
            continue
        # For splits that could not be opened, labels are unknown.
        known = other.split and picture.split
        pairs = across if known and other.split != picture.split else within
        pairs.append((other, picture))
        if known:
            a, b = (opened.splits[p.split].labels[p.row] for p in (other, picture))
            if (a != b).any():
                against.append((other, picture))
    return [
        _of_pairs("duplicates_across_splits", across),
        _of_pairs("duplicates", within),
        _of_pairs("contradicting_labels", against),
    ]


def _of_pairs(check: str, pairs: list[tuple[Picture, Picture]]) -> Finding:
    files = [(a.content, b.content) for a, b in pairs if a.content and b.content]
    same = sum(a == b for a, b in files)
    counts = [plural(same, "equal file")] if same else []
    if len(files) > same:
        others = plural(len(files) - same, "different file")
        counts.append(f"{others} with equal pixels")
    names = [f"{second.name} = {first.name}" for first, second in pairs]
    return finding(check, names, counts=f" ({', '.join(counts)})" if counts else "")


def check_near_duplicates(pictures: Sequence[Picture]) -> list[Finding]:
    """Looks for nearly equal images: resized, recompressed, or edited copies."""
    distinct: dict[bytes, Picture] = {}
    for picture in pictures:
        if picture.problem is None:
            distinct.setdefault(picture.pixels, picture)
    seen = list(distinct.values())
    across, within = [], []
    for a, b in near_pairs([picture.outline for picture in seen]):
        first, second = seen[a], seen[b]
        known = first.split and second.split
        pairs = across if known and first.split != second.split else within
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
        Positions (a, b) with a < b, ascending, each pair once. Equal hashes are
        represented by the first one, so that a thousand blank images are not half a
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
        for index, member in enumerate(members[:-1]):
            others = members[index + 1 :]
            near = others[_differing_bits(hashes[others] ^ hashes[member]) <= NEAR]
            both = ((int(first[member]), int(first[other])) for other in near)
            pairs.update((min(pair), max(pair)) for pair in both)
    return sorted(pairs)


def _candidates(hashes: np.ndarray) -> Iterator[np.ndarray]:
    """Groups of positions, ascending, whose hashes agree in one 16-bit word."""
    for words in hashes.view(np.uint16).reshape(-1, 4).T:
        groups: dict[int, list[int]] = defaultdict(list)
        for position, value in enumerate(words.tolist()):
            groups[value].append(position)
        yield from (np.array(g) for g in groups.values() if len(g) > 1)


def _differing_bits(values: np.ndarray) -> np.ndarray:
    return np.unpackbits(values.view(np.uint8).reshape(-1, 8), axis=1).sum(axis=1)
