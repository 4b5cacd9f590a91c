"""A data set at a glance: a row of pictures for each label."""

import numpy as np
from PIL import Image
from tqdm import tqdm

from stargan_tf.data.source import LabelledImages, UnreadableImage
from stargan_tf.translation.grid import PAPER, draw_grid, with_caption

COLUMNS = {"train": 6, "held_out": 3}
ROWS = 40  # at most: all of CelebA's, but not of thousands of people
TITLES = {"train": "train", "held_out": "held out"}


def contact_sheet(splits: dict[str, LabelledImages]) -> Image.Image:
    """Draws a grid, a row for each domain or attribute, training pictures first.

    Of more than `ROWS` it takes some, evenly spread, and says so.

    Args:
        splits: split → its images; one of `"train"` and `"held_out"` may be missing.

    Returns:
        An RGB picture, the same one at each call.
    """
    domains = next(iter(splits.values())).info.domains
    places = np.linspace(0, len(domains) - 1, min(ROWS, len(domains)))
    rows_of = np.unique(places.round().astype(int)).tolist()
    cells = [(d, split) for d in rows_of for split in COLUMNS]
    shown = {
        (domain, split): _some(splits.get(split), domain, COLUMNS[split])
        for domain, split in tqdm(cells, "Opening", delay=1.0, disable=None)
    }
    widths = {
        split: max(len(shown[domain, split]) for domain in rows_of) for split in COLUMNS
    }
    rows = [
        [
            picture
            for split, width in widths.items()
            for picture in _filled(shown[domain, split], width, splits)
        ]
        for domain in rows_of
    ]
    titles = [
        TITLES[split] if column == 0 else ""
        for split, width in widths.items()
        for column in range(width)
    ]
    names = [domains[domain] for domain in rows_of]
    sheet = draw_grid(rows, titles, names, column_breaks=(widths["train"],))
    some = len(rows_of) < len(domains)
    return with_caption(sheet, f"{ROWS} of {len(domains)} labels" if some else "")


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
