"""Keras' own callbacks with models that have several optimizers."""

import csv

import keras
import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.data.info import DatasetInfo
from stargan_tf.errors import InputError
from stargan_tf.models.stargan_v2.model import StarGANV2
from stargan_tf.optimizers import TorchAdam
from tests.models.conftest import tiny

# Keras 3 on NumPy 2.4, whenever a variable is saved.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't")

CALLBACKS = keras.callbacks


def compiled(**options):
    keras.utils.set_random_seed(1)
    model = tiny()
    options = {"critic_steps": 1, "total_steps": 100, "run_eagerly": True, **options}
    model.compile(**options)
    return model


def fit(model, batch, epochs=2, **options):
    """One step each epoch."""
    data = tf.data.Dataset.from_tensors(batch)
    options = {"verbose": 0, "shuffle": False, "epochs": epochs, **options}
    return model.fit(data, **options).history


def rates(model):
    return {
        name: float(getattr(model, name).learning_rate)
        for name in dir(model)
        if name.endswith("_optimizer")
    }


def flat(model):
    return np.concatenate([np.ravel(v) for v in model.training_state])


def test_a_rate_that_is_set_ends_the_schedules(batch):
    model = compiled(total_steps=2, run_eagerly=False)
    assert float(model.optimizer.learning_rate) == pytest.approx(1e-4)
    fit(model, batch)
    assert float(model.optimizer.learning_rate) == 0.0  # The schedule is at its end.
    model.optimizer.learning_rate = 5e-5
    assert rates(model) == pytest.approx(
        {"generator_optimizer": 5e-5, "discriminator_optimizer": 5e-5}
    )
    before = flat(model)
    fit(model, batch)
    assert (flat(model) != before).any()
    assert float(model.optimizer.learning_rate) == pytest.approx(5e-5)


def test_the_rates_of_all_networks_keep_their_ratios():
    info = DatasetInfo("moods", ("happy", "sad"), "one_hot", 64)
    model = StarGANV2(info, base_filters=1, max_filters=2, hidden_dim=4)
    schedule = keras.optimizers.schedules.CosineDecay(2e-4, 10)
    warm_up = keras.optimizers.schedules.PiecewiseConstantDecay([5], [0.0, 1e-3])
    model.compile(
        style_encoder_optimizer=TorchAdam(schedule),
        discriminator_optimizer=keras.optimizers.SGD(warm_up),
    )
    model.optimizer.learning_rate = 3e-5
    assert rates(model) == pytest.approx(
        {
            "generator_optimizer": 3e-5,
            "mapping_network_optimizer": 3e-7,
            "style_encoder_optimizer": 6e-5,
            "discriminator_optimizer": 3e-5,
        }
    )


@pytest.mark.parametrize(
    "rate", [-1.0, float("nan"), keras.optimizers.schedules.CosineDecay(1e-4, 5)]
)
def test_only_numbers_from_0_are_learning_rates(rate):
    with pytest.raises(InputError, match="must be a number of at least 0. Received"):
        compiled().optimizer.learning_rate = rate


def test_a_copied_optimizer_has_the_schedule_itself():
    optimizer = compiled(total_steps=7).generator_optimizer
    copy = type(optimizer).from_config(optimizer.get_config())
    copy.build([keras.Variable(0.0)])
    copy.iterations.assign(7)
    assert float(copy.learning_rate) == 0.0


def test_learning_rate_scheduler(batch):
    seen = []

    def halved(epoch, rate):
        seen.append(rate)
        return rate / 2

    model = compiled()
    history = fit(model, batch, 3, callbacks=[CALLBACKS.LearningRateScheduler(halved)])
    assert seen == pytest.approx([1e-4, 5e-5, 2.5e-5])
    assert history["learning_rate"] == pytest.approx([5e-5, 2.5e-5, 1.25e-5])
    assert rates(model)["discriminator_optimizer"] == pytest.approx(1.25e-5)


OPTIMIZERS = {
    "schedules": {"run_eagerly": False},
    "unequal": {
        "generator_optimizer": TorchAdam(1e-3),
        "discriminator_optimizer": TorchAdam(3e-4),
    },
}


@pytest.mark.usefixtures("deterministic")
@pytest.mark.parametrize("optimizers", OPTIMIZERS)
def test_a_reduced_rate_is_saved_and_resumed_exactly(batch, tmp_path, optimizers):
    class Save(CALLBACKS.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                self.model.save(tmp_path / "model.keras")
                self.model.save_weights(tmp_path / "model.weights.h5")

    def options():
        configs = keras.saving.serialize_keras_object(OPTIMIZERS[optimizers])
        return keras.saving.deserialize_keras_object(configs)

    def reduced():  # After every epoch.
        return CALLBACKS.ReduceLROnPlateau(
            "d_loss", factor=0.3, patience=1, mode="max", min_delta=1e9
        )

    whole = compiled(**options())
    fit(whole, batch, 4, callbacks=[reduced(), Save()])
    assert float(whole.optimizer.learning_rate) < 1e-3 * 0.3**2
    loaded = keras.models.load_model(tmp_path / "model.keras")
    fresh = compiled(**options())
    fresh.load_weights(tmp_path / "model.weights.h5")
    for resumed in (loaded, fresh):
        callback = reduced()
        callback.on_train_begin = lambda logs: None  # It forgets what it has seen.
        callback.best = 0.0
        fit(resumed, batch, 4, initial_epoch=2, callbacks=[callback])
        np.testing.assert_array_equal(flat(resumed), flat(whole))
        assert rates(resumed) == rates(whole)
    fresh.load_weights(_untrained_weights(tmp_path, options()))
    assert rates(fresh) == rates(compiled(**options()))


def _untrained_weights(folder, options):
    compiled(**options).save_weights(folder / "untrained.weights.h5")
    return folder / "untrained.weights.h5"


def test_without_training_state_the_rate_is_left_out(batch, tmp_path):
    model = compiled()
    model.optimizer.learning_rate = 1e-3
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras", compile=False)
    np.testing.assert_array_equal(model.translate(*batch), again.translate(*batch))


def test_loss_is_the_sum_of_the_networks_losses(batch):
    model = compiled()
    history = fit(model, batch, validation_data=tf.data.Dataset.from_tensors(batch))
    for prefix in ("", "val_"):
        parts = (history[f"{prefix}{network}_loss"] for network in "dg")
        np.testing.assert_allclose(history[f"{prefix}loss"], np.sum([*parts], 0), 1e-6)


def test_terminate_on_nan(batch):
    model = compiled()
    kernel = model.generator.trainable_variables[0]
    kernel.assign(np.full(kernel.shape, np.nan))
    fit(model, batch, epochs=3, callbacks=[CALLBACKS.TerminateOnNaN()])
    assert int(model.step) == 1


def test_early_stopping_by_the_loss_or_by_one_network(batch):
    for arguments in ({"monitor": "loss"}, {"monitor": "g_loss", "mode": "min"}):
        stop = CALLBACKS.EarlyStopping(**arguments, min_delta=1e9, patience=1)
        model = compiled()
        fit(model, batch, epochs=5, callbacks=[stop])
        assert int(model.step) == 2


def test_model_checkpoint(batch, tmp_path):
    file = tmp_path / "{epoch}.keras"
    model = compiled()
    fit(model, batch, callbacks=[CALLBACKS.ModelCheckpoint(file)])
    again = keras.models.load_model(tmp_path / "2.keras")
    np.testing.assert_array_equal(flat(again), flat(model))


@pytest.mark.usefixtures("deterministic")
def test_backup_and_restore(batch, tmp_path):
    class Broken(CALLBACKS.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise RuntimeError("power cut")

    def callbacks():
        schedule = CALLBACKS.LearningRateScheduler(lambda epoch, rate: 0.5 * rate)
        return [schedule, CALLBACKS.BackupAndRestore(tmp_path / "backup")]

    whole = compiled()
    fit(whole, batch, 4, callbacks=callbacks()[:1])
    with pytest.raises(RuntimeError, match="power cut"):
        fit(compiled(), batch, 4, callbacks=[*callbacks(), Broken()])
    resumed = compiled()
    fit(resumed, batch, 4, callbacks=callbacks())
    np.testing.assert_array_equal(flat(resumed), flat(whole))


def test_csv_logger(batch, tmp_path):
    history = fit(
        compiled(), batch, callbacks=[CALLBACKS.CSVLogger(tmp_path / "log.csv")]
    )
    with (tmp_path / "log.csv").open() as file:
        rows = [*csv.DictReader(file)]
    for name, values in history.items():
        assert [float(row[name]) for row in rows] == pytest.approx(values)


def test_tensorboard(batch, tmp_path):
    pytest.importorskip("tensorboard")
    board = CALLBACKS.TensorBoard(tmp_path, write_steps_per_second=True)
    data = tf.data.Dataset.from_tensors(batch)
    fit(compiled(), batch, callbacks=[board], validation_data=data)
    (train,) = (tmp_path / "train").glob("events.*")
    tags = {
        value.tag
        for event in tf.compat.v1.train.summary_iterator(str(train))
        for value in event.summary.value
    }
    assert {"epoch_loss", "epoch_g_loss", "epoch_steps_per_second"} <= tags


def test_swap_ema_weights_is_refused_before_a_step(batch):
    model, swap = compiled(), CALLBACKS.SwapEMAWeights()
    data = tf.data.Dataset.from_tensors(batch)
    for callbacks in (swap, CALLBACKS.CallbackList([swap]), [swap]):
        for use in (model.fit, model.evaluate):
            with pytest.raises(InputError, match="single optimizer.*Remove it"):
                use(data, verbose=0, callbacks=callbacks)
    assert int(model.step) == 0
