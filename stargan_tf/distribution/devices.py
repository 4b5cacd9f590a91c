"""What this machine computes on, in words, and why not on a GPU that is there."""

import os
import platform
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

NVIDIA = ("/dev/nvidia0", "/proc/driver/nvidia/version", "/dev/dxg")  # dxg: WSL 2
AMD = "/dev/kfd"
VISIBLE = "CUDA_VISIBLE_DEVICES"
_WITH_CUDA = 'pip install "tensorflow[and-cuda]"'


@dataclass(frozen=True)
class Machine:
    """What there is, and what TensorFlow makes of it.

    Args:
        gpus: names of the GPUs that TensorFlow lists.
        threads: CPU threads that an operation uses.
        build: what TensorFlow is built for: `"CUDA"`, `"ROCm"` or `"CPU"`.
        nvidia: what shows that there is an NVIDIA GPU; empty if nothing does.
        amd: what shows that there is an AMD GPU; empty if nothing does.
        visible: the value of `CUDA_VISIBLE_DEVICES`; None if it is not set.
        locked: the device file that this user may not open; empty if there is none.
        system: as `platform.system` names it.
    """

    gpus: Sequence[str] = ()
    threads: int = 1
    build: str = "CPU"
    nvidia: str = ""
    amd: str = ""
    visible: str | None = None
    locked: str = ""
    system: str = "Linux"


def this_machine() -> Machine:
    """What TensorFlow and the system say; nothing is computed for it."""
    import tensorflow as tf

    gpus = tf.config.get_visible_devices("GPU")
    details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    rocm, cuda = tf.test.is_built_with_rocm(), tf.test.is_built_with_cuda()
    system = platform.system()
    nvidia = next((path for path in NVIDIA if Path(path).exists()), "")
    if system == "Windows" and shutil.which("nvidia-smi"):
        nvidia = "nvidia-smi"
    amd = AMD if Path(AMD).exists() else ""
    files = [path for path in (nvidia, amd) if path.startswith("/dev")]
    locked = [path for path in files if not os.access(path, os.R_OK | os.W_OK)]
    return Machine(
        gpus=[detail.get("device_name", "GPU") for detail in details],
        threads=tf.config.threading.get_intra_op_parallelism_threads() or _cores(),
        build="ROCm" if rocm else "CUDA" if cuda else "CPU",
        nvidia=nvidia,
        amd=amd,
        visible=os.environ.get(VISIBLE),
        locked=locked[0] if locked else "",
        system=system,
    )


def computing_on(machine: Machine, replicas: int = 1, precision: str = "") -> str:
    """One line for the start of a run, with as many replicas of its model."""
    threads = f"{machine.threads} CPU thread{'s' if machine.threads != 1 else ''}"
    parts = [_used(machine.gpus, replicas), precision, threads]
    if replicas > 1:
        parts.append(f"{replicas} replicas")
    why = why_no_gpu(machine)
    line = f"Computing on {', '.join(filter(None, parts))}."
    return f"{line} {why}" if why else line


def why_no_gpu(machine: Machine) -> str:
    """A sentence or two on a GPU that is there and not used; empty if there is none."""
    if machine.gpus or not (machine.nvidia or machine.amd):
        return ""
    if machine.nvidia:
        reason = _nvidia_reason(machine)
        return f"The NVIDIA GPU ({machine.nvidia}) is not used: {reason}"
    return f"The AMD GPU ({machine.amd}) is not used: {_amd_reason(machine)}"


def _used(gpus: Sequence[str], replicas: int) -> str:
    if not gpus:
        return "the CPU"
    used = gpus[: max(1, replicas)]
    names = [f"{n} × {name}" if n > 1 else name for name, n in Counter(used).items()]
    rest = f" (1 of {len(gpus)} GPUs)" if len(used) == 1 < len(gpus) else ""
    return " and ".join(names) + rest


def _nvidia_reason(machine: Machine) -> str:
    hidden = machine.visible is not None and not machine.visible.strip(" ,")
    if hidden or (machine.visible or "").strip().startswith("-"):
        return f"{VISIBLE}={machine.visible} hides it. Unset that variable."
    if machine.system == "Windows":
        return "TensorFlow uses GPUs on Linux only. Train in WSL 2."
    if machine.build != "CUDA":
        return f"this TensorFlow is built without CUDA. Use {_WITH_CUDA}."
    if machine.locked:
        return f"this user may not open {machine.locked}. Ask for that permission."
    named = (
        f", and that {VISIBLE}={machine.visible} names it" if machine.visible else ""
    )
    return (
        "TensorFlow cannot load the CUDA libraries, or they do not fit the driver. Use "
        f"{_WITH_CUDA}; check that nvidia-smi lists the GPU{named}. "
        "TF_CPP_MIN_LOG_LEVEL=0 shows what TensorFlow says."
    )


def _amd_reason(machine: Machine) -> str:
    if machine.build != "ROCm":
        return "this TensorFlow is built without ROCm. Use pip install tensorflow-rocm."
    if machine.locked:
        return f"this user may not open {machine.locked}. Ask for that permission."
    return (
        "ROCm finds none that it supports. Check that rocminfo lists it and that "
        "HIP_VISIBLE_DEVICES and ROCR_VISIBLE_DEVICES do not hide it."
    )


def _cores() -> int:
    # TensorFlow heeds the affinity, which a container or `taskset` may narrow.
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
