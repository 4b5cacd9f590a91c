import numpy as np

from stargan_tf.models.stargan.networks import Blend


def test_mask_chooses_between_the_drawing_and_the_input():
    image = np.random.default_rng(0).uniform(-1, 1, (1, 2, 2, 3)).astype(np.float32)
    drawn = np.zeros((1, 2, 2, 4), np.float32)
    drawn[..., :3] = 0.5
    drawn[0, 0, 0, 3], drawn[0, 1, 1, 3] = -50.0, 50.0
    output = np.asarray(Blend()([image, drawn]))
    np.testing.assert_allclose(output[0, 0, 0], image[0, 0, 0], atol=1e-6)
    np.testing.assert_allclose(output[0, 1, 1], np.tanh([0.5] * 3), atol=1e-6)
    half = (image[0, 0, 1] + np.tanh(0.5)) / 2
    np.testing.assert_allclose(output[0, 0, 1], half, atol=1e-6)
