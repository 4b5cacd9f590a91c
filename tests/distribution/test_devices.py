"""What it computes on, in words; the machines are made up."""

import re

import pytest

from stargan_tf.distribution.devices import (
    Machine,
    computing_on,
    onednn,
    this_machine,
    why_no_gpu,
)

NVIDIA = "/dev/nvidia0"


def test_one_line_with_devices_precision_threads_and_replicas():
    assert computing_on(Machine(threads=2), precision="float32") == (
        "Computing on the CPU, float32, 2 CPU threads."
    )
    two = Machine(gpus=("NVIDIA H100", "NVIDIA H100"), threads=16, build="CUDA")
    assert computing_on(two, replicas=2, precision="mixed_bfloat16") == (
        "Computing on 2 × NVIDIA H100, mixed_bfloat16, 16 CPU threads, 2 replicas."
    )
    assert "NVIDIA H100 (1 of 2 GPUs), 16 CPU threads." in computing_on(two)


def test_logical_cpus_are_replicas_too():
    assert computing_on(Machine(threads=1), replicas=2) == (
        "Computing on the CPU, 1 CPU thread, 2 replicas."
    )


@pytest.mark.parametrize(
    "machine, words",
    [
        (Machine(sign=NVIDIA), ("built without GPUs", "tensorflow[and-cuda]")),
        (Machine(sign=NVIDIA, build="CUDA"), ("cannot load the CUDA libraries",)),
        (Machine(sign=NVIDIA, build="CUDA", visible="7"), ("cannot load the CUDA",)),
        (Machine(sign=NVIDIA, build="CUDA", visible=""), ("DEVICES= hides it",)),
        (Machine(sign=NVIDIA, build="CUDA", visible="-1"), ("=-1 hides it",)),
        (Machine(sign="/dev/kfd"), ("The GPU (/dev/kfd)", "tensorflow-rocm")),
    ],
)
def test_says_why_a_gpu_that_is_there_is_not_used(machine, words):
    line = computing_on(machine, precision="float32")
    assert line.startswith("Computing on the CPU, float32, ") and "\n" not in line
    assert all(word in line for word in (*words, "is not used: "))


def test_on_windows_the_advice_is_wsl(monkeypatch):
    monkeypatch.setattr("platform.system", lambda: "Windows")
    assert "WSL 2" in why_no_gpu(Machine(sign="nvidia-smi"))


@pytest.mark.parametrize(
    "machine", [Machine(), Machine(gpus=("NVIDIA H100",), sign=NVIDIA, build="CUDA")]
)
def test_no_reason_without_a_gpu_or_with_one_in_use(machine):
    assert why_no_gpu(machine) == ""


def test_looks_at_this_machine(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    found = this_machine()
    assert found.threads >= 1 and found.visible == "-1"
    assert found.build in ("CUDA", "ROCm", "CPU")
    assert computing_on(found).startswith("Computing on ")


@pytest.mark.parametrize(
    ("enabled", "variable", "message"),
    [
        (True, "1", "on$"),
        (True, None, "on$"),
        (False, "0", r"off \(TF_ENABLE_ONEDNN_OPTS=0\)"),
        (False, None, "off: TensorFlow was imported before stargan_tf. Import"),
        (False, "1", "off, although TF_ENABLE_ONEDNN_OPTS=1: it was set after"),
    ],
)
def test_why_onednn_is_off(enabled, variable, message, monkeypatch):
    monkeypatch.setattr("stargan_tf.private_interfaces.onednn_is_on", lambda: enabled)
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    if variable:
        monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", variable)
    assert re.match(message, onednn())


def test_onednn_of_an_unknown_tensorflow(monkeypatch):
    def changed():
        raise ImportError("It has changed.")

    monkeypatch.setattr("stargan_tf.private_interfaces.onednn_is_on", changed)
    assert onednn() == "unknown: It has changed."
