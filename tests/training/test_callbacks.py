import json

import keras
import numpy as np
import pytest

from stargan_tf.training.callbacks import LogMetrics, PrintProgress
from stargan_tf.training.checkpoints import read_best
from stargan_tf.training.metric_log import MetricLog
from stargan_tf.training.run_folder import load_model
from tests.training.conftest import EAGER, PREPARED

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


def test_a_line_per_interval(tmp_path):
    file = tmp_path / "metrics.jsonl"
    model = Model()
    callback = begin(LogMetrics(MetricLog(file), 2, 4), model)
    for number in range(1, 6):
        step(callback, {"loss": 1.0, "d_loss": np.float32(number)})
    records = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(r["step"], r["d_loss"]) for r in records] == [(2, 2.0), (4, 4.0)]
    assert all(record["images_per_second"] > 0 for record in records)
    assert not any("loss" in record for record in records)
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


def test_a_run_measures_keeps_the_best_and_goes_on(toy_run, tiny):
    run = toy_run("run", PREPARED)
    flags = (
        *(*tiny, "--evaluate_every=2", "--evaluate_metrics=unchanged"),
        *("--best_metric=cycle_error", "--keep_checkpoints=1"),
        *("--checkpoint_every=2", "--log_every=1"),
    )
    status, output, errors = run.finish(*flags, "--steps=4", **EAGER)
    assert status == 0, errors
    check_best(run, [2, 4])
    assert "Step 2: cycle_error" in output and "Best cycle_error" in output

    status, _, errors = run.finish("--steps=6", **EAGER)
    assert status == 0, errors
    check_best(run, [2, 4, 6])
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
    assert errors.count("\n") == 1 and "the weights for LPIPS with AlexNet" in errors
    assert not run.folder.exists()


def test_a_line_every_ten_seconds_without_a_terminal(capsys, monkeypatch):
    progress = PrintProgress(total_steps=200)
    over = iter([False, True])
    monkeypatch.setattr(progress._interval, "is_over", lambda: next(over))
    for progress.step in (1, 2):
        progress.on_step({"d_loss": 0.25, "g_loss": 1.0})
    assert capsys.readouterr().out == "Step 2 of 200: d_loss 0.25, g_loss 1\n"
