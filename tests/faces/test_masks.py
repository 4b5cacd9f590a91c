import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.faces.masks import face_masks, heat_maps_of
from tests.faces.landmark_golden import ARRAYS, blobs

POINTS = ARRAYS["points"]
EXPECTED = ARRAYS["blob_masks"].astype(np.float32).transpose(0, 2, 3, 1)


@pytest.mark.parametrize("size", [64, 100, 256, 1024])
def test_masks_are_the_official_ones_at_any_image_size(size):
    heat_maps = heat_maps_of(POINTS * size / 256, size)
    masks = face_masks(heat_maps, 256).numpy()
    np.testing.assert_allclose(masks[:, ::4, ::4], EXPECTED, atol=1e-3)
    # One size is as good as another for the generator's blocks, of 32 to 128 pixels.
    others = face_masks(heat_maps, size).numpy()
    assert others.shape == (2, size, size, 2)
    expected = tf.image.resize(masks, (size, size)).numpy()
    np.testing.assert_allclose(others, expected, atol=1e-5)


def test_points_are_x_and_y():
    points = np.array([[[32.0, 96.0]]])
    (heat_map,) = heat_maps_of(points, (128, 256))[..., 0].numpy()
    assert np.unravel_index(heat_map.argmax(), heat_map.shape) == (192, 32)
    assert heat_map[192, 32] == 1
    assert heat_map[192 + 6, 32] == pytest.approx(np.exp(-0.5))


def test_heat_maps_of_64_are_enlarged_with_corners_in_place():
    small = np.random.default_rng(0).random((1, 64, 64, 98), np.float32)
    x = np.linspace(0, 63, 256)
    large = small
    for axis in (1, 2):
        low = np.minimum(np.floor(x).astype(int), 62)
        share = (x - low).reshape([-1 if i == axis else 1 for i in range(4)])
        low, high = large.take(low, axis), large.take(low + 1, axis)
        large = low * (1 - share) + high * share
    ours, expected = face_masks(small, 256), face_masks(large, 256)
    np.testing.assert_allclose(ours, expected, atol=1e-4)


def test_further_heat_maps_are_ignored():
    heat_maps = blobs(256, spread=72, scale=1)
    more = np.concatenate([heat_maps, np.ones_like(heat_maps[..., :1])], axis=-1)
    np.testing.assert_array_equal(face_masks(more, 256), face_masks(heat_maps, 256))


@pytest.mark.parametrize("value", [0.0, 0.09, np.nan])
def test_faint_and_undefined_heat_maps_mask_nothing(value):
    masks = face_masks(np.full((1, 64, 64, 98), value, np.float32), 64)
    np.testing.assert_array_equal(masks, np.zeros((1, 64, 64, 2)))


def test_one_undefined_value_leaves_the_others_as_they_are():
    heat_maps = blobs(256, spread=72, scale=1)
    damaged = heat_maps.copy()
    damaged[:, 250:, 250:] = np.nan
    assert not heat_maps[:, 250:, 250:].max() > 0.1
    np.testing.assert_allclose(face_masks(damaged, 256), face_masks(heat_maps, 256))
