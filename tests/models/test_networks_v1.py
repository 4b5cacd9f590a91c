"""Shapes and sizes of StarGAN v1's networks."""

import numpy as np
import pytest

from stargan_tf.models.stargan.networks import DiscriminatorV1, GeneratorV1


def test_parameter_counts_equal_the_official_ones():
    assert GeneratorV1(5).count_params() == 8_430_528
    assert GeneratorV1(15).count_params() == 8_461_888
    assert DiscriminatorV1(128, 5).count_params() == 44_762_048


def test_generator_takes_any_sides_that_are_multiples_of_four():
    generator = GeneratorV1(2, base_filters=2, num_residual_blocks=1)
    image, label = np.zeros((1, 20, 36, 3), "f"), np.ones((1, 2), "f")
    assert generator([image, label]).shape == (1, 20, 36, 3)


def test_generator_stays_within_the_range_of_images():
    generator = GeneratorV1(2, base_filters=2, num_residual_blocks=1)
    generator.get_layer("to_rgb").kernel.assign(
        100 * np.ones(generator.get_layer("to_rgb").kernel.shape)
    )
    image = np.random.default_rng(0).uniform(-1, 1, (1, 16, 16, 3)).astype("f")
    output = np.asarray(generator([image, np.ones((1, 2), "f")]))
    assert np.abs(output).max() <= 1.0


def test_discriminator_judges_patches_and_the_whole():
    discriminator = DiscriminatorV1(32, 7, base_filters=2, num_layers=3)
    patches, classes = discriminator(np.zeros((2, 32, 32, 3), "f"))
    assert patches.shape == (2, 4, 4, 1) and classes.shape == (2, 7)


def test_discriminator_says_how_many_halvings_fit():
    with pytest.raises(ValueError, match="16 pixels.*6 times.*at most 4"):
        DiscriminatorV1(16, 5)


@pytest.mark.parametrize(
    "network",
    [
        lambda: GeneratorV1(3, 2, 1, dtype="mixed_bfloat16", name="generator"),
        lambda: GeneratorV1(3, 2, 1, attention=True, conditioning="blocks"),
        lambda: DiscriminatorV1(16, 3, 2, 2, dtype="mixed_bfloat16", name="critic"),
    ],
)
def test_round_trip(network):
    network = network()
    again = type(network).from_config(network.get_config())
    assert again.get_config() == network.get_config()
    assert [w.shape for w in again.weights] == [w.shape for w in network.weights]


def test_reduced_precision_ends_in_float32():
    generator = GeneratorV1(2, 2, 1, dtype="mixed_bfloat16")
    critic = DiscriminatorV1(16, 2, 2, 2, dtype="mixed_bfloat16")
    image = generator([np.zeros((1, 16, 16, 3), "f"), np.ones((1, 2), "f")])
    assert [t.dtype for t in (image, *critic(image))] == ["float32"] * 3


def test_unknown_conditioning():
    with pytest.raises(ValueError, match="'input' or 'blocks'.*'everywhere'"):
        GeneratorV1(2, conditioning="everywhere")
