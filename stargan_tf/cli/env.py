"""`stargan-tf env`: what a bug report needs."""

import platform
from importlib.metadata import PackageNotFoundError, version

from absl import flags

from stargan_tf.cli.quiet_start import start_tensorflow

SUMMARY = "Print versions and devices, for bug reports."
USAGE = "stargan-tf env"
PACKAGES = ("numpy", "Pillow", "absl-py", "tensorboard")


def define_flags(flag_values: flags.FlagValues) -> None:
    """There are no flags.

    Args:
        flag_values: left as it is.
    """


def run(flag_values: flags.FlagValues, positionals: list[str]) -> None:
    """Prints one `name value` per line.

    Args:
        flag_values: none are used.
        positionals: none are used.
    """
    start_tensorflow()
    import tensorflow as tf

    from stargan_tf.distribution.devices import this_machine, why_no_gpu
    from stargan_tf.training.run_folder import versions

    facts = {
        **versions(),
        **{name: _version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "system": platform.platform(),
        "CUDA build": tf.test.is_built_with_cuda(),
        "devices": ", ".join(map(_describe, tf.config.list_physical_devices())),
    }
    machine = this_machine()
    facts["CPU threads"] = machine.threads
    if why := why_no_gpu(machine):
        facts["no GPU"] = why
    for name, fact in facts.items():
        print(f"{name:<13}{fact}")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _describe(device: object) -> str:
    import tensorflow as tf

    details = tf.config.experimental.get_device_details(device)
    name = details.get("device_name", "")
    return f"{device.device_type} {name}".strip()
