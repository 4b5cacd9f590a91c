import numpy as np

from stargan_tf.models.stargan.networks import ConditionalResidualBlock


def test_the_label_scales_and_shifts_what_is_added():
    x = np.random.default_rng(0).normal(size=(1, 8, 8, 4)).astype(np.float32)
    block = ConditionalResidualBlock(4)
    block.build([x.shape, (1, 2)])
    block.norm_2.affine.kernel.assign(np.array([[-1.0] * 4 + [0.5] * 4, [0.0] * 8]))
    off, on = (
        np.asarray(block([x, np.array([label], "f")])) for label in ((0, 1), (1, 1))
    )
    np.testing.assert_allclose(on, x + 0.5, atol=1e-6)  # 1 + γ = 0, β = 0.5
    added = off - x
    np.testing.assert_allclose(added.mean((1, 2)), 0.0, atol=1e-5)
    np.testing.assert_allclose(added.std((1, 2)), 1.0, atol=1e-2)


def test_round_trip():
    block = ConditionalResidualBlock(6, name="block")
    assert ConditionalResidualBlock.from_config(block.get_config()).filters == 6
