"""People of three kinds: structure by kind, style and content by the person."""

import numpy as np
import pytest

from stargan_tf.data.options import DatasetOptions
from stargan_tf.toon_faces.datasets import TOON_PEOPLE, render
from stargan_tf.toon_faces.drawing import DYES, VIVID
from stargan_tf.toon_faces.people import (
    GROUP_BEARDS,
    GROUPS,
    MOODS,
    Look,
    draw_person,
    mood,
)

COUNT = 300
SHARED = ("dx", "dy", "roll", "yaw", "dye", "skin", "background", "back", "cloth")


@pytest.fixture(scope="module")
def people():
    """Kind → people, each person once in every kind."""
    return {kind: [draw_person(5, i, kind) for i in range(COUNT)] for kind in GROUPS}


def test_a_person_is_repeatable_and_differs_from_others(people):
    assert people["man"][17] == draw_person(5, 17, "man") != draw_person(6, 17, "man")
    assert len(set(people["man"])) == COUNT


def test_kinds_share_content_and_style(people):
    for woman, man, child in zip(*people.values(), strict=True):
        for shared in SHARED:
            values = {getattr(person, shared) for person in (woman, man, child)}
            assert len(values) == 1


def test_kinds_differ_in_structure(people):
    styles = [{p.hair_style for p in group} for group in people.values()]
    assert [len(s) for s in styles] == [len(hair) for hair in GROUPS.values()]
    assert not styles[0] & styles[1] and not styles[1] & styles[2]
    child, man = people["child"][0], people["man"][0]
    assert child.eye_size > 1.2 * man.eye_size
    assert child.height < man.height and child.drop > 0


def test_styles_are_rich_within_a_kind(people):
    group = people["man"]
    dyes = np.array([p.dye for p in group])
    nearest = np.abs(dyes[:, None] - np.array(DYES)).sum(-1).argmin(1)
    assert np.bincount(nearest, minlength=len(DYES)).min() > COUNT / len(DYES) / 2
    assert {p.beard for p in group} == set(GROUP_BEARDS)
    assert {p.cloth for p in group} == set(VIVID)
    assert {mood(5, index) for index in range(40)} == set(MOODS)


def test_style_tells_nothing_of_the_content(people):
    group = people["woman"]
    content = [(p.dx, p.roll, p.back[0]) for p in group]
    style = [(p.dye[0], p.skin[0], p.cloth[2]) for p in group]
    both = np.corrcoef(np.array(content).T, np.array(style, float).T)
    assert np.abs(both[:3, 3:]).max() < 0.2


def test_a_look_of_a_child_has_neither_make_up_nor_beard():
    person = draw_person(5, 1, "child")
    child, woman, man = (
        render(person, look, 64) for look in (Look(child=True), Look(), Look(male=True))
    )
    assert not np.array_equal(child, woman) and not np.array_equal(child, man)
    assert Look().made_up and not Look(male=True).made_up
    assert not Look(child=True).made_up


def test_hair_and_clothes_show(people):
    person = people["woman"][0]
    before = render(person, Look(), 64).astype(int)
    for other, share in (
        (person._replace(dye=(255.0, 0.0, 255.0)), 0.1),
        (person._replace(cloth=(0.0, 255.0, 0.0)), 0.004),
    ):
        changed = np.abs(render(other, Look(), 64) - before).max(-1) > 60
        assert changed.mean() > share


def test_domains_are_told_apart_by_their_mean_picture():
    images = TOON_PEOPLE.load("train", 32, DatasetOptions())
    labels = images.labels[:240]
    pictures = np.stack([images.load(index) for index in range(240)])
    means = [pictures[labels[:, k] == 1].mean(0) for k in range(3)]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert np.abs(means[one] - means[other]).mean() > 3
