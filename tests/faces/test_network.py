import keras
import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.convert.mapping import entries
from stargan_tf.errors import InputError
from stargan_tf.faces.masks import face_masks
from stargan_tf.faces.network import LandmarkNetwork, peaks
from stargan_tf.faces.official import TABLE
from tests.faces.landmark_golden import ARRAYS, RECORD, blobs, images, network


def test_heat_maps_are_the_official_ones():
    heat_maps = network()(images()).numpy()
    assert heat_maps.shape == (2, 64, 64, 99)
    expected = ARRAYS["raw_channels"].transpose(1, 2, 0)
    largest = np.abs(expected).max()
    ours = heat_maps[0][..., [0, 40, 98]]
    np.testing.assert_allclose(ours, expected, atol=1e-4 * largest, rtol=0)
    for sums, values in (("raw_sum", heat_maps), ("raw_abs", np.abs(heat_maps))):
        error = np.abs(values.sum((1, 2)) - ARRAYS[sums])
        assert error.max() < 1e-4 * largest * 64 * 64


def test_landmarks_are_the_official_ones():
    found = network().find(images())
    np.testing.assert_array_equal(found, ARRAYS["landmarks"])
    heat_maps = blobs(64, spread=4.5, scale=4)
    ours = peaks(heat_maps) * 256
    np.testing.assert_array_equal(ours, ARRAYS["blob_landmarks"])


def test_weights_are_the_official_ones():
    keys = [entry.key for entry in entries(TABLE)]
    assert sorted(keys) == sorted(RECORD["fan_keys"])
    is_trained = [not e.path.endswith(("mean", "variance")) for e in entries(TABLE)]
    shapes = {v.path: v.shape for v in network().weights}
    assert {e.path for e in entries(TABLE)} == shapes.keys()
    counts = [np.prod(shapes[entry.path]) for entry in entries(TABLE)]
    assert sum(np.multiply(counts, is_trained)) == 6_333_603
    assert not network().trainable_variables


@pytest.mark.parametrize("shape", [(512, 512), (64, 128)])
def test_landmarks_are_in_pixels_of_the_image(shape):
    whole = images()[:1]
    # Squares of 16 pixels: smaller or larger ones of them, and with them the landmarks.
    other = tf.image.resize(whole, shape, "nearest").numpy()
    scale = np.array([shape[1], shape[0]]) / 256
    cells = network().find(other) / scale
    # Resized edges are soft, so that some maps have their largest value elsewhere.
    distance = np.abs(cells - network().find(whole)).max(axis=-1)
    assert np.mean(distance <= 4) > 0.5


def test_masks_are_of_the_size_of_the_images(monkeypatch):
    heat_maps = blobs(256, spread=72, scale=1)
    monkeypatch.setattr(LandmarkNetwork, "__call__", lambda *_: heat_maps)
    masks = LandmarkNetwork().masks(images()[:, ::4, ::2])
    np.testing.assert_array_equal(masks, face_masks(heat_maps, (64, 128)))


def test_the_size_of_images_need_not_be_known():
    batch = tf.TensorSpec((None, None, None, 3))
    find = tf.function(network().find, input_signature=[batch])
    small = images()[:, ::2, ::2]
    np.testing.assert_array_equal(find(small), network().find(small))


def test_a_training_call_uses_the_stored_statistics():
    before = [v.numpy() for v in network().weights]
    trained = network()(images()[:1], training=True)
    np.testing.assert_array_equal(trained, network()(images()[:1]))
    for old, variable in zip(before, network().weights, strict=True):
        np.testing.assert_array_equal(old, variable)


def test_a_saved_network_is_the_same(tmp_path):
    network().save(tmp_path / "landmarks.keras")
    loaded = keras.models.load_model(tmp_path / "landmarks.keras")
    assert type(loaded) is LandmarkNetwork
    np.testing.assert_array_equal(loaded(images()), network()(images()))


def test_heat_maps_are_float32_under_any_policy():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        built = LandmarkNetwork()
    finally:
        keras.config.set_dtype_policy("float32")
    weighted = [layer for layer in built.layers if layer.weights]
    assert {layer.compute_dtype for layer in weighted} == {"float32"}


@pytest.mark.parametrize("shape", [(256, 256, 3), (1, 256, 256, 4), (1, 32, 256, 3)])
@pytest.mark.parametrize("method", ["find", "masks"])
def test_images_of_other_shapes_are_refused(method, shape):
    with pytest.raises(InputError, match="Received: shape"):
        getattr(network(), method)(np.zeros(shape, np.float32))
