"""Two devices: another way to the same result."""

from tests.training.conftest import PATIENCE, PREPARED, SMALL, check_same_metrics

FLAGS = ["--steps=4", "--checkpoint_every=2", "--log_every=1", "--sample_every=4"]


def test_two_devices_train_as_one_does(toy_run, tiny):
    flags = [*tiny, *FLAGS, "--nodeterministic"]
    alone, shared = (toy_run(name, PREPARED) for name in ("alone", "shared"))
    reference = alone.start(*flags, "--distribute=none", **SMALL)
    flags += ["--distribute=mirrored"]
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
