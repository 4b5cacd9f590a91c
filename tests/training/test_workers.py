"""Two workers train one model; one dies, and they go on."""

import json
import socket
from types import SimpleNamespace

import numpy as np
import tensorflow as tf

from stargan_tf.files import PREFIX
from stargan_tf.training import run
from stargan_tf.training.workers import split_batches
from tests.training.conftest import PATIENCE, PREPARED, SMALL, check_same_metrics


def test_a_batch_in_equal_parts_one_after_another():
    whole = tf.data.Dataset.from_tensor_slices(
        (np.arange(24).reshape(12, 2), np.arange(12))
    ).batch(6, drop_remainder=True)
    parts = list(split_batches(whole, 3))
    assert len(parts) == 6
    np.testing.assert_array_equal(parts[1][0], [[4, 5], [6, 7]])
    assert parts[5][1].numpy().tolist() == [10, 11]
    assert split_batches(whole, 1) is whole


def test_a_finished_run_is_left_without_waiting_for_the_chief(monkeypatch):
    monkeypatch.delattr(run, "StopOnSignal")
    model = SimpleNamespace(step=SimpleNamespace(numpy=lambda: 4))
    run._train_beside_chief(model, SimpleNamespace(steps=4), None, None)


FLAGS = ["--steps=4", "--checkpoint_every=2", "--log_every=1", "--sample_every=4"]


def free_addresses():
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return [f"127.0.0.1:{port}" for port in ports]


def start_both(folder, *flags, of_chief=None, **of_both):
    cluster = {"worker": free_addresses()}
    processes = []
    for index, variables in enumerate((of_both | (of_chief or {}), of_both)):
        task = {"type": "worker", "index": index}
        config = json.dumps({"cluster": cluster, "task": task})
        processes.append(folder.start(*flags, TF_CONFIG=config, **variables))
    return processes


def test_workers_train_as_one_does_and_go_on_when_one_was_killed(toy_run, tiny):
    flags = [*tiny, *FLAGS, "--nodeterministic"]
    alone, shared = (toy_run(name, PREPARED) for name in ("alone", "shared"))
    killed = {"TOY_KILL_SAVE": "4"}
    chief, worker = start_both(shared, *flags, of_chief=killed, **SMALL)
    chief.communicate(timeout=PATIENCE)
    assert chief.returncode == -9
    unfinished, sound = shared.checkpoints()
    assert unfinished.startswith(PREFIX) and sound == "step_00000002"
    # The worker waits a minute or two for a sign of the chief.
    reference = alone.start(*flags, "--distribute=none", **SMALL)
    _, errors = worker.communicate(timeout=PATIENCE)
    assert worker.returncode == 2, errors
    assert "stargan-tf: The connection to another worker was lost" in errors
    assert "Traceback" not in errors

    chief, worker = start_both(shared, *flags, **SMALL)
    output, errors = chief.communicate(timeout=PATIENCE)
    assert chief.returncode == 0, errors
    assert "Resuming from step 2" in output
    output, errors = worker.communicate(timeout=PATIENCE)
    assert (worker.returncode, output) == (0, ""), errors
    assert shared.checkpoints() == ["step_00000002", "step_00000004"]
    _, errors = reference.communicate(timeout=PATIENCE)
    assert reference.returncode == 0, errors
    check_same_metrics(shared, alone)
