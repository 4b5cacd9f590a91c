"""Shapes, sizes and values of StarGAN v1's networks and layers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.models.stargan import OUTPUTS
from stargan_tf.models.stargan.networks import (
    AppendLabel,
    Blend,
    Change,
    ClippedBlend,
    ConditionalResidualBlock,
    DiscriminatorV1,
    GeneratorV1,
    ResidualBlock,
    SparseChange,
)


def test_parameter_counts_equal_the_official_ones():
    assert GeneratorV1(5).count_params() == 8_430_528
    assert GeneratorV1(15).count_params() == 8_461_888
    assert DiscriminatorV1(128, 5).count_params() == 44_762_048


def test_generator_takes_any_sides_that_are_multiples_of_four():
    generator = GeneratorV1(2, base_filters=2, num_residual_blocks=1)
    image, label = np.zeros((1, 20, 36, 3), "f"), np.ones((1, 2), "f")
    assert generator([image, label]).shape == (1, 20, 36, 3)


@pytest.mark.parametrize("output", OUTPUTS)
def test_generator_stays_within_the_range_of_images(output):
    generator = GeneratorV1(2, base_filters=2, num_residual_blocks=1, output=output)
    generator.get_layer("to_rgb").kernel.assign(
        100 * np.ones(generator.get_layer("to_rgb").kernel.shape)
    )
    image = np.random.default_rng(0).uniform(-1, 1, (1, 16, 16, 3)).astype("f")
    output = np.asarray(generator([image, np.ones((1, 2), "f")]))
    assert np.abs(output).max() <= 1.0


def test_a_clipped_mask_leaves_the_input_exactly_as_it_is():
    blend = ClippedBlend()
    image = np.array([[[[0.3], [0.3], [0.3]]]], "f")
    # sigmoid(±3) is 0.047 and 0.953; sigmoid(0) is half.
    drawn = np.array([[[[9.0, -3.0], [0.0, 0.0], [0.0, 3.0]]]], "f")
    np.testing.assert_array_equal(
        np.asarray(blend([image, drawn])).ravel(), np.float32([0.3, 0.15, 0.0])
    )


def test_discriminator_judges_patches_and_the_whole():
    discriminator = DiscriminatorV1(32, 7, base_filters=2, num_layers=3)
    patches, classes = discriminator(np.zeros((2, 32, 32, 3), "f"))
    assert patches.shape == (2, 4, 4, 1) and classes.shape == (2, 7)


def test_discriminator_says_how_many_halvings_fit():
    with pytest.raises(ValueError, match="16 pixels.*6 times.*at most 4"):
        DiscriminatorV1(16, 5)


@pytest.mark.parametrize("separate", [False, True])
def test_classifier_variables_are_those_of_the_class_logits(separate):
    discriminator = DiscriminatorV1(8, 3, 2, 2, separate_classifier=separate)
    with tf.GradientTape() as tape:
        _, classes = discriminator(np.ones((1, 8, 8, 3), "f"))
    variables = discriminator.trainable_variables
    gradients = tape.gradient(classes, variables)
    pairs = zip(variables, gradients, strict=True)
    expected = {variable.path for variable, gradient in pairs if gradient is not None}
    assert {v.path for v in discriminator.classifier_variables} == expected
    assert any(v.path not in expected for v in variables)


def test_a_separate_classifier_has_at_most_eight_times_the_first_width():
    discriminator = DiscriminatorV1(64, 3, 2, 6, separate_classifier=True)
    for prefix in ("", "classifier_"):
        widths = [discriminator.get_layer(f"{prefix}halve_{i}").filters for i in (1, 6)]
        assert widths == [2, 16]


@pytest.mark.parametrize(
    "separate, variance, slope", [(False, 1 / 3, 0.01), (True, 2.0, 0.2)]
)
def test_a_separate_classifier_starts_from_he_s_weights(separate, variance, slope):
    keras.utils.set_random_seed(0)
    discriminator = DiscriminatorV1(32, 3, 32, 2, separate_classifier=separate)
    kernel = discriminator.get_layer("halve_2").kernel.numpy()
    fan_in = np.prod(kernel.shape[:3])
    assert kernel.var() * fan_in == pytest.approx(variance, rel=0.05)
    assert discriminator.get_layer("leaky_1").negative_slope == slope


def test_skips_let_detail_past_the_bottleneck():
    """A generator whose bottleneck is cut still answers to a pixel's change."""
    for skips in (False, True):
        generator = GeneratorV1(2, 2, 1, upsampling="resize", skips=skips)
        for name in ("up_1", "down_2"):
            kernel = generator.get_layer(name).kernel
            kernel.assign(np.zeros(kernel.shape))
        image = np.random.default_rng(0).uniform(-1, 1, (1, 16, 16, 3)).astype("f")
        label = np.ones((1, 2), "f")
        change = generator([image, label]) - generator([-image, label])
        assert (np.abs(change).max() > 1e-3) == skips


def test_resized_images_have_no_checkerboard():
    """An even image gives an even one, except at the borders."""
    spread = {}
    for upsampling in ("transposed", "resize"):
        generator = GeneratorV1(2, 4, 0, upsampling=upsampling)
        image, label = np.full((1, 64, 64, 3), 0.5, "f"), np.ones((1, 2), "f")
        inside = np.asarray(generator([image, label]))[0, 28:36, 28:36]
        spread[upsampling] = inside.std((0, 1)).max()
    assert spread["resize"] < 1e-5 < 1e-3 < spread["transposed"]


@pytest.mark.parametrize(
    "network",
    [
        lambda: GeneratorV1(3, 2, 1, dtype="mixed_bfloat16", name="generator"),
        lambda: GeneratorV1(3, 2, 1, output="blend", conditioning="blocks"),
        lambda: GeneratorV1(
            3, 2, 1, output="sparse_additive", upsampling="resize", skips=True
        ),
        lambda: DiscriminatorV1(16, 3, 2, 2, separate_classifier=True),
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


@pytest.mark.parametrize("name", ["output", "conditioning", "upsampling"])
def test_unknown_choices(name):
    with pytest.raises(ValueError, match=f"{name} must be .* or .*'everywhere'"):
        GeneratorV1(2, **{name: "everywhere"})


def test_zero_scale_leaves_the_input_without_activation():
    image = np.random.default_rng(0).normal(size=(1, 4, 4, 6)).astype(np.float32)
    block = ResidualBlock(6)
    block.build(image.shape)
    block.norm_2.gamma.assign(np.zeros(6))
    np.testing.assert_array_equal(block(image), image)


def test_a_residual_block_comes_back_from_its_config():
    block = ResidualBlock(6, name="block")
    assert ResidualBlock.from_config(block.get_config()).filters == 6


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


def test_a_conditional_block_comes_back_from_its_config():
    block = ConditionalResidualBlock(6, name="block")
    assert ConditionalResidualBlock.from_config(block.get_config()).filters == 6


def test_every_label_entry_becomes_a_constant_channel():
    image = np.random.default_rng(0).normal(size=(2, 4, 6, 3)).astype(np.float32)
    label = np.array([[1.0, 0.0], [0.5, -2.0]], np.float32)
    output = np.asarray(AppendLabel()([image, label]))
    assert output.shape == (2, 4, 6, 5)
    np.testing.assert_array_equal(output[..., :3], image)
    np.testing.assert_array_equal(output[1, :, :, 3], np.full((4, 6), 0.5))
    np.testing.assert_array_equal(output[1, :, :, 4], np.full((4, 6), -2.0))


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


def test_a_change_moves_pixels_toward_white_or_black_and_no_further():
    image = np.array([-1.0, -0.2, 0.0, 0.6, 1.0], "f")[None, None, :, None]
    for drawn, expected in (
        (0.0, image),
        (50.0, np.ones_like(image)),
        (-50.0, -np.ones_like(image)),
        (np.arctanh(0.5), image + 0.5 * (1.0 - image)),
        (np.arctanh(-0.25), image - 0.25 * (1.0 + image)),
    ):
        output = Change()([image, np.full_like(image, drawn)])
        np.testing.assert_allclose(output, expected, atol=1e-6)


def test_a_sparse_change_drops_what_is_faint_and_can_grow_from_zero():
    image = np.array([-0.2, 0.0, 0.6], "f")[None, None, :, None]
    faint, strong = np.arctanh([0.07, 0.58])
    layer = SparseChange()
    for drawn, expected in (
        (0.0, image),
        (faint, image),
        (-faint, image),
        (strong, image + 0.5 * (1.0 - image)),
        (-strong, image - 0.5 * (1.0 + image)),
    ):
        output = layer([image, np.full_like(image, drawn)])
        np.testing.assert_allclose(output, expected, atol=1e-6)
    unchanged = layer([image, np.full_like(image, faint)])
    np.testing.assert_array_equal(unchanged, image)
    features = tf.Variable(np.full_like(image, faint))
    with tf.GradientTape() as tape:
        output = layer([image, features])
    assert np.all(tape.gradient(output, features).numpy() > 0.5)
