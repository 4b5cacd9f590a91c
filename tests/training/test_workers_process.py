"""Two workers train one model; one dies, and they go on."""

import json
import socket

import pytest

from stargan_tf.training.durable import PREFIX
from tests.training.conftest import PATIENCE

FLAGS = ["--steps=4", "--checkpoint_every=2", "--log_every=1", "--sample_every=4"]


def free_addresses():
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return [f"127.0.0.1:{port}" for port in ports]


def start_both(run, *flags, **of_chief):
    cluster = {"worker": free_addresses()}
    processes = []
    for index, variables in enumerate((of_chief, {})):
        task = {"type": "worker", "index": index}
        config = json.dumps({"cluster": cluster, "task": task})
        processes.append(run.start(*flags, TF_CONFIG=config, **variables))
    return processes


def read_metrics(run):
    lines = (run.folder / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_workers_train_as_one_does_and_go_on_when_one_was_killed(toy_run, tiny):
    flags = [*tiny, *FLAGS, "--nodeterministic"]
    alone, shared = toy_run("alone"), toy_run("shared")
    chief, worker = start_both(shared, *flags, TOY_KILL_SAVE="4")
    chief.communicate(timeout=PATIENCE)
    assert chief.returncode == -9
    assert shared.checkpoints() == [f"{PREFIX}step_00000004", "step_00000002"]
    # The worker waits a minute or two for a sign of the chief.
    reference = alone.start(*flags, "--distribute=none")
    _, errors = worker.communicate(timeout=PATIENCE)
    assert worker.returncode == 2, errors
    assert "stargan-tf: Another worker was lost" in errors
    assert "Traceback" not in errors

    chief, worker = start_both(shared, *flags)
    output, errors = chief.communicate(timeout=PATIENCE)
    assert chief.returncode == 0, errors
    assert "Going on from step 2" in output
    output, errors = worker.communicate(timeout=PATIENCE)
    assert (worker.returncode, output) == (0, ""), errors
    assert shared.checkpoints() == ["step_00000002", "step_00000004"]

    _, errors = reference.communicate(timeout=PATIENCE)
    assert reference.returncode == 0, errors
    for expected, received in zip(*map(read_metrics, (alone, shared)), strict=True):
        for record in (expected, received):
            record.pop("images_per_second", None)
        assert received == pytest.approx(expected, rel=0.01, abs=1e-3)
