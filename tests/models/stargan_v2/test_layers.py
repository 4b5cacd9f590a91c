"""StarGAN v2's layers against a few lines of numpy."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.errors import InputError
from stargan_tf.layers.normalization import AdaIN
from stargan_tf.models.stargan_v2 import check_image_size, halvings, widths
from stargan_tf.models.stargan_v2.layers import (
    AdaINResidualBlock,
    DomainDense,
    DownResidualBlock,
    HighPassSkip,
    ImageTrunk,
    gathered_heads,
    stacked_heads,
)


def normal(*shape, seed=0):
    values = np.random.default_rng(seed).standard_normal(shape)
    return tf.constant(values, tf.float32)


# --- high-pass --------------------------------------------------------------------


@pytest.mark.parametrize(("size", "channel"), [(32, 0), (64, 1)])
def test_high_pass_adds_eight_times_the_pixel_minus_its_neighbours(size, channel):
    x, encoded = normal(1, size, size, 2), normal(1, size, size, 2, seed=1)
    masks = tf.nn.sigmoid(normal(1, size, size, 2, seed=2))
    ours = HighPassSkip(strength=2.0)([x, encoded, masks])
    masked = np.pad((masks[..., channel, None] * encoded)[0], ((1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(masked, (3, 3), axis=(0, 1))
    theirs = x[0] + (9 * masked[1:-1, 1:-1] - windows.sum(axis=(-2, -1))) / 2.0
    np.testing.assert_allclose(ours[0], theirs, atol=1e-5)


def test_masks_are_averaged_when_halved_and_may_be_missing():
    x, encoded = normal(1, 32, 32, 2), normal(1, 32, 32, 2, seed=1)
    masks = tf.nn.sigmoid(normal(1, 64, 64, 2, seed=2))
    halved = masks.numpy().reshape(1, 32, 2, 32, 2, 2).mean(axis=(2, 4))
    layer = HighPassSkip()
    expected = layer([x, encoded, tf.constant(halved)])
    np.testing.assert_allclose(layer([x, encoded, masks]), expected, atol=1e-5)
    np.testing.assert_array_equal(layer([x, encoded, None]), x)


# --- per-domain heads -------------------------------------------------------------


def heads_of_all_domains(layer, x, domain):
    every = tf.einsum("bi,dio->bdo", x, layer.kernel.value) + layer.bias.value
    return tf.gather(every, domain, axis=1, batch_dims=1)


@pytest.mark.parametrize("domains", [3, 7, 50])  # one product, and gathered
def test_heads_equal_computing_all_and_picking_one_with_their_gradients(domains):
    x, domain = normal(4, 5), tf.constant([2, 0, 2, domains - 1])
    layer = DomainDense(3, num_domains=domains)
    layer.build([x.shape, domain.shape])
    layer.bias.assign(normal(domains, 3, seed=1))
    weights = (layer.kernel.value, layer.bias.value)
    ways = {
        "official": lambda x: heads_of_all_domains(layer, x, domain),
        "chosen": lambda x: layer([x, domain]),
        "stacked": lambda x: stacked_heads(x, domain, *weights),
        "gathered": lambda x: gathered_heads(x, domain, *weights),
    }
    results = {name: slopes(way, x, weights) for name, way in ways.items()}
    for name, received in results.items():
        for ours, theirs in zip(received, results["official"], strict=True):
            # Sums of terms of some 70: what is near zero has their rounding.
            np.testing.assert_allclose(ours, theirs, 1e-5, 2e-4, err_msg=name)


@pytest.mark.parametrize("domains", [3, 50])
def test_heads_take_domains_as_one_hots_too(domains):
    x, numbers = normal(4, 5), tf.constant([2, 0, 2, domains - 1])
    layer = DomainDense(3, num_domains=domains)
    expected = layer([x, numbers])
    received = layer([x, tf.one_hot(numbers, domains)])
    np.testing.assert_allclose(received, expected, 1e-5, 1e-5)


def slopes(function, x, weights):
    """Outputs, their slopes, and those slopes' slopes, as R1 needs them."""
    with tf.GradientTape() as tape:
        with tf.GradientTape() as inner:
            tape.watch([x, *weights])
            inner.watch(x)
            outputs = function(x)
            total = tf.reduce_sum(outputs**2)
        slope = inner.gradient(total, x)
        loss = tf.reduce_sum(slope**2) + total
    gradients = tape.gradient(loss, [x, *weights])
    return [outputs, slope, *map(tf.convert_to_tensor, gradients)]


@pytest.mark.parametrize("shape", [(2, 4), (2, 5, 4)])  # one product, and gathered
def test_a_domain_that_does_not_exist_is_no_silent_zero(shape):
    """With 1-based domains the last one's verdict and style were exactly 0."""
    layer, x = DomainDense(2, 3), normal(*shape)
    known = layer([x, tf.constant([2, 0])])
    outputs = layer([x, tf.constant([2, -1])])
    assert np.isnan(outputs[1]).all()
    np.testing.assert_array_equal(outputs[0], known[0])
    if len(shape) == 2:
        assert np.isnan(layer([x, tf.constant([2, 3])])[1]).all()
        return
    with pytest.raises(tf.errors.InvalidArgumentError):  # On a GPU it is NaN.
        layer([x, tf.constant([2, 3])])


def test_heads_take_many_rows_of_one_domain():
    x, domain = normal(2, 6, 5), tf.constant([1, 0])
    layer = DomainDense(3, num_domains=2)
    many = layer([x, domain])
    for row in range(6):
        np.testing.assert_allclose(many[:, row], layer([x[:, row], domain]), atol=1e-6)


def test_heads_cost_what_the_batch_costs():
    def operations(num_domains):
        layer = DomainDense(8, num_domains)
        layer.build([(None, 16), (None,)])
        graph = tf.function(lambda x, d: layer([x, d])).get_concrete_function(
            tf.TensorSpec((4, 16)), tf.TensorSpec((4,), tf.int32)
        )
        sizes = [
            np.prod(output.shape)
            for operation in graph.graph.get_operations()
            if operation.type not in ("Placeholder", "ReadVariableOp", "Const")
            for output in operation.outputs
        ]
        return max(sizes)

    assert operations(1000) == operations(100) == 4 * 16 * 8
    assert operations(2) < operations(100)


# --- blocks -----------------------------------------------------------------------


def test_a_block_of_zero_convolutions_is_its_shortcut_over_root_two():
    x = normal(2, 8, 8, 3)
    block = DownResidualBlock(3, downsample=True)
    block.build(x.shape)
    for weight in block.weights:
        weight.assign(tf.zeros_like(weight))
    halved = x.numpy().reshape(2, 4, 2, 4, 2, 3).mean(axis=(2, 4))
    np.testing.assert_allclose(block(x), halved / np.sqrt(2), atol=1e-6)


def test_an_up_block_without_shortcut_keeps_its_weights_unused_and_untrained():
    x, style = normal(2, 4, 4, 6), normal(2, 5)
    block = AdaINResidualBlock(3, upsample=True, use_shortcut=False)
    before = block([x, style])
    assert before.shape == (2, 8, 8, 3)
    block.shortcut.kernel.assign(tf.ones_like(block.shortcut.kernel))
    np.testing.assert_array_equal(block([x, style]), before)
    assert len(block.weights) == len(block.trainable_weights) + 1


def test_a_bilinear_block_of_zero_convolutions_keeps_a_slope():
    block = AdaINResidualBlock(1, upsample=True, interpolation="bilinear")
    slope = np.tile(np.arange(4.0, dtype=np.float32), (1, 4, 1))[..., None]
    inputs = [slope, np.ones((1, 2), np.float32)]
    block.build([x.shape for x in inputs])
    for weight in block.weights:
        weight.assign(tf.zeros_like(weight))
    row = [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3]
    doubled = np.tile(row, (1, 8, 1))[..., None]
    np.testing.assert_allclose(block(inputs), doubled / np.sqrt(2), atol=1e-6)


LAYERS = {
    "adain": (AdaIN, {}, [(2, 8, 8, 4), (2, 5)]),
    "adain_block": (
        AdaINResidualBlock,
        {"filters": 6, "upsample": True},
        [(2, 8, 8, 4), (2, 5)],
    ),
    "bilinear_block": (
        AdaINResidualBlock,
        {"filters": 6, "upsample": True, "interpolation": "bilinear"},
        [(2, 8, 8, 4), (2, 5)],
    ),
    "down_block": (
        DownResidualBlock,
        {"filters": 6, "normalize": True, "downsample": True},
        (2, 8, 8, 4),
    ),
    "trunk": (
        ImageTrunk,
        {"image_size": 64, "base_filters": 2, "max_filters": 4},
        (2, 64, 64, 3),
    ),
}


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_layers_come_back_from_their_config_and_keep_their_type(name, dtype):
    kind, arguments, shapes = LAYERS[name]
    layer = kind(**arguments, dtype=dtype)
    inputs = (
        [normal(*s) for s in shapes] if isinstance(shapes, list) else normal(*shapes)
    )
    outputs = layer(inputs)
    assert outputs.shape == tuple(layer.compute_output_shape(shapes))
    assert keras.backend.standardize_dtype(outputs.dtype) == layer.compute_dtype
    assert np.isfinite(tf.cast(outputs, tf.float32)).all()
    again = kind.from_config(layer.get_config())
    again.build(shapes)
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(inputs), outputs)


# --- sizes ------------------------------------------------------------------------


def test_the_paper_s_widths_at_256_pixels():
    assert halvings(256, until=4) == 6
    assert widths(256, None, 512, 6) == [64, 128, 256, 512, 512, 512, 512]


@pytest.mark.parametrize("size", [32, 100, 2048])
def test_other_image_sizes_are_refused_with_the_nearest_one(size):
    with pytest.raises(
        InputError, match=r"Received: .*Resize the data, for example to (64|96|1024)"
    ):
        check_image_size(size)


@pytest.mark.parametrize(
    ("size", "count"), [(64, 4), ((96, 160), 4), ((128, 160), 5), (1024, 8)]
)
def test_images_between_powers_of_two_are_halved_as_the_next_smaller_one(size, count):
    check_image_size(size)
    assert halvings(size, until=4) == count
