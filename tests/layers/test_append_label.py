import numpy as np

from stargan_tf.models.stargan.networks import AppendLabel


def test_every_label_entry_becomes_a_constant_channel():
    image = np.random.default_rng(0).normal(size=(2, 4, 6, 3)).astype(np.float32)
    label = np.array([[1.0, 0.0], [0.5, -2.0]], np.float32)
    output = np.asarray(AppendLabel()([image, label]))
    assert output.shape == (2, 4, 6, 5)
    np.testing.assert_array_equal(output[..., :3], image)
    np.testing.assert_array_equal(output[1, :, :, 3], np.full((4, 6), 0.5))
    np.testing.assert_array_equal(output[1, :, :, 4], np.full((4, 6), -2.0))
