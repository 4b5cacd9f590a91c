"""A questionnaire for people: which model translates best?

`write_questionnaire` makes a static page that shows images with their translations by
several models, and the key, which alone says whose they are. Raters send the page's
votes back as CSV files, which `votes.py` counts.

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

KEY, PAGE, PICTURES = "questionnaire.json", "index.html", "pictures"
FORMAT = 1  # of the key
COLUMNS = ["rater", "question", "choice", "seconds"]
# Name → the question, and what to look for: the criteria are the papers'.
QUESTIONS = {
    "best": (
        "Which translation is the best?",
        "Look for an image that is realistic, shows what was asked for, and keeps "
        "everything else, especially the person's identity.",
    ),
    "quality": (
        "Which image has the best quality?",
        "Look for an image that is realistic, sharp, and free of artifacts.",
    ),
    "style": (
        "Which image reflects the style of the reference best?",
        "Look for an image that keeps the pose of the input and has the look of the "
        "reference.",
    ),
}
TILES = 8  # of a disturbed image, along each side
NOISE = 0.65  # its share of noise


@dataclass(frozen=True)
class Row:
    """An image and what each model made of it.

    Args:
        image: its name.
        target: what was asked for, as on the command line.
        wanted: the same in words.
        source: uint8 (height, width, 3), the image.
        translations: model → uint8 (height, width, 3).
        reference: uint8 (height, width, 3), whose style was asked for, if any.
        reference_name: its name.
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
    """Writes the page, its images, and the key, in full or not at all.

    Args:
        rows: a question each.
        models: name → what the key says about the model, JSON-ready.
        asked: one of `QUESTIONS`.
        checks: number of attention checks, whose right answer is obvious; None for
            one in ten questions, and at least two.
        seed: of the order of questions and options, of file names, and of the checks.
        overwrite: whether a folder that is there is replaced.

    Returns:
        The number of questions, checks included.
    """
    dice = random.Random(seed)
    if checks is None:
        checks = max(2, math.ceil(len(rows) / 10))
    checked = [dice.choice(rows) for _ in range(checks)]
    pairs = []
    with new_folder(folder, "questionnaire", overwrite) as new:
        (new / PICTURES).mkdir()
        for number, row in enumerate((*rows, *checked)):
            is_check = number >= len(rows)
            options = _check(row, dice) if is_check else list(row.translations.items())
            dice.shuffle(options)
            salt = f"{seed} {number}"
            names = {}
            for place, (option, image) in enumerate(options):
                names[_save(image, new / PICTURES, f"{salt} {place}")] = option
            # A question is called after the picture of its input.
            identity = _save(row.source, new / PICTURES, salt)
            question = {"id": identity, "wanted": row.wanted, "options": list(names)}
            entry = {"id": identity, "image": row.image, "target": row.target}
            if row.reference is not None:
                place = f"{salt} reference"
                question["reference"] = _save(row.reference, new / PICTURES, place)
                entry["reference"] = row.reference_name
            if is_check:
                entry["right"] = next(name for name, option in names.items() if option)
                names = dict.fromkeys(names)
            pairs.append((question, entry | {"options": names}))
        dice.shuffle(pairs)
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


def _check(row: Row, dice: random.Random) -> list[tuple[str, np.ndarray]]:
    """Options of which the first, the photo itself, is obviously right."""
    photo = row.source if row.reference is None else row.reference
    wrong = [("", _disturbed(photo, dice)) for _ in row.translations]
    return [("right", photo), *wrong[1:]]


def _disturbed(image: np.ndarray, dice: random.Random) -> np.ndarray:
    """The image with its tiles shuffled, and strong noise over them."""
    height, width = (side // TILES for side in image.shape[:2])
    tiles = [
        image[y * height : (y + 1) * height, x * width : (x + 1) * width]
        for y in range(TILES)
        for x in range(TILES)
    ]
    dice.shuffle(tiles)
    lines = [np.hstack(tiles[n : n + TILES]) for n in range(0, len(tiles), TILES)]
    shuffled = np.vstack(lines)
    noise = np.random.default_rng(dice.getrandbits(32))
    mixed = (1 - NOISE) * shuffled + NOISE * noise.integers(256, size=shuffled.shape)
    return np.rint(mixed).astype(np.uint8)


def _save(image: np.ndarray, folder: Path, salt: str) -> str:
    """Writes a picture under a name that does not tell what it is.

    The name depends on the pixels, too: votes on one questionnaire can then not be
    counted by the key of another.
    """
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "PNG")
    content = stream.getvalue()
    name = hashlib.sha256(salt.encode() + content).hexdigest()[:16]
    write_bytes(folder / f"{name}.png", content, "picture", durable=False)
    return name


def _page(asked: str, questions: Sequence[Mapping[str, Any]]) -> str:
    title, hint = QUESTIONS[asked]
    # Under this name a browser keeps the votes of an unfinished page.
    name = hashlib.sha256(json.dumps(questions).encode()).hexdigest()[:16]
    content = {"name": name, "columns": COLUMNS, "questions": questions}
    template = files("stargan_tf.evaluation").joinpath("questionnaire.html")
    return Template(template.read_text("utf-8")).substitute(
        title=title,
        hint=hint,
        count=len(questions),
        folder=PICTURES,
        # Whatever a name holds, it cannot end the script element.
        content=json.dumps(content).replace("<", "\\u003c"),
    )
