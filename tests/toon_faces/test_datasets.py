"""The embedded data sets: labels, choices, truth, errors."""

import hashlib

import numpy as np
import pytest

from stargan_tf.data.options import HELD_OUT, TRAIN, DatasetOptions
from stargan_tf.errors import InputError
from stargan_tf.toon_faces import datasets as render
from stargan_tf.toon_faces.datasets import (
    FIRST_PERSON,
    TOON_ATTRIBUTES,
    TOON_EXPRESSIONS,
    TOON_PEOPLE,
)
from stargan_tf.toon_faces.people import draw_identity

DEFAULT = DatasetOptions()
ALL = (TOON_ATTRIBUTES, TOON_EXPRESSIONS, TOON_PEOPLE)
HAIR = ("Black_Hair", "Blond_Hair", "Brown_Hair")


@pytest.mark.parametrize("definition", ALL)
@pytest.mark.parametrize(("split", "count"), [(TRAIN, 4000), (HELD_OUT, 400)])
def test_sizes_names_and_first_picture(definition, split, count):
    images = definition.load(split, 64, DEFAULT)
    assert len(images) == count
    assert images.names[123] == f"{split}_000123"
    assert images.labels.dtype == np.float32
    assert images.load(0).shape == (64, 64, 3)
    assert np.array_equal(images.load(5), images.load(5))
    assert definition.description


def test_attribute_labels_are_balanced_and_independent():
    images = TOON_ATTRIBUTES.load(TRAIN, 64, DEFAULT)
    assert images.info.domains == (*HAIR, "Male", "Young")
    assert images.info.exclusive_groups == (HAIR,)
    assert (images.labels[:, :3].sum(axis=1) == 1).all()
    assert np.allclose(images.labels.mean(axis=0), [1 / 3] * 3 + [0.5] * 2, atol=0.03)
    assert np.abs(np.corrcoef(images.labels.T)[3:, :3]).max() < 0.06


def test_attributes_are_independent_of_the_person():
    labels = TOON_ATTRIBUTES.load(TRAIN, 32, DEFAULT).labels
    skins = [draw_identity(TOON_ATTRIBUTES.seed, i).skin[0] for i in range(1500)]
    assert np.abs(np.corrcoef(labels[:1500].T, skins)[-1, :-1]).max() < 0.08


def test_expression_labels_are_balanced():
    images = TOON_EXPRESSIONS.load(HELD_OUT, 64, DEFAULT)
    assert images.info.domains[0] == "angry" and images.info.domains[-1] == "surprised"
    assert images.info.label_type == "one_hot"
    assert (images.labels.sum(axis=0) == 50).all()
    assert (images.labels.sum(axis=1) == 1).all()


def test_expression_people_have_any_attributes():
    label, seed = np.eye(8)[0], TOON_EXPRESSIONS.seed
    looks = [TOON_EXPRESSIONS.draw(seed, number, label)[1] for number in range(60)]
    assert {look.hair_color for look in looks} == set(HAIR)
    assert {look.male for look in looks} == {look.young for look in looks} == {0, 1}


def test_held_out_people_are_other_people():
    last = FIRST_PERSON[TRAIN] + len(TOON_ATTRIBUTES.load(TRAIN, 32, DEFAULT))
    assert last <= FIRST_PERSON[HELD_OUT]
    assert len({definition.seed for definition in ALL}) == 3


def test_choice_of_attributes_keeps_order_pictures_and_groups():
    every = TOON_ATTRIBUTES.load(TRAIN, 32, DEFAULT)
    chosen = DatasetOptions(attributes=("Young", "Brown_Hair", "Black_Hair"))
    images = TOON_ATTRIBUTES.load(TRAIN, 32, chosen)
    assert images.info.domains == chosen.attributes
    assert images.info.exclusive_groups == (("Black_Hair", "Brown_Hair"),)
    assert np.array_equal(images.labels, every.labels[:, [4, 2, 0]])
    assert np.array_equal(images.load(9), every.load(9))
    single = DatasetOptions(attributes=("Black_Hair", "Male"))
    assert TOON_ATTRIBUTES.load(TRAIN, 32, single).info.exclusive_groups == ()


def test_choice_of_expressions_leaves_only_these():
    chosen = DatasetOptions(attributes=("sad", "happy"))
    images = TOON_EXPRESSIONS.load(HELD_OUT, 32, chosen)
    every = TOON_EXPRESSIONS.load(HELD_OUT, 32, DEFAULT)
    assert len(images) == 100
    assert (images.labels.sum(axis=1) == 1).all()
    number = every.names.index(images.names[7])
    assert np.array_equal(images.load(7), every.load(number))
    assert images.fingerprint != every.fingerprint


def test_people_are_of_three_balanced_kinds():
    images = TOON_PEOPLE.load(TRAIN, 64, DEFAULT)
    assert images.info.domains == ("woman", "man", "child")
    assert images.info.label_type == "one_hot"
    assert (images.labels.sum(axis=1) == 1).all()
    assert np.ptp(images.labels.sum(axis=0)) <= 1
    two = TOON_PEOPLE.load(HELD_OUT, 64, DatasetOptions(attributes=("child", "man")))
    assert two.info.domains == ("child", "man") and len(two) in (266, 267)


@pytest.mark.parametrize(("size", "larger"), [(32, 64), (128, 256), (200, 256)])
def test_enlarged_is_the_same_drawn_larger(size, larger):
    images = TOON_PEOPLE.load(HELD_OUT, size, DEFAULT)
    large = images.enlarge()
    assert large.info.image_size == larger and large.names == images.names
    direct = TOON_PEOPLE.load(HELD_OUT, larger, DEFAULT)
    assert np.array_equal(large.load(3), direct.load(3))
    assert large.fingerprint != images.fingerprint


def test_the_largest_picture_has_nothing_to_enlarge():
    images = TOON_PEOPLE.load(HELD_OUT, 256, DEFAULT)
    assert images.enlarge() is images


class Recorder:
    """Takes shapes instead of filling them, which Pillow's versions do differently."""

    def __init__(self, canvas):
        self.shapes = [(canvas.size, *canvas.getpixel((0, 0)))]
        RECORDERS.append(self)

    def polygon(self, corners, fill):
        self.shapes.append((*np.round(corners, 3).tolist(), *fill))


RECORDERS = []


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        (TOON_ATTRIBUTES, "f45bbb59f35e3519"),
        (TOON_EXPRESSIONS, "c4d03da218661841"),
        (TOON_PEOPLE, "8340af0b4ce83d7c"),
    ],
)
def test_the_same_faces_as_ever(definition, expected, monkeypatch):
    """If this fails on purpose, raise RENDERER_VERSION: caches keep drawn faces."""
    monkeypatch.setattr(render.ImageDraw, "Draw", Recorder)
    RECORDERS.clear()
    images = definition.load(HELD_OUT, 64, DEFAULT)
    digest = hashlib.sha256(images.labels.tobytes())
    for index in range(40):
        images.load(index)
        digest.update(repr(RECORDERS[-1].shapes).encode())
    assert digest.hexdigest()[:16] == expected


def test_fingerprint_tells_pictures_apart():
    prints = {
        definition.load(split, size, DEFAULT).fingerprint
        for definition in ALL
        for split in (TRAIN, HELD_OUT)
        for size in (32, 64)
    }
    assert len(prints) == 12


@pytest.mark.parametrize("definition", ALL)
def test_truth_with_the_own_label_is_the_picture(definition):
    images = definition.load(HELD_OUT, 64, DEFAULT)
    truth = definition.render(HELD_OUT, 8, images.labels[8], 64)
    assert np.array_equal(truth, images.load(8))
    other = np.roll(images.labels[8][:3], 1), images.labels[8][3:]
    if definition is TOON_ATTRIBUTES:
        changed = definition.render(HELD_OUT, 8, np.concatenate(other), 64)
        assert not np.array_equal(truth, changed)


@pytest.mark.parametrize(
    ("faces", "split", "index", "label", "message"),
    [
        (TOON_ATTRIBUTES, "test", 0, [1, 0, 0, 0, 0], "split must be"),
        (TOON_ATTRIBUTES, HELD_OUT, 400, [1, 0, 0, 0, 0], "0 to 399"),
        (TOON_ATTRIBUTES, TRAIN, 0, [1, 1, 0, 0, 0], "one 1 among Black_Hair"),
        (TOON_ATTRIBUTES, TRAIN, 0, [1, 0, 0, 0], "5 values"),
        (TOON_ATTRIBUTES, TRAIN, 0, [1, 0, 0, 0.5, 0], "0 or 1"),
        (TOON_EXPRESSIONS, TRAIN, 0, [0] * 8, "exactly one 1 among angry"),
    ],
)
def test_truth_that_does_not_exist(faces, split, index, label, message):
    with pytest.raises(InputError, match=message):
        faces.render(split, index, label, 64)


@pytest.mark.parametrize(
    ("options", "size", "message"),
    [
        ({"data_dir": "photos"}, 64, "does not support data_dir"),
        ({"labels": "list.csv"}, 64, "does not support labels"),
        ({"crop_size": 178}, 64, "does not support crop_size"),
        ({"held_out": 0.3}, 64, "does not support held_out"),
        ({"attributes": ("Blonde_Hair",)}, 64, "Did you mean Blond_Hair"),
        ({"attributes": ("Male", "Male")}, 64, "unique names"),
        ({}, 66, "multiple of 4"),
        ({}, 512, "32 to 256"),
        ({}, (64, 96), "one number from 32 to 256"),
        ({"num_channels": 1}, 64, "does not support num_channels"),
        ({"plane": "x"}, 64, "does not support plane"),
    ],
)
def test_bad_requests(options, size, message):
    with pytest.raises(InputError, match=message):
        TOON_ATTRIBUTES.load(TRAIN, size, DatasetOptions(**options))


def test_unknown_split():
    with pytest.raises(InputError, match="split must be"):
        TOON_EXPRESSIONS.load("test", 64, DEFAULT)
