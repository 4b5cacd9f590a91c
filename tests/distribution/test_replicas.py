"""What is refused; and two devices train as one does."""

import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.distribution.replicas import check_compilation


class Two:
    num_replicas_in_sync = 2


def test_compiling_out_of_the_scope_that_the_model_was_made_in():
    check_compilation(tf.distribute.get_strategy(), True)
    with pytest.raises(ValueError, match=r"with strategy.scope\(\): model.compile"):
        check_compilation(Two(), False)


def test_xla_joins_no_gradients(monkeypatch):
    two = Two()
    monkeypatch.setattr(tf.distribute, "get_strategy", lambda: two)
    check_compilation(two, False)
    with pytest.raises(ValueError, match="jit_compile=True with 2 replicas"):
        check_compilation(two, True)


PATIENCE = 900


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What `two_devices.py` wrote; a process, for devices are fixed at the start."""
    folder = tmp_path_factory.mktemp("mirrored")
    command = [sys.executable, "-m", "tests.distribution.two_devices", str(folder)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    return folder


def arrays(file):
    with np.load(file) as stored:
        return {name: stored[name].astype(np.float64) for name in stored.files}


def far(ours, truth):
    return np.linalg.norm(ours - truth)


@pytest.mark.parametrize("version", ["v1", "v1_with_additions", "v2"])
def test_ten_steps_on_two_devices_equal_ten_steps_on_one(folder, version):
    one, two = (arrays(folder / f"{version}_{n}.npz") for n in ("one", "two"))
    assert one.keys() == two.keys()
    for name, start in one.items():
        kind, _, rest = name.partition("/")
        if kind == "log":
            assert two[name] == pytest.approx(start, rel=2e-3, abs=1e-5), name
        elif kind == "start":
            end = f"end/{rest}"
            moved = far(one[end], start)
            # Of the way that it moved: a wrong share, label or latent costs far more.
            assert far(two[end], one[end]) <= 0.02 * moved + 1e-6, (end, moved)
