import json

import keras
import numpy as np
import pytest

from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.source import LabeledImages
from stargan_tf.evaluation.evaluator import Evaluator
from stargan_tf.evaluation.options import EvaluationOptions
from stargan_tf.evaluation.tasks import Subject
from stargan_tf.training.callbacks import (
    Evaluate,
    LogMetrics,
    StepCallback,
    StopOnNaN,
    TrainingDiverged,
)
from stargan_tf.training.checkpoints import read_best
from stargan_tf.training.metric_log import MetricLog
from stargan_tf.training.run_folder import load_model

# Keras 3 on NumPy 2.4, whenever a variable is saved.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't")


class Step:
    def __init__(self, value):
        self.value = value

    def numpy(self):
        return self.value


class Model:
    metrics = ()

    def __init__(self, step=0):
        self.step = Step(step)
        self.resets = 0

    def reset_metrics(self):
        self.resets += 1


def begin(callback, model):
    callback.set_model(model)
    callback.on_train_begin()
    callback.on_epoch_begin(0)
    return callback


def step(callback, logs):
    callback.on_train_batch_begin(0)
    callback.on_train_batch_end(0, logs)


def test_the_step_is_the_model_s():
    seen = []

    class Watch(StepCallback):
        def on_step(self, logs):
            seen.append((self.step, logs))

    callback = begin(Watch(), Model(step=40))
    step(callback, {"loss": 1.0})
    step(callback, None)
    assert seen == [(41, {"loss": 1.0}), (42, {})]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_any_value_that_is_not_finite_stops(value):
    callback = begin(StopOnNaN(), Model(step=7))
    step(callback, {"d_loss": 1.0, "g_loss": 2.0})
    with pytest.raises(TrainingDiverged, match=r"g_loss became .* at step 9\."):
        step(callback, {"d_loss": 1.0, "g_loss": value})


def test_every_loss_that_is_not_finite_is_named():
    callback = begin(StopOnNaN(), Model(step=7))
    logs = {"d_loss": float("nan"), "d_real": 1.0, "g_loss": float("inf")}
    words = r"diverged: d_loss became nan, g_loss became inf at step 8\."
    with pytest.raises(TrainingDiverged, match=words):
        step(callback, logs)


def test_a_line_per_interval(tmp_path):
    file = tmp_path / "metrics.jsonl"
    model = Model()
    callback = begin(LogMetrics(MetricLog(file), 2, 4), model)
    for number in range(1, 6):
        step(callback, {"d_loss": np.float32(number)})
    records = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(r["step"], r["d_loss"]) for r in records] == [(2, 2.0), (4, 4.0)]
    assert all(record["images_per_second"] > 0 for record in records)
    assert model.resets == 3  # Before steps 1, 3 and 5.


def test_a_loss_without_a_value_in_the_interval_is_left_out(tmp_path):
    """Keras calls the mean of nothing 0: the critic alone may have learned."""
    file, model = tmp_path / "metrics.jsonl", Model()
    model.metrics = [keras.metrics.Mean("d_loss"), keras.metrics.Mean("g_loss")]
    callback = begin(LogMetrics(MetricLog(file), 1, 4), model)
    for losses in ((0.5, 0.25), (0.0,)):
        for metric, value in zip(model.metrics, losses, strict=False):
            metric.update_state(value)
        step(callback, {m.name: m.result() for m in model.metrics})
        for metric in model.metrics:
            metric.reset_state()
    first, second = (json.loads(line) for line in file.read_text().splitlines())
    assert (first["d_loss"], first["g_loss"]) == (0.5, 0.25)
    assert second["d_loss"] == 0.0 and "g_loss" not in second


MOODS = DatasetInfo("moods", ("happy", "sad"), "one_hot", 64)
UNCHANGED = EvaluationOptions(("unchanged",), outputs=2)


def moods(name="moods"):
    info = DatasetInfo(name, MOODS.domains, "one_hot", 64)
    pixels = np.random.default_rng(0).integers(0, 255, (4, 64, 64, 3), np.uint8)
    labels = np.eye(2, dtype=np.float32)[[0, 1, 0, 1]]
    return LabeledImages(info, labels, tuple("abcd"), pixels.__getitem__, name)


def evaluate(model, steering, sources):
    """The callback of a run whose splits are the same images."""
    evaluators = {
        source.info.name: Evaluator(
            Subject(model, steering, source, source, number), UNCHANGED
        )
        for number, source in enumerate(sources)
    }
    return Evaluate(evaluators, None, every=1, total_steps=1)


def test_v2_is_measured_with_its_averaged_networks():
    from stargan_tf.models.stargan_v2.model import StarGANV2

    tiny = {"base_filters": 2, "max_filters": 4, "style_dim": 4, "latent_dim": 3}
    model = StarGANV2(MOODS, hidden_dim=5, **tiny)
    evaluation = evaluate(model, "styles", [moods()])
    before = evaluation.measure()
    assert set(before) == {
        "latent_cycle_error",
        "reference_cycle_error",
        "same_domain_change",
    }
    for variable in model.generator.trainable_variables:
        variable.assign(variable * 0.5)
    assert evaluation.measure() == before
    for variable in model.generator_ema.variables:
        variable.assign(variable * 0.5)
    assert evaluation.measure() != before


def test_names_begin_with_the_data_set_where_there_are_several():
    class Moved:
        def translate(self, images, labels, dataset):
            return images + 0.1 * dataset

    sources = [moods("one"), moods("two")]
    evaluation = evaluate(Moved(), "labels", sources)
    values = evaluation.measure()
    assert set(values) == {
        *("one_cycle_error", "one_same_domain_change"),
        *("two_cycle_error", "two_same_domain_change"),
    }
    assert values["one_cycle_error"] == 0.0
    assert values["two_same_domain_change"] > 5


def test_a_run_measures_keeps_the_best_and_goes_on(toy_run, tiny):
    run = toy_run("run")
    flags = (
        *(*tiny, "--evaluate_every=20", "--evaluate_metrics=unchanged"),
        *("--best_metric=cycle_error", "--keep_checkpoints=1"),
    )
    status, output, errors = run.finish(*flags, "--steps=40")
    assert status == 0, errors
    check_best(run, [20, 40])
    assert "Step 20: cycle_error" in output and "The best cycle_error" in output

    status, output, errors = run.finish("--steps=60")
    assert status == 0, errors
    check_best(run, [20, 40, 60])
    model = load_model(run.folder / "checkpoints" / "best")
    assert int(model.step.numpy()) == read_best(run.folder / "checkpoints/best").step


def check_best(run, steps):
    """The metrics file has a value for each step, and the best one is kept."""
    lines = (run.folder / "metrics.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    values = {r["step"]: r["cycle_error"] for r in records if "cycle_error" in r}
    assert list(values) == steps
    best = read_best(run.folder / "checkpoints" / "best")
    assert best.metric == "cycle_error"
    assert (best.value, best.step) == min((v, s) for s, v in values.items())
    assert run.checkpoints() == ["best", f"step_{steps[-1]:08d}"]


def test_missing_weights_are_told_before_a_folder_is_made(toy_run, tiny, tmp_path):
    run = toy_run("run")
    flags = (*tiny, "--evaluate_every=20", "--evaluate_metrics=lpips")
    status, _, errors = run.finish(*flags, PIP_NO_INDEX="1")
    assert status == 2
    assert errors.count("\n") == 1 and "The weights for LPIPS with AlexNet" in errors
    assert not run.folder.exists()
