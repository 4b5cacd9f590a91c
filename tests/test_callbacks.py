"""The public callbacks, with models that count and with one that trains."""

import json
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from PIL import Image

import stargan_tf
from stargan_tf import Evaluate, KeepBest, SampleImages, StopOnNaN, callbacks
from stargan_tf.callbacks import StepCallback, TrainingDiverged
from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.source import LabeledImages
from stargan_tf.errors import InputError
from stargan_tf.training.checkpoints import State, read_best
from stargan_tf.training.watching import Samples
from tests.models.conftest import HAIR, tiny

# Keras 3 on NumPy 2.4, whenever a variable is saved.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't")


class Step:
    def __init__(self, value):
        self.value = value

    def numpy(self):
        return self.value


class Model:
    metrics = (keras.metrics.Mean("d_loss"), keras.metrics.Mean("g_loss"))

    def __init__(self, step=0):
        self.step = Step(step)


def begin(callback, model, **params):
    callback.set_params(params)
    callback.set_model(model)
    callback.on_train_begin()
    return callback


def step(callback, logs=None):
    logs = {} if logs is None else logs
    callback.on_train_batch_end(0, logs)
    return logs


class Watch(StepCallback):
    def __init__(self):
        super().__init__()
        self.seen = []

    def on_step(self, logs):
        self.seen.append((self.step, logs))


def test_the_step_is_the_model_s():
    callback = begin(Watch(), Model(step=40))
    step(callback, {"loss": 1.0})
    callback.on_train_batch_end(0)
    assert callback.seen == [(41, {"loss": 1.0}), (42, {})]


def test_a_model_that_is_restored_afterwards_is_counted_along():
    callback = begin(Watch(), Model())
    callback.model.step.value = 40  # By BackupAndRestore.
    callback.on_epoch_begin(0)
    step(callback)
    assert [number for number, _ in callback.seen] == [41]


def test_several_steps_may_be_one_execution():
    model = Model()
    model.steps_per_execution = 4
    callback = begin(Watch(), model)
    for model.step.value in (4, 8, 10):
        step(callback)
    assert [step for step, _ in callback.seen] == [4, 8, 10]


# === StopOnNaN ===


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_any_value_that_is_not_finite_stops(value):
    callback = begin(StopOnNaN(), Model(step=7))
    # KID of too few images, added by an evaluation, is no loss.
    step(callback, {"d_loss": 1.0, "g_loss": 2.0, "kid": float("nan")})
    with pytest.raises(TrainingDiverged, match=r"g_loss became .* at step 9\."):
        step(callback, {"d_loss": 1.0, "g_loss": value})


def test_every_loss_that_is_not_finite_is_named():
    callback = begin(StopOnNaN(), Model(step=7))
    logs = {"loss": float("nan"), "d_loss": float("nan"), "g_loss": float("inf")}
    words = r"diverged: d_loss became nan, g_loss became inf at step 8\."
    with pytest.raises(TrainingDiverged, match=words):
        step(callback, logs)


# === SampleImages ===


@pytest.fixture
def samples(monkeypatch):
    """What the next drawings show; to be changed."""
    drawn = {
        "pictures": {"": Image.new("RGB", (8, 8))},
        "diagnostics": {"label_effect": 0.5},
        "shown": (3, 3),
        "warning": "",
    }
    chosen = SimpleNamespace(sampler="tests.test_callbacks:_draw")
    monkeypatch.setattr(callbacks, "_family", lambda model: chosen)
    monkeypatch.setitem(globals(), "_draw", lambda held_out: lambda _: Samples(**drawn))
    return drawn


def names(folder):
    return sorted(path.name for path in folder.glob("*.png"))


def test_samples_are_drawn_at_intervals_and_at_the_end(tmp_path, samples):
    log = tmp_path / "metrics.jsonl"
    run = SampleImages(tmp_path / "run", [], every=2, total_steps=5, log=log)
    script = SampleImages(tmp_path / "script", [], every=2)
    samples["pictures"]["styles"] = Image.new("RGB", (8, 8))
    for callback in (run, script):
        begin(callback, Model())
        for _ in range(5):
            step(callback)
        callback.on_train_end({})
        assert names(callback.folder) == [
            f"step_0000000{number}{kind}.png"
            for number in (2, 4, 5)
            for kind in ("", "_styles")
        ]
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert lines == [{"step": k, "label_effect": 0.5} for k in (2, 4, 5)]


def test_an_execution_of_several_steps_may_pass_the_interval(tmp_path, samples):
    model = Model()
    model.steps_per_execution = 4
    callback = begin(SampleImages(tmp_path, [], every=5), model)
    for model.step.value in (4, 8, 12):
        step(callback)
    assert names(tmp_path) == ["step_00000008.png", "step_00000012.png"]


def test_diagnostics_join_the_logs(tmp_path, samples):
    callback = begin(SampleImages(tmp_path, [], every=2), Model())
    assert step(callback) == {} and step(callback) == {"label_effect": 0.5}
    logs = {"d_loss": 1.0}
    callback.on_epoch_end(0, logs)
    assert logs == {"d_loss": 1.0, "label_effect": 0.5}


def test_what_an_earlier_process_left_out_is_drawn_at_first(tmp_path, samples):
    for restored, expected in ((3, []), (4, ["step_00000004.png"])):
        begin(SampleImages(tmp_path, [], every=2), Model(restored))
        assert names(tmp_path) == expected


def test_how_many_domains_are_shown_is_said_once(tmp_path, samples, capsys):
    samples["shown"] = (16, 100)
    callback = begin(SampleImages(tmp_path, [], every=1), Model())
    step(callback)
    step(callback)
    assert capsys.readouterr().out.count("16 of 100 domains") == 1


def test_warns_once_and_not_early(tmp_path, samples):
    samples["warning"] = "It hardly reacts."
    run = SampleImages(tmp_path / "a", [], every=2, total_steps=20)
    script = SampleImages(tmp_path / "b", [], every=2)
    for callback in (run, script):
        begin(callback, Model(), epochs=5, steps=4)
        step(callback)
        step(callback)  # Step 2 of 20 is too early to tell.
        step(callback)
        with pytest.warns(UserWarning, match=r"Step 4: It hardly reacts\."):
            step(callback)
        step(callback)
        step(callback)


# === Evaluate and KeepBest ===

MOODS = DatasetInfo("moods", ("happy", "sad"), "one_hot", 64)


def images(info, name=None):
    rng = np.random.default_rng(0)
    size, domains = info.image_size, len(info.domains)
    info = DatasetInfo(name or info.name, info.domains, info.label_type, size)
    pixels = rng.integers(0, 255, (4, size, size, 3), np.uint8)
    labels = np.eye(domains, dtype=np.float32)[[0, 1, 0, 1]]
    return LabeledImages(info, labels, tuple("abcd"), pixels.__getitem__, info.name)


def evaluation(model, *sources):
    """The callback where both splits are the same images."""
    sources = list(sources)
    callback = Evaluate(sources, sources, metrics="unchanged", outputs=2)
    callback.set_model(model)
    return callback


def test_v2_is_measured_with_its_averaged_networks():
    sizes = {"base_filters": 2, "max_filters": 4, "style_dim": 4, "latent_dim": 3}
    model = stargan_tf.StarGANV2(MOODS, hidden_dim=5, **sizes)
    callback = evaluation(model, images(MOODS))
    before = callback.measure()
    assert set(before) == {
        "latent_cycle_error",
        "reference_cycle_error",
        "same_domain_change",
    }
    for variable in model.generator.trainable_variables:
        variable.assign(variable * 0.5)
    assert callback.measure() == before
    for variable in model.generator_ema.variables:
        variable.assign(variable * 0.5)
    assert callback.measure() != before


def test_names_begin_with_the_data_set_where_there_are_several(monkeypatch):
    class Moved:
        def translate(self, images, labels, dataset):
            return images + 0.1 * dataset

    chosen = SimpleNamespace(translated_by="labels")
    monkeypatch.setattr(callbacks, "_family", lambda model: chosen)
    values = evaluation(Moved(), images(MOODS, "one"), images(MOODS, "two")).measure()
    assert set(values) == {
        *("one_cycle_error", "one_same_domain_change"),
        *("two_cycle_error", "two_same_domain_change"),
    }
    assert values["one_cycle_error"] == 0.0
    assert values["two_same_domain_change"] > 5


def test_a_script_watches_a_training(tmp_path):
    model, faces = tiny(), images(HAIR)
    model.compile(critic_steps=1, run_eagerly=True)
    watching = [
        StopOnNaN(),
        SampleImages(tmp_path / "samples", faces, every=2),
        Evaluate(faces, faces, every=2, metrics="unchanged"),
        KeepBest(tmp_path / "best", "cycle_error"),
        keras.callbacks.EarlyStopping("cycle_error", mode="min", patience=5),
    ]
    data = stargan_tf.training_batches(faces, 4, cache="never")
    logs = model.fit(
        data, steps_per_epoch=2, epochs=2, verbose=0, shuffle=False, callbacks=watching
    )
    assert names(tmp_path / "samples") == ["step_00000002.png", "step_00000004.png"]
    assert "label_effect" in logs.history and len(logs.history["cycle_error"]) == 2
    best = read_best(tmp_path / "best")
    assert best.step in (2, 4)
    assert best.value == min(logs.history["cycle_error"])
    kept = stargan_tf.load_model(tmp_path / "best")
    assert int(kept.step) == best.step
    measured = evaluation(kept, faces).measure()["cycle_error"]
    assert measured == pytest.approx(best.value)


def test_the_best_is_kept_and_what_is_not_measured_is_told(tmp_path, capsys):
    saved = []

    class Saved(Model):
        def save(self, file):
            file.write_text("weights")
            saved.append(self.step.value)

    def describe(number):
        return State(number, "stargan", [HAIR.to_dict()], [1], {})

    callback = begin(KeepBest(tmp_path / "best", "fid", describe), Saved())
    for value in (5.0, 6.0, 4.0):
        callback.model.step.value += 1
        step(callback, {"d_loss": 1.0, "fid": value})
        step(callback, {"d_loss": 1.0})
    callback.on_train_end({"fid": 3.0})
    assert saved == [1, 3, 3]
    assert read_best(tmp_path / "best").value == 3.0
    assert "No best checkpoint" not in capsys.readouterr().out
    step(callback, {"kid": 1.0})
    assert "the evaluation has no fid" in capsys.readouterr().out


def test_settings_that_cannot_be_meant_are_refused(tmp_path):
    with pytest.raises(InputError, match="classification_error.*Received: 'g_loss'"):
        KeepBest(tmp_path, "g_loss")
    with pytest.raises(InputError, match="at least 1 step. Received: every=0"):
        SampleImages(tmp_path, [], every=0)
    with pytest.raises(InputError, match="There is no metric 'fidd'"):
        Evaluate(images(HAIR), images(HAIR), metrics="fidd")
