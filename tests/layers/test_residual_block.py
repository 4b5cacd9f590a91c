import numpy as np

from stargan_tf.models.stargan.networks import ResidualBlock


def test_zero_scale_leaves_the_input_without_activation():
    image = np.random.default_rng(0).normal(size=(1, 4, 4, 6)).astype(np.float32)
    block = ResidualBlock(6)
    block.build(image.shape)
    block.norm_2.gamma.assign(np.zeros(6))
    np.testing.assert_array_equal(block(image), image)


def test_round_trip():
    block = ResidualBlock(6, name="block")
    assert ResidualBlock.from_config(block.get_config()).filters == 6
