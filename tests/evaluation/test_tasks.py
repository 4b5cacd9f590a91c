from dataclasses import replace

import numpy as np
import pytest

from stargan_tf.data.registry import load_dataset
from stargan_tf.data.source import Known
from stargan_tf.errors import InputError
from stargan_tf.evaluation.tasks import (
    Translated,
    image_batches,
    true_images,
)
from stargan_tf.toon_faces.datasets import TOON_ATTRIBUTES
from tests.evaluation.fakes import PET_LABELS, PETS, faces, make_source

ROWS = np.array([6, 5, 2, 1, 0])


@pytest.mark.parametrize("size", [1, 2, 3, 8])
def test_every_image_once_in_order_and_unreadable_ones_left_out(size):
    source = make_source(PETS, PET_LABELS, unreadable={5})
    batches = list(image_batches(source, ROWS, size))
    places = np.concatenate([places for places, _ in batches])
    assert places.tolist() == [0, 2, 3, 4]
    pixels = np.concatenate([images[:, 0, 0, 0] for _, images in batches])
    assert pixels.tolist() == [120, 40, 20, 0]
    assert max(len(images) for _, images in batches) <= size


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.full((16, 16, 3), np.nan), "float64 of shape .* with NaN or infinity"),
        (np.zeros((16, 16, 3), np.float32), "float32 of shape .16, 16, 3.. Fix"),
        (np.zeros((8, 16, 3), np.uint8), r"Received for 002.png: uint8 of shape \(8"),
    ],
)
def test_what_is_no_image_is_named(image, message):
    source = replace(make_source(PETS, PET_LABELS), load=lambda index: image)
    with pytest.raises(InputError, match=message):
        list(image_batches(source, np.array([2]), 4))


def test_drawn_faces_are_drawn_again():
    source = load_dataset("toon_attributes", "held_out", 32)
    truth = source.known.truth
    row = 5
    image = truth(source.names[row], source.labels[row], 32)
    np.testing.assert_array_equal(image, source.load(row))
    blond = np.array([0, 1, 0, 0, 1], np.float32)
    expected = TOON_ATTRIBUTES.render("held_out", row, blond, 32)
    np.testing.assert_array_equal(truth(source.names[row], blond, 32), expected)


def test_a_choice_of_attributes_leaves_the_others_as_they_were():
    chosen = ("Blond_Hair", "Male")
    source = load_dataset("toon_attributes", "held_out", 32, attributes=chosen)
    full = load_dataset("toon_attributes", "held_out", 32)
    row = int(np.flatnonzero(full.labels[:, 0])[0])  # black-haired
    label = full.labels[row].copy()
    label[:2] = 0, 1
    wanted = np.array([1, label[3]], np.float32)
    number = int(full.names[row].rpartition("_")[2])
    expected = TOON_ATTRIBUTES.render("held_out", number, label, 32)
    found = source.known.truth(full.names[row], wanted, 32)
    np.testing.assert_array_equal(found, expected)
    # Blond off again leaves no hair color: nobody looks like that.
    blond = int(np.flatnonzero(full.labels[:, 1])[0])
    nothing = np.array([0, 0], np.float32)
    assert source.known.truth(full.names[blond], nothing, 32) is None


def test_of_other_images_nothing_is_known():
    assert faces().held_out.known == Known()
    people = load_dataset("toon_people", "held_out", 32)
    assert people.known.truth is None  # A man is another person than a woman.


def test_a_truth_of_another_shape_is_refused():
    images = np.zeros((1, 16, 16, 3), np.uint8)
    batch = Translated(
        *(type("Task", (), {"labels": np.zeros((1, 3))}), np.array([0]), ["a"]),
        *(images, images[:, None]),
    )
    with pytest.raises(InputError, match=r"uint8 of shape \(16, 16, 3\). Received"):
        true_images(lambda *_: np.zeros((8, 8, 3), np.uint8), batch)
    for truth in (None, lambda *_: None):
        known, found = true_images(truth, batch)
        assert not known.any() and len(found) == 0
