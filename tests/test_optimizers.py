"""TorchAdam against NumPy, and both readings of the paper's learning-rate decay."""

import keras
import numpy as np
import pytest

from stargan_tf.errors import InputError
from stargan_tf.optimizers import LinearDecay, TorchAdam


def adam(value, gradients, rate, beta_1, beta_2, epsilon):
    m = v = np.zeros_like(value)
    for t, g in enumerate(gradients, start=1):
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g**2
        m_hat, v_hat = m / (1 - beta_1**t), v / (1 - beta_2**t)
        value = value - rate * m_hat / (np.sqrt(v_hat) + epsilon)
    return value


def test_equals_kingma_and_ba_where_gradients_are_as_small_as_epsilon():
    rng = np.random.default_rng(0)
    start = rng.normal(size=6)
    scales = np.array([1.0, 1e-4, 1e-7, 1e-8, 1e-9, 0.0])
    gradients = rng.normal(size=(5, 6)) * scales
    variable = keras.Variable(start.astype(np.float32))
    optimizer = TorchAdam(0.1, beta_1=0.5, beta_2=0.999)
    for gradient in gradients:
        optimizer.apply([gradient.astype(np.float32)], [variable])
    expected = adam(start, gradients, 0.1, 0.5, 0.999, 1e-8)
    np.testing.assert_allclose(variable.numpy(), expected, atol=5e-6)


def test_round_trip():
    optimizer = TorchAdam(0.25, beta_1=0.1)
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(optimizer)
    )
    assert again.get_config() == optimizer.get_config()


@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_one_pass_and_separate_operations_agree(monkeypatch, l2):
    rng = np.random.default_rng(0)
    start, *gradients = rng.normal(size=(4, 6)).astype(np.float32)
    results = []
    for backend in ("tensorflow", "another"):
        variable = keras.Variable(start)
        optimizer = TorchAdam(0.1, l2=l2)
        optimizer.build([variable])
        monkeypatch.setattr(keras.backend, "backend", lambda name=backend: name)
        for gradient in gradients:
            optimizer.apply([gradient], [variable])
        monkeypatch.undo()
        results.append([v.numpy() for v in (variable, *optimizer.variables)])
    for one_pass, separate in zip(*results, strict=True):
        # TensorFlow's kernel has 1 - 0.999 of float32, which is off by 1.3e-5.
        np.testing.assert_allclose(one_pass, separate, rtol=5e-5)


def test_amsgrad_is_refused():
    with pytest.raises(InputError, match=r"no amsgrad.*keras.optimizers.Adam"):
        TorchAdam(amsgrad=True)


def trained(steps=2, **arguments):
    """The weights after a few updates with the gradient (3, -4)."""
    variable = keras.Variable(np.array([1.0, 2.0], np.float32))
    # A large ε: the step then grows with the gradient.
    optimizer = TorchAdam(0.1, beta_1=0.5, beta_2=0.999, epsilon=10.0, **arguments)
    for _ in range(steps):
        optimizer.apply([np.array([3.0, -4.0], np.float32)], [variable])
    return variable.numpy()


@pytest.mark.parametrize(
    "arguments",
    [
        {"weight_decay": 0.1},
        {"clipnorm": 1.0},
        {"clipvalue": 1.0},
        {"global_clipnorm": 1.0},
        {"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 2},
        {"loss_scale_factor": 8.0},
        {"gradient_accumulation_steps": 2},
    ],
    ids=lambda arguments: next(iter(arguments)),
)
def test_every_argument_of_keras_optimizers_has_its_effect(arguments):
    assert np.abs(trained(**arguments) - trained()).max() > 1e-3


def test_accumulated_gradients_are_one_update():
    twice = trained(gradient_accumulation_steps=2)
    np.testing.assert_allclose(twice, trained(steps=1), rtol=1e-6)


def rate(step, **arguments):
    return float(LinearDecay(1e-4, 200_000, **arguments)(step))


@pytest.mark.parametrize(
    ("step", "expected"),
    [(0, 1e-4), (100_000, 1e-4), (150_000, 5e-5), (199_999, 1e-9), (300_000, 0.0)],
)
def test_paper_falls_linearly_to_zero_over_the_second_half(step, expected):
    assert rate(step) == pytest.approx(expected, rel=1e-2, abs=1e-11)


@pytest.mark.parametrize(
    ("step", "decrements"),
    [(0, 0), (100_999, 0), (101_000, 1), (101_999, 1), (102_000, 2), (199_999, 99)],
)
def test_official_takes_one_hundred_thousandth_off_every_thousand_steps(
    step, decrements
):
    expected = 1e-4 * (1 - decrements / 100_000)
    assert rate(step, kind="official") == pytest.approx(expected, rel=1e-6)


def test_generator_counts_updates_not_steps():
    assert rate(30_000, steps_per_update=5) == pytest.approx(rate(150_000))


def test_a_schedule_comes_back_from_its_config():
    schedule = LinearDecay(1e-3, 10, "official", 5)
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(schedule)
    )
    assert again.get_config() == schedule.get_config()


def test_unknown_kind():
    with pytest.raises(ValueError, match="'paper', 'official'. Received: 'cosine'"):
        LinearDecay(1e-4, 10, "cosine")
