"""Accumulation and rematerialization: the result of the plain computation."""

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.models.stargan_v2.memory import (
    mean_over_micro_batches,
    rematerialized,
)
from tests.models.stargan_v2.test_model import AVERAGED, batch, compiled

pytestmark = pytest.mark.usefixtures("small_images")

# These two use everything: R1, every network, both kinds of styles.
PHASES = (("discriminator", "reference"), ("generator", "latent"))


def gradients(**options):
    """(gradients of two phases, logs)."""
    model = compiled(run_eagerly=True, **options)
    data = model._unpack(four())
    found = {}
    for kind, source in PHASES:
        phase = getattr(model, f"_update_{kind}")(data, source)
        found |= {(kind, name): phase[name] for name in phase}
    return found, {
        name: float(value) for name, value in model.get_metrics_result().items()
    }


def four():
    """A batch of four."""
    parts = zip(batch(0), batch(1), strict=True)
    return tuple(tf.concat(part, axis=0) for part in parts)


@pytest.fixture(scope="module")
def plain():
    return gradients()


@pytest.mark.parametrize("options", [{"accumulate": 2}, {"remat": True}])
def test_the_gradients_are_those_of_the_whole_batch(plain, options):
    (expected, expected_logs), (received, logs) = plain, gradients(**options)
    assert received.keys() == expected.keys()
    assert len(received) == 1 + len(AVERAGED)
    for phase in expected:
        # Biases before a normalisation have nothing but rounding as gradients.
        scale = max(np.abs(theirs).max() for theirs in expected[phase])
        for ours, theirs in zip(received[phase], expected[phase], strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-4 * scale, err_msg=phase)
    assert logs == pytest.approx(expected_logs, rel=1e-4, abs=1e-6)


def test_in_a_graph_and_together(plain):
    model = compiled(run_eagerly=False, accumulate=4, remat=True)
    data = tf.data.Dataset.from_tensors(four())
    history = model.fit(data, shuffle=False, verbose=0).history
    assert int(model.step) == 1
    # D sees the first weights, here in another phase, but of the same images.
    for term in ("real", "r1"):
        expected = plain[1][f"d_reference_{term}"]
        assert history[f"d_latent_{term}"] == [pytest.approx(expected, rel=1e-4)]
    for name in (*AVERAGED, "discriminator"):
        updates = {"generator": 2, "discriminator": 2}.get(name, 1)
        assert int(getattr(model, f"{name}_optimizer").iterations) == updates


def test_parts_of_a_batch_by_hand(monkeypatch):
    weight = tf.Variable([2.0, 3.0])
    rows = tf.constant([[1.0, 0.0], [3.0, 2.0], [5.0, 4.0]])

    def slope(part):
        x, nothing = part
        assert nothing is None and x.shape == (1, 2)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.reduce_sum(x * weight**2, axis=1))
        return [tape.gradient(loss, weight)]

    (found,) = mean_over_micro_batches(slope, (rows, None), 3, [weight])
    np.testing.assert_allclose(found, [12.0, 12.0])  # 2 w · mean of the rows.
    with pytest.raises(ValueError, match="accumulate=2.*a batch of 3"):
        mean_over_micro_batches(slope, (rows, None), 2, [weight])
    # The share of a device may have fewer images, and is divided further.
    two = SimpleNamespace(num_replicas_in_sync=2)
    monkeypatch.setattr(tf.distribute, "get_strategy", lambda: two)
    (found,) = mean_over_micro_batches(slope, (rows, None), 2, [weight])
    np.testing.assert_allclose(found, [12.0, 12.0])


@pytest.mark.parametrize("graph", [False, True])
def test_a_rematerialized_function_has_the_same_gradients(graph):
    table = tf.Variable([[1.0], [2.0], [4.0]])

    def function(x):
        return tf.gather(table, [0, 2]) * x**2

    def slopes(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = rematerialized(function)(x)
        return y, *tape.gradient(y, [x, table])

    slopes = tf.function(slopes) if graph else slopes
    y, by_x, by_table = slopes(tf.constant([[3.0], [5.0]]))
    np.testing.assert_allclose(y, [[9.0], [100.0]])
    np.testing.assert_allclose(by_x, [[6.0], [40.0]])
    np.testing.assert_allclose(by_table, [[9.0], [0.0], [25.0]])
