"""A questionnaire for human raters: which model translates best?

`write_questionnaire` writes a static web page that shows images with translations by
several models, and a key that assigns the translations to the models. Raters return
their votes as CSV files, which `votes.py` counts.

Reference: StarGAN (Choi et al. 2018), section 5, and StarGAN v2 (Choi et al. 2020),
    section 3: user studies on Amazon Mechanical Turk.
"""

import hashlib
import io
import json
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
from PIL import Image

from stargan_tf.files import new_folder, write_bytes, write_json, write_text

KEY, PAGE, IMAGES = "questionnaire.json", "index.html", "pictures"
FORMAT = 1  # version of the key
COLUMNS = ["rater", "question", "choice", "seconds"]
# Name → question, and what to look for; the criteria are those of the papers.
QUESTIONS = {
    "best": (
        "Which translation is the best?",
        "Look for an image that is realistic, shows the requested change, and keeps "
        "everything else, especially the person's identity.",
    ),
    "quality": (
        "Which image has the best quality?",
        "Look for an image that is realistic, sharp, and free of artifacts.",
    ),
    "style": (
        "Which image reflects the style of the reference best?",
        "Look for an image that keeps the pose of the input and has the style of the "
        "reference.",
    ),
}
TILES = 8  # tiles of a distorted image, along each side
NOISE = 0.65  # fraction of noise in a distorted image


@dataclass(frozen=True)
class Row:
    """An image and its translation by each model.

    Args:
        image: name of the image.
        target: the target, as on the command line.
        wanted: the target in words.
        source: the image, uint8 (height, width, 3).
        translations: name of the model → translation, uint8 (height, width, 3).
        reference: the reference for the style, uint8 (height, width, 3), if any.
        reference_name: name of the reference.
    """

    image: str
    target: str
    wanted: str
    source: np.ndarray
    translations: Mapping[str, np.ndarray]
    reference: np.ndarray | None = None
    reference_name: str | None = None


def write_questionnaire(
    rows: Sequence[Row],
    models: Mapping[str, Any],
    folder: Path,
    asked: str,
    checks: int | None = None,
    seed: int = 0,
    overwrite: bool = False,
) -> int:
    """Writes the page, its images, and the key, atomically.

    Args:
        rows: one row per question.
        models: name → JSON-serializable description of the model, for the key.
        folder: path of the folder.
        asked: a key of `QUESTIONS`.
        checks: number of attention checks, which have an obvious answer. Defaults to
            one per ten questions, and at least two.
        seed: seed of the order of questions and options, the file names, and the
            checks.
        overwrite: whether to replace an existing folder.

    Returns:
        The number of questions, including checks.
    """
    rng = random.Random(seed)
    if checks is None:
        checks = max(2, math.ceil(len(rows) / 10))
    checked = [rng.choice(rows) for _ in range(checks)]
    pairs = []
    with new_folder(folder, "questionnaire", overwrite) as new:
        (new / IMAGES).mkdir()
        for number, row in enumerate((*rows, *checked)):
            is_check = number >= len(rows)
            options = _check(row, rng) if is_check else list(row.translations.items())
            rng.shuffle(options)
            salt = f"{seed} {number}"
            names = {}
            for place, (option, image) in enumerate(options):
                names[_save(image, new / IMAGES, f"{salt} {place}")] = option
            # The id of a question is the file name of its input.
            identity = _save(row.source, new / IMAGES, salt)
            question = {"id": identity, "wanted": row.wanted, "options": list(names)}
            entry = {"id": identity, "image": row.image, "target": row.target}
            if row.reference is not None:
                place = f"{salt} reference"
                question["reference"] = _save(row.reference, new / IMAGES, place)
                entry["reference"] = row.reference_name
            if is_check:
                entry["right"] = next(name for name, option in names.items() if option)
                names = dict.fromkeys(names)
            pairs.append((question, entry | {"options": names}))
        rng.shuffle(pairs)
        page = _page(asked, [question for question, _ in pairs])
        key = {
            "format": FORMAT,
            "question": asked,
            "seed": seed,
            "models": models,
            "questions": [entry for _, entry in pairs],
        }
        write_text(new / PAGE, page, "page")
        write_json(new / KEY, key, "key")
    return len(pairs)


def _check(row: Row, rng: random.Random) -> list[tuple[str, np.ndarray]]:
    """Returns options of which the first, the photo itself, is obviously correct."""
    photo = row.source if row.reference is None else row.reference
    wrong = [("", _distorted(photo, rng)) for _ in row.translations]
    return [("right", photo), *wrong[1:]]


def _distorted(image: np.ndarray, rng: random.Random) -> np.ndarray:
    """Shuffles the tiles of an image and adds strong noise."""
    height, width = (side // TILES for side in image.shape[:2])
    tiles = [
        image[y * height : (y + 1) * height, x * width : (x + 1) * width]
        for y in range(TILES)
        for x in range(TILES)
    ]
    rng.shuffle(tiles)
    lines = [np.hstack(tiles[n : n + TILES]) for n in range(0, len(tiles), TILES)]
    shuffled = np.vstack(lines)
    noise = np.random.default_rng(rng.getrandbits(32))
    mixed = (1 - NOISE) * shuffled + NOISE * noise.integers(256, size=shuffled.shape)
    return np.rint(mixed).astype(np.uint8)


def _save(image: np.ndarray, folder: Path, salt: str) -> str:
    """Writes an image under a name that does not reveal its model.

    The name also depends on the pixels, so votes cannot be counted with the key of
    another questionnaire.
    """
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "PNG")
    content = stream.getvalue()
    name = hashlib.sha256(salt.encode() + content).hexdigest()[:16]
    write_bytes(folder / f"{name}.png", content, "image", durable=False)
    return name


def _page(asked: str, questions: Sequence[Mapping[str, Any]]) -> str:
    title, hint = QUESTIONS[asked]
    # The name under which the browser stores votes of an unfinished page.
    name = hashlib.sha256(json.dumps(questions).encode()).hexdigest()[:16]
    content = {"name": name, "columns": COLUMNS, "questions": questions}
    template = files("stargan_tf.evaluation").joinpath("questionnaire.html")
    return Template(template.read_text("utf-8")).substitute(
        title=title,
        hint=hint,
        count=len(questions),
        folder=IMAGES,
        # Names cannot end the script element.
        content=json.dumps(content).replace("<", "\\u003c"),
    )
