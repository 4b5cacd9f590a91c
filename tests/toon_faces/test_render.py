"""What a picture is made of: the same bytes each time, and only what a label says."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from stargan_tf.errors import InputError
from stargan_tf.toon_faces.datasets import render
from stargan_tf.toon_faces.drawing import HAIR_COLORS
from stargan_tf.toon_faces.face import EYE_Y
from stargan_tf.toon_faces.hair import STYLES
from stargan_tf.toon_faces.people import EXPRESSIONS, HAIR_STYLES, Look, draw_identity

SIZE = 128
UPRIGHT = dict(dx=0, dy=0, scale=1, roll=0, yaw=0, pitch=0)


def upright(index, style=None):
    person = draw_identity(3, index)
    return person._replace(**UPRIGHT, hair_style=style or person.hair_style)


def changed(person, first, second, size=SIZE):
    """Where two looks of one person differ, (size, size)."""
    difference = render(person, first, size) != render(person, second, size)
    return difference.any(axis=-1)


def eye_window(person):
    """The inside of the right-hand eye, as rows and columns."""
    zoom = 1.13 * SIZE / 2
    x = SIZE / 2 + zoom * person.eye_gap
    y = SIZE / 2 + zoom * EYE_Y
    return slice(int(y) - 1, int(y) + 2), slice(int(x) - 3, int(x) + 4)


def test_same_bytes_in_another_process_without_tensorflow():
    here = hashlib.sha256(render(draw_identity(7, 11), Look(male=True), 96)).hexdigest()
    script = (
        "import hashlib, sys\n"
        "from stargan_tf.toon_faces.people import Look, draw_identity\n"
        "from stargan_tf.toon_faces.datasets import render\n"
        "picture = render(draw_identity(7, 11), Look(male=True), 96)\n"
        "print(hashlib.sha256(picture).hexdigest(), 'tensorflow' in sys.modules)\n"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "5"}
    answer = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    assert answer.stdout.split() == [here, "False"]


@pytest.mark.parametrize("size", [32, 36, 64, 100, 128, 200, 256])
def test_every_size(size):
    picture = render(draw_identity(0, 1), Look(), size)
    assert picture.shape == (size, size, 3)
    assert picture.dtype == np.uint8
    assert picture.std() > 20


def test_sizes_show_the_same_picture():
    person = draw_identity(0, 4)
    large = render(person, Look(), 256).reshape(64, 4, 64, 4, 3).mean((1, 3))
    assert np.abs(large - render(person, Look(), 64)).mean() < 2.5


@pytest.mark.parametrize("size", [28, 260, 0, -4])
def test_size_out_of_range_says_which_to_try(size):
    with pytest.raises(InputError, match="32 to 256"):
        render(draw_identity(0, 0), Look(), size)


@pytest.mark.parametrize("style", sorted(STYLES))
@pytest.mark.parametrize("male", [False, True])
def test_every_style_wears_every_colour_and_age(style, male):
    person = upright(2, style)
    pictures = [
        render(person, Look(hair, male, young), 32).tobytes()
        for hair in HAIR_COLORS
        for young in (False, True)
    ]
    assert len(set(pictures)) == 6


@pytest.mark.parametrize("index", range(6))
def test_hair_color_changes_hair_only(index):
    person = upright(index, "short")
    difference = changed(person, Look("Black_Hair"), Look("Blond_Hair"))
    assert difference[8:30].any()
    assert not difference[:12, :20].any()
    assert not difference[-12:].any()
    assert not difference[eye_window(person)].any()


@pytest.mark.parametrize("index", range(6))
@pytest.mark.parametrize("name", [n for n in EXPRESSIONS if n != "neutral"])
def test_expression_leaves_hair_and_body(index, name):
    difference = changed(upright(index), Look(), Look(expression=name))
    forehead, chin = int(0.23 * SIZE), int(0.95 * SIZE)
    assert difference.mean() > 0.01
    assert not difference[:forehead].any()
    assert not difference[chin:].any()


@pytest.mark.parametrize("index", range(6))
def test_male_changes_the_lower_face_and_leaves_the_scalp(index):
    difference = changed(upright(index), Look(), Look(male=True))
    assert difference[int(0.6 * SIZE) : int(0.85 * SIZE)].sum() > 100
    assert not difference[: int(0.27 * SIZE)].any()


@pytest.mark.parametrize("index", range(6))
def test_age_shows_and_leaves_the_background(index):
    person = upright(index, "short")
    young, old = (render(person, Look(young=y), 64).astype(int) for y in (True, False))
    difference = np.abs(young - old).sum(axis=-1)
    assert (difference > 60).sum() > 40
    assert not difference[:6, :10].any()


def test_expressions_are_eight_different_pictures():
    person = upright(1)
    pictures = {render(person, Look(expression=e), 64).tobytes() for e in EXPRESSIONS}
    assert len(pictures) == len(EXPRESSIONS) == 8


def test_people_differ_and_are_repeatable():
    people = [draw_identity(1, index) for index in range(200)]
    assert people[17] == draw_identity(1, 17) != draw_identity(2, 17)
    assert len(set(people)) == 200
    assert {person.hair_style for person in people} == set(HAIR_STYLES)
