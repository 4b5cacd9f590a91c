import numpy as np

from stargan_tf.exporting.agreement import copied, in_float32
from stargan_tf.models.stargan.networks import GeneratorV1


def test_a_bfloat16_generator_becomes_float32_with_its_weights():
    half = GeneratorV1(2, 4, 1, dtype="mixed_bfloat16")
    full = in_float32(half)
    assert full is not half
    assert {layer.compute_dtype for layer in full.layers} == {"float32"}
    for ours, theirs in zip(full.get_weights(), half.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_float32_one_stays_unless_copied():
    network = GeneratorV1(2, 4, 1)
    assert in_float32(network) is network
    assert copied(network) is not network
