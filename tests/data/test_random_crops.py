import numpy as np
import pytest
from PIL import Image

from stargan_tf.models.stargan_v2.batches import random_boxes, resize_boxes


def test_boxes_are_those_of_the_official_crop():
    top, left, height, width = random_boxes(4000, 1.0, [1, 2]).numpy().T
    area, aspect = height * width, width / height
    assert 0.8 <= area.min() < 0.81 and 0.97 < area.max() <= 1
    assert 0.9 - 1e-5 <= aspect.min() < 0.91 and 1.09 < aspect.max() <= 1.1 + 1e-5
    assert min(top.min(), left.min()) >= 0
    assert max((top + height).max(), (left + width).max()) <= 1 + 1e-6
    assert abs(np.corrcoef(top, left)[0, 1]) < 0.1
    assert abs(np.log(aspect).mean()) < 0.01


@pytest.mark.parametrize("probability", [0.0, 0.3, 1.0])
def test_a_share_of_the_images_is_cropped(probability):
    boxes = random_boxes(3000, probability, [3, 4]).numpy()
    whole = (boxes == [0, 0, 1, 1]).all(axis=1)
    assert abs(whole.mean() - (1 - probability)) < 0.03


def test_boxes_follow_from_the_seed():
    one, again, other = (random_boxes(9, 0.5, [s, 1]).numpy() for s in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_the_whole_image_at_its_own_size_is_untouched():
    images = np.random.default_rng(0).integers(0, 256, (2, 9, 9, 3), np.uint8)
    boxes = np.array([[0, 0, 1, 1]] * 2, np.float32)
    np.testing.assert_allclose(resize_boxes(images, boxes, 9), images, atol=1e-3)


def test_the_resize_is_pillows_antialiased_bilinear():
    image = np.random.default_rng(1).integers(0, 256, (48, 48, 3), np.uint8)
    box = np.array([[0.1, 0.05, 0.85, 0.9]], np.float32)
    ours = resize_boxes(image[None], box, 16).numpy()[0]
    theirs = Image.fromarray(image).resize(
        (16, 16), Image.Resampling.BILINEAR, box=(2.4, 4.8, 45.6, 45.6)
    )
    assert np.abs(ours - np.asarray(theirs)).max() < 1.5
