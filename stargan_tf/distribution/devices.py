"""The devices of this machine, and reasons why a GPU is not used."""

import os
import platform
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# Files that indicate a GPU: NVIDIA, WSL 2, and AMD.
SIGNS = ("/dev/nvidia0", "/proc/driver/nvidia/version", "/dev/dxg", "/dev/kfd")
VISIBLE = "CUDA_VISIBLE_DEVICES"
ONEDNN = "TF_ENABLE_ONEDNN_OPTS"


@dataclass(frozen=True)
class Machine:
    """The devices, and how TensorFlow uses them.

    Args:
        gpus: names of the GPUs that TensorFlow lists.
        threads: CPU threads per operation.
        build: platform that TensorFlow is built for: `"CUDA"`, `"ROCm"`, or `"CPU"`.
        sign: file that indicates a GPU; empty for none.
        visible: the value of `CUDA_VISIBLE_DEVICES`; None if it is not set.
    """

    gpus: Sequence[str] = ()
    threads: int = 1
    build: str = "CPU"
    sign: str = ""
    visible: str | None = None


def this_machine() -> Machine:
    """Describes this machine, without any computation."""
    import tensorflow as tf

    gpus = tf.config.get_visible_devices("GPU")
    details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    rocm, cuda = tf.test.is_built_with_rocm(), tf.test.is_built_with_cuda()
    threads = tf.config.threading.get_intra_op_parallelism_threads()
    if not threads and hasattr(os, "sched_getaffinity"):
        # TensorFlow respects the affinity, which a container or `taskset` may restrict.
        threads = len(os.sched_getaffinity(0))
    return Machine(
        gpus=[detail.get("device_name", "GPU") for detail in details],
        threads=threads or os.cpu_count() or 1,
        build="ROCm" if rocm else "CUDA" if cuda else "CPU",
        sign=shutil.which("nvidia-smi")
        or next((path for path in SIGNS if Path(path).exists()), ""),
        visible=os.environ.get(VISIBLE),
    )


def computing_on(machine: Machine, replicas: int = 1, precision: str = "") -> str:
    """One line about the devices, for the start of a run with several replicas."""
    used = Counter(machine.gpus[: max(1, replicas)])
    names = [f"{n} × {name}" if n > 1 else name for name, n in used.items()]
    facts = [" and ".join(names) or "the CPU"]
    if len(machine.gpus) > used.total() == 1:
        facts[0] += f" (1 of {len(machine.gpus)} GPUs)"
    facts += [precision] if precision else []
    facts.append(f"{machine.threads} CPU thread{'s' if machine.threads != 1 else ''}")
    facts += [f"{replicas} replicas"] if replicas > 1 else []
    return f"Computing on {', '.join(facts)}. {why_no_gpu(machine)}".strip()


def onednn() -> str:
    """Whether TensorFlow uses oneDNN on CPUs, and if not, why."""
    from stargan_tf.private_interfaces import onednn_is_on

    try:
        if onednn_is_on():
            return "on"
    except ImportError as error:
        return f"unknown: {error}"
    value = os.environ.get(ONEDNN)
    if value is None:
        return (
            "off: TensorFlow was imported before stargan_tf. Import stargan_tf first, "
            f"or set {ONEDNN}=1."
        )
    if value.lower() in ("0", "false"):
        return f"off ({ONEDNN}={value})"
    return (
        f"off, although {ONEDNN}={value}: it was set after TensorFlow was imported, "
        "or this TensorFlow is built without oneDNN."
    )


def why_no_gpu(machine: Machine) -> str:
    """Why an existing GPU is not used; empty if there is none."""
    if machine.gpus or not machine.sign:
        return ""
    visible = (machine.visible or "").strip(" ,")
    if machine.visible is not None and (not visible or visible.startswith("-")):
        reason = f"{VISIBLE}={machine.visible} hides it. Unset that variable."
    elif platform.system() == "Windows":
        reason = "TensorFlow uses GPUs on Linux only. Train in WSL 2."
    elif machine.build == "CPU":
        reason = (
            "this TensorFlow is built without GPUs. Use pip install "
            '"tensorflow[and-cuda]", or tensorflow-rocm for AMD.'
        )
    else:
        reason = (
            f"TensorFlow cannot load the {machine.build} libraries, they do not match "
            f"the driver, {VISIBLE} does not name it, or this user has no permission. "
            "Set TF_CPP_MIN_LOG_LEVEL=0 to see TensorFlow's messages."
        )
    return f"The GPU ({machine.sign}) is not used: {reason}"
