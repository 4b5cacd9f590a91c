"""Pixels without data, which networks neither see nor change; LeakyReLU, by hand."""

import numpy as np
import pytest
import tensorflow as tf

import stargan_tf
from stargan_tf.data import intensity
from stargan_tf.data.info import ONE_HOT, DatasetInfo
from stargan_tf.data.intensity import GAP, Intensity
from stargan_tf.errors import InputError
from stargan_tf.layers import pointwise
from stargan_tf.layers.pointwise import FillGaps, KeepGaps, LeakyReLU
from stargan_tf.models.stargan import OUTPUTS
from tests.models.conftest import tiny

INFO = DatasetInfo(
    "scenes",
    ("summer", "winter"),
    ONE_HOT,
    64,
    num_channels=2,
    intensity=Intensity((0,), (800,), "-9999"),
)


def scenes(seed=0, count=2):
    """Images, of which a quarter has no data."""
    images = np.random.default_rng(seed).uniform(-1, 1, (count, 64, 64, 2))
    images[:, :32, 32:] = GAP
    return images.astype(np.float32)


def v1(info=INFO, **options):
    return tiny(info, **options)


def v2(info=INFO):
    return stargan_tf.StarGANV2(
        info, base_filters=4, max_filters=8, style_dim=4, hidden_dim=8
    )


def test_layers_by_hand():
    assert pointwise.LARGEST_GAP == intensity.LARGEST_GAP
    image = np.array([[[[GAP, 0.5, -1.0, -1.2]]]], np.float32)
    drawn = np.array([[[[0.3, 0.4, -1.5, 0.9]]]], np.float32)
    np.testing.assert_allclose(FillGaps()(image), [[[[-1, 0.5, -1, -1]]]])
    kept = KeepGaps()([image, drawn])
    np.testing.assert_allclose(kept, [[[[GAP, 0.4, -1, -1.2]]]])


@pytest.mark.parametrize("output", OUTPUTS)
def test_gaps_stay_in_every_output(output):
    images = scenes()
    drawn = v1(output=output).translate(images, "winter")
    gaps = images == GAP
    np.testing.assert_array_equal(drawn == GAP, gaps)
    assert np.abs(drawn[~gaps]).max() <= 1


@pytest.mark.parametrize("make", [v1, v2])
def test_what_stands_in_a_gap_does_not_matter(make):
    """Of two images that differ in their gaps' values only."""
    model, images = make(), scenes()
    others = np.where(images == GAP, np.float32(-1.7), images)
    how = {"seed": 0} if make is v2 else {}
    first, second = (model.translate(x, "winter", **how) for x in (images, others))
    np.testing.assert_array_equal(first[:, 32:], second[:, 32:])


@pytest.mark.parametrize("make", [v1, v2])
def test_gaps_add_nothing_to_pixel_losses(make):
    """A cycle that is perfect where there is data costs nothing."""
    model, images = make(), scenes()
    model.compile(total_steps=1) if make is v1 else model.compile(run_eagerly=True)
    labels = np.eye(2, dtype=np.float32)
    batch = (images, labels)
    if make is v2:
        domains = np.array([0, 1])
        batch = (images, domains, scenes(1), scenes(2), 1 - domains)
    logs = model.train_on_batch(batch, return_dict=True)
    assert all(np.isfinite(value) for value in logs.values())
    if make is v1:
        drawn = model.generator([images, labels]).numpy()
        there = np.abs(images - drawn)
        assert there[images == GAP].max() == 0 < there.mean()


def test_a_whole_image_without_data_is_harmless():
    model, images = v1(), np.full((1, 64, 64, 2), GAP, np.float32)
    np.testing.assert_array_equal(model.translate(images, "winter"), images)


def test_models_without_gaps_have_no_such_layers():
    info = DatasetInfo("scenes", ("summer", "winter"), ONE_HOT, 64, num_channels=2)
    for network in (v1(info).generator, v2(info).discriminator):
        assert not any("gaps" in layer.name for layer in network.layers)
    assert any("gaps" in layer.name for layer in v1().generator.layers)


def test_batches_may_have_gaps_and_nothing_else(tmp_path):
    model, labels = v1(), np.eye(2, dtype=np.float32)
    model.compile(total_steps=1)
    model.fit(scenes(), labels, batch_size=2, verbose=0)
    with pytest.raises(InputError, match=r"float in \[-1, 1\]"):
        model.fit(scenes() * 1.5, labels, batch_size=2, verbose=0)
    model.save(tmp_path / "m.keras")
    again = stargan_tf.load_model(tmp_path / "m.keras")
    drawn = (m.translate(scenes(), "winter") for m in (model, again))
    np.testing.assert_array_equal(*drawn)


# --- LeakyReLU ---

X = tf.constant([-2.0, -0.5, 0.5, 3.0])


def test_values_and_slopes():
    with tf.GradientTape() as tape:
        tape.watch(X)
        y = LeakyReLU(0.2)(X)
    np.testing.assert_allclose(y, [-0.4, -0.1, 0.5, 3.0], rtol=1e-6)
    np.testing.assert_allclose(tape.gradient(y, X), [0.2, 0.2, 1.0, 1.0], rtol=1e-6)


def test_a_slope_depends_on_what_comes_from_above_and_not_on_the_input():
    weight = tf.constant(3.0)
    with tf.GradientTape() as outer:
        outer.watch([X, weight])
        with tf.GradientTape() as inner:
            inner.watch(X)
            y = weight * LeakyReLU(0.2)(X)
        slope = inner.gradient(y, X)
        penalty = tf.reduce_sum(slope**2)  # w² · (2 · 0.04 + 2)
    to_input, to_weight = outer.gradient(penalty, [X, weight])
    assert to_input is None
    np.testing.assert_allclose(to_weight, 2 * 3.0 * 2.08, rtol=1e-6)


def test_half_precision_stays():
    layer = LeakyReLU(0.2, dtype="mixed_bfloat16")
    with tf.GradientTape() as tape:
        x = tf.cast(X, tf.bfloat16)
        tape.watch(x)
        y = layer(x)
    assert y.dtype == tape.gradient(y, x).dtype == tf.bfloat16
