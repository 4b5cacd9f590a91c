"""Drawn faces beside the page, so that there is something to translate at once."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from stargan_tf.data.labelled_images import LabelledImages
from stargan_tf.data.registry import load_dataset
from stargan_tf.translation.picture_file import write_picture

COUNT = 8
SIZE = 256
DRAWN = ("toon_attributes", "toon_expressions", "toon_people")
DEFAULT = "toon_people"
LISTING = "faces.json"


def write_sample_faces(folder: Path, datasets: list[str]) -> None:
    """Draws held-out faces, and lists them with their domains in `faces.json`.

    Args:
        folder: where to; it is made.
        datasets: names of the model's data sets. Its own drawn set comes first, so that
            the page knows what the faces show.
    """
    folder.mkdir()
    name = next((name for name in datasets if name in DRAWN), DEFAULT)
    faces = load_dataset(name, split="held_out", image_size=SIZE)
    listing = []
    for number, index in enumerate(_varied(faces)):
        file = f"face_{number}.png"
        write_picture(Image.fromarray(faces.load(index)), folder / file)
        on = np.flatnonzero(faces.labels[index])
        entry = {"file": file, "title": f"Drawn face {number + 1}"}
        listing.append(entry | {"domains": [faces.info.domains[i] for i in on]})
    (folder / LISTING).write_text(json.dumps(listing, indent=1) + "\n")


def _varied(faces: LabelledImages) -> list[int]:
    """The first rows, but no label again while there are others.

    A face that shows many domains comes first: on it a change is seen best.
    """
    shown = np.asarray(faces.labels).sum(axis=1)
    return sorted(_by_novelty(faces)[:COUNT], key=lambda index: -shown[index])


def _by_novelty(faces: LabelledImages) -> list[int]:
    seen: dict[bytes, int] = {}

    def turns() -> Iterator[tuple[int, int]]:
        for index, label in enumerate(faces.labels):
            key = np.asarray(label).tobytes()
            seen[key] = seen.get(key, 0) + 1
            yield seen[key], index

    return [index for _, index in sorted(turns())]
