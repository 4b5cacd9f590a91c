"""Two devices, and batches from a `tf.data` service: other ways to the same result."""

import subprocess
import sys

import pytest

from tests.training.conftest import PATIENCE, PREPARED, SMALL, check_same_metrics

FLAGS = ["--steps=4", "--checkpoint_every=2", "--log_every=1", "--sample_every=4"]


@pytest.fixture
def service():
    """Address of a dispatcher with one worker."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.data.service_process", "1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process.stdout.readline().strip()
    process.kill()
    process.communicate()


def test_two_devices_fed_by_a_data_service_train_as_one_does(toy_run, tiny, service):
    flags = [*tiny, *FLAGS, "--nodeterministic"]
    alone, shared = (toy_run(name, PREPARED) for name in ("alone", "shared"))
    reference = alone.start(*flags, "--distribute=none", **SMALL)
    flags += ["--distribute=mirrored", f"--data_service={service}"]
    two = {"TEST_LOGICAL_CPUS": "2", **SMALL}
    status, output, errors = shared.finish(*flags, **two)
    assert status == 0, errors
    assert "Step 4 is done" in output
    assert shared.checkpoints() == ["step_00000002", "step_00000004"]
    _, errors = reference.communicate(timeout=PATIENCE)
    assert reference.returncode == 0, errors
    check_same_metrics(shared, alone)

    odd = toy_run("odd", PREPARED)
    status, _, errors = odd.finish(*flags, "--batch_size=3", **two)
    assert status == 2
    assert "that of all 2 devices together" in errors


def test_a_data_service_that_is_not_there(toy_run, tiny):
    run = toy_run("none")
    status, output, errors = run.finish(*tiny, "--data_service=grpc://127.0.0.1:1")
    assert (status, output) == (2, "")
    assert errors.count("\n") == 1
    assert "No tf.data service answers at grpc://127.0.0.1:1: Connection ref" in errors
    assert not run.folder.exists()
