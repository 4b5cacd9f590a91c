"""Whole runs: killed, resumed, and ended by what can go wrong."""

import io
import json
import time
import zipfile

import h5py
import numpy as np

from stargan_tf.files import PREFIX
from tests.training.conftest import (
    EAGER,
    PATIENCE,
    PREPARED,
    SMALL,
)


def read_arrays(checkpoint):
    """Everything that a model file stores: weights, moments, counters."""
    arrays = {}

    def collect(name, item):
        if isinstance(item, h5py.Dataset):
            arrays[name] = np.array(item)

    with zipfile.ZipFile(checkpoint / "model.keras") as archive:
        stored = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(stored) as file:
        file.visititems(collect)
    return arrays


def wait_for_step(run, step):
    """Returns as soon as the metrics show that step."""
    file = run.folder / "metrics.jsonl"
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if file.exists() and f'{{"step": {step},' in file.read_text():
            return
        time.sleep(0.002)
    raise AssertionError(f"step {step} was not reached")


def test_a_killed_and_resumed_run_equals_an_uninterrupted_one(toy_run, tiny):
    whole, torn = toy_run("whole"), toy_run("torn")
    reference = whole.start(*tiny)

    process = torn.start(*tiny)
    wait_for_step(torn, 30)
    process.kill()
    process.communicate()
    assert process.returncode == -9
    assert torn.checkpoints() == ["step_00000020"]

    status, output, _ = torn.finish(*tiny, TOY_KILL_SAVE="40")
    assert status == -9
    assert "Resuming from step 20" in output
    unfinished, sound = torn.checkpoints()
    assert unfinished.startswith(PREFIX) and sound == "step_00000020"

    status, output, errors = torn.finish(*tiny)
    assert status == 0, errors
    assert "Resuming from step 20" in output
    assert torn.checkpoints() == ["step_00000040", "step_00000060"]

    output, errors = reference.communicate()
    assert reference.returncode == 0, errors
    arrays = check_equal(torn, whole, "step_00000060")
    assert any("generator_optimizer" in name for name in arrays)

    check_end_of_output(output, whole.folder)
    check_refusals(whole)
    check_extension(whole)


def check_equal(received, expected, checkpoint):
    """Both runs have equal weights, moments, counters, metrics and pictures."""
    file = f"checkpoints/{checkpoint}"
    arrays, others = (read_arrays(run.folder / file) for run in (expected, received))
    assert arrays.keys() == others.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(others[name], array, err_msg=name)
    assert received.metrics() == expected.metrics()
    for picture in (expected.folder / "samples").iterdir():
        assert (received.folder / "samples" / picture.name).read_bytes() == (
            picture.read_bytes()
        )
    return arrays


def check_end_of_output(output, folder):
    assert f"Samples: {folder / 'samples/step_00000060.png'}" in output
    assert f"stargan-tf translate --model {folder} --to Red INPUT" in output


def check_refusals(run):
    """A changed option is refused before anything is touched."""
    before = sorted(run.folder.rglob("*"))
    status, _, errors = run.finish("--batch_size=2")
    assert status == 2
    assert errors.count("\n") == 1
    assert "--batch_size was 4, now 2" in errors
    assert sorted(run.folder.rglob("*")) == before


def check_extension(run):
    """`--run` alone has the run's own options; more steps make it longer."""
    status, output, errors = run.finish("--steps=63", "--sample_every=1000")
    assert status == 0, errors
    assert "Resuming from step 60" in output
    assert run.checkpoints() == ["step_00000060", "step_00000063"]
    assert json.loads((run.folder / "config.json").read_text())["steps"] == 63


def test_full_disk_while_saving_leaves_the_last_checkpoint(toy_run, tiny):
    run = toy_run("full", PREPARED)
    flags = [*tiny, "--sample_every=1000", "--checkpoint_every=2"]
    status, _, errors = run.finish(*flags, "--steps=2", **EAGER)
    assert status == 0, errors
    saved = read_arrays(run.folder / "checkpoints/step_00000002")

    status, _, errors = run.finish(*flags, TOY_FILE_LIMIT="100000", **EAGER)
    assert status == 2
    lines = [line for line in errors.splitlines() if line.startswith("stargan-tf:")]
    assert len(lines) == 1
    assert "step_00000004: File too large. Earlier checkpoints are" in lines[0]
    assert "Traceback" not in errors
    assert run.checkpoints() == ["step_00000002"]
    again = read_arrays(run.folder / "checkpoints/step_00000002")
    for name, array in saved.items():
        np.testing.assert_array_equal(again[name], array, err_msg=name)


def test_diverged_weights_are_never_saved(toy_run, tiny):
    run = toy_run("nan")
    status, _, errors = run.finish(*tiny, "--learning_rate=1e30", "--lr_decay=none")
    assert status == 2
    message = [line for line in errors.splitlines() if "stargan-tf:" in line]
    assert len(message) == 1
    assert "Training diverged:" in message[0]
    assert not (run.folder / "checkpoints").exists()
    # It diverged before the first line was due; a later line would be finite too.
    assert not (run.folder / "metrics.jsonl").exists()


def test_joint_rectified_training_in_half_precision(toy_run, tiny):
    run = toy_run("joint")
    status, _, errors = run.finish(
        *tiny,
        "--dataset=toy,toy_moods",
        "--steps=8",
        "--rectified",
        "--precision=mixed_bfloat16",
        "--log_every=2",
        "--nodeterministic",
    )
    assert status == 0, errors
    # Neither TensorFlow's start-up notes nor a warning, except that, on processors
    # without AVX-512, oneDNN says that bfloat16 gains nothing.
    lines = [line for line in errors.splitlines() if "DT_BFLOAT16 only" not in line]
    assert not lines
    state = json.loads(
        (run.folder / "checkpoints/step_00000008/state.json").read_text()
    )
    assert [info["name"] for info in state["datasets"]] == ["toy", "toy_moods"]
    records = run.metrics()
    assert [record["step"] for record in records] == [2, 4, 6, 8, 8]
    # Each of the two data sets counts its own batches: G learns from the third on.
    assert "g_identity" not in records[0] and "g_identity" in records[1]
    assert records[-1].keys() == {"step", "label_effect", "critic_gap", "critic_wins"}
    assert list((run.folder / "tensorboard").iterdir())


FLAGS = ["--steps=4", "--checkpoint_every=2", "--log_every=1", "--sample_every=4"]


def test_two_devices_train(toy_run, tiny):
    """That they train as one does is tested in tests/distribution/test_replicas.py."""
    flags = [*tiny, *FLAGS, "--nodeterministic", "--distribute=mirrored"]
    shared = toy_run("shared", PREPARED)
    two = {"TEST_LOGICAL_CPUS": "2", **SMALL}
    status, output, errors = shared.finish(*flags, **two)
    assert status == 0, errors
    assert "Finished 4 steps" in output
    assert shared.checkpoints() == ["step_00000002", "step_00000004"]

    odd = toy_run("odd", PREPARED)
    status, _, errors = odd.finish(*flags, "--batch_size=3", **two)
    assert status == 2
    assert "the total for all 2 devices" in errors
