from dataclasses import replace

import numpy as np
import pytest

from stargan_tf.errors import InputError
from stargan_tf.evaluation.tasks import image_batches
from tests.evaluation.fakes import PET_LABELS, PETS, make_source

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
        (np.zeros((16, 16, 3), np.float32), "float32 of shape .16, 16, 3.. Mend"),
        (np.zeros((8, 16, 3), np.uint8), r"Received for 002.png: uint8 of shape \(8"),
    ],
)
def test_what_is_no_image_is_named(image, message):
    source = replace(make_source(PETS, PET_LABELS), load=lambda index: image)
    with pytest.raises(InputError, match=message):
        list(image_batches(source, np.array([2]), 4))
