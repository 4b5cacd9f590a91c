"""A data set at a glance: a row of pictures for each label."""

import numpy as np
from PIL import Image
from tqdm import tqdm

from stargan_tf.data.labelled_images import LabelledImages, UnreadableImage
from stargan_tf.translation.grid import PAPER, draw_grid

COLUMNS = {"train": 6, "held_out": 3}
TITLES = {"train": "train", "held_out": "held out"}


def contact_sheet(splits: dict[str, LabelledImages]) -> Image.Image:
    """Draws a grid, a row for each domain or attribute, training pictures first.

    Args:
        splits: split → its images; one of `"train"` and `"held_out"` may be missing.

    Returns:
        An RGB picture, the same one at each call.
    """
    domains = next(iter(splits.values())).info.domains
    cells = [(d, split) for d in range(len(domains)) for split in COLUMNS]
    shown = {
        (domain, split): _some(splits.get(split), domain, COLUMNS[split])
        for domain, split in tqdm(cells, "Opening", delay=1.0, disable=None)
    }
    widths = {
        split: max(len(shown[domain, split]) for domain in range(len(domains)))
        for split in COLUMNS
    }
    rows = [
        [
            picture
            for split, width in widths.items()
            for picture in _filled(shown[domain, split], width, splits)
        ]
        for domain in range(len(domains))
    ]
    titles = [
        TITLES[split] if column == 0 else ""
        for split, width in widths.items()
        for column in range(width)
    ]
    return draw_grid(rows, titles, domains, column_breaks=(widths["train"],))


def _some(source: LabelledImages | None, domain: int, count: int) -> list[np.ndarray]:
    """Readable pictures of a domain, spread evenly over the split."""
    if source is None:
        return []
    members = np.flatnonzero(source.labels[:, domain])
    count = min(count, len(members))
    # Middles of equal parts: ends of the split would stand in every binary label's row.
    middles = (np.arange(count) + 0.5) * len(members) / max(count, 1)
    found = []
    for row in members[middles.astype(int)].tolist():
        try:
            found.append(source.load(row))
        except UnreadableImage:
            continue
    return found


def _filled(
    found: list[np.ndarray], width: int, splits: dict[str, LabelledImages]
) -> list[np.ndarray]:
    """The pictures, and blank ones up to the width of the column."""
    side = next(iter(splits.values())).info.image_size
    blank = np.full((side, side, 3), PAPER, np.uint8)
    return found + [blank] * (width - len(found))
