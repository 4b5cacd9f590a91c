"""`stargan-tf export`: a model in another program's format.

A format is a module `stargan_tf.cli.export_<name>` listed in `FORMATS`, with

- `SUMMARY`: one line for the help.
- `FLAGS`: names of the flags that only it has.
- `define_flags(flag_values)`: declares those.
- `plan(flag_values, checkpoint, state, output)`: checks what can be checked before
  TensorFlow starts, and returns a function without arguments that writes, and returns
  the lines to print.
- `COMPARED`: whether it is compared with Keras. Then `--check` and the flags of the
  data are for it (`data_choice` reads them), and what writes raises `Disagreement` if
  what it wrote aside differs too much, and leaves nothing.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType

from absl import flags

from stargan_tf.cli.data_flags import DATA_FLAGS, define_known_data_flags
from stargan_tf.cli.quiet_start import start_tensorflow
from stargan_tf.errors import InputError, near_names

FORMATS = ("saved_model", "litert", "torch")
SUMMARY = "Write a model in another program's format."
USAGE = "stargan-tf export --model DIR --format NAME --output DIR"
DISAGREES = 1


def define_flags(flag_values: flags.FlagValues) -> None:
    """Declares the command's flags, and those of every format.

    Args:
        flag_values: where to declare them.
    """
    model = {"flag_values": flag_values, "module_name": "Model"}
    output = {"flag_values": flag_values, "module_name": "Output"}
    flags.DEFINE_string(
        "model", None, "A run folder, or one checkpoint in it.", **model
    )
    summaries = [f"{name}: {_format(name).SUMMARY}" for name in FORMATS]
    flags.DEFINE_string("format", None, " ".join(summaries), **output)
    flags.DEFINE_string("output", None, "The folder to make.", **output)
    flags.DEFINE_bool(
        "check",
        True,
        f"For {' and '.join(_compared())}: compare with Keras on held-out images; what "
        "differs too much is not written, and the exit status is 1.",
        **output,
    )
    define_known_data_flags(flag_values)
    for name in FORMATS:
        _format(name).define_flags(flag_values)


def run(flag_values: flags.FlagValues, positionals: list[str]) -> int:
    """Exports.

    Args:
        flag_values: the parsed flags.
        positionals: none are taken.

    Returns:
        0, or 1 if the export does not agree with Keras.

    Raises:
        InputError: if what the user gave cannot be used.
        ImportError: if the format needs a package that is not installed.
    """
    if positionals:
        raise InputError(
            f"'stargan-tf export' takes flags only. Received: {' '.join(positionals)}"
        )
    for name in ("model", "format", "output"):
        if not flag_values[name].value:
            raise InputError(f"--{name} is missing. Usage: {USAGE}")
    chosen = _chosen(flag_values)
    # Here, not above: NumPy is slow to start.
    from stargan_tf.training.run_folder import find_checkpoint

    checkpoint, state = find_checkpoint(Path(flag_values.model))
    work = chosen.plan(flag_values, checkpoint, state, Path(flag_values.output))
    start_tensorflow()
    return _report(work)


def _report(work: Callable[[], list[str]]) -> int:
    from stargan_tf.exporting.agreement import Disagreement

    try:
        for line in work():
            print(line)
    except Disagreement as error:
        print(f"stargan-tf: {error}", file=sys.stderr)
        return DISAGREES
    return 0


def _format(name: str) -> ModuleType:
    return import_module(f"stargan_tf.cli.export_{name}")


def _chosen(flag_values: flags.FlagValues) -> ModuleType:
    name = flag_values.format
    if name not in FORMATS:
        known = near_names(name, FORMATS)
        raise InputError(f"There is no export format '{name}'. {known}")
    for other in FORMATS:
        for flag in _format(other).FLAGS if other != name else ():
            if flag_values[flag].present:
                raise InputError(f"--{flag} is for --format {other}. Drop it.")
    if not _format(name).COMPARED:
        for flag in ("check", *DATA_FLAGS):
            if flag_values[flag].present:
                raise InputError(
                    f"--{flag} is for formats that are compared with Keras: "
                    f"{' and '.join(_compared())}. Drop it."
                )
    return _format(name)


def _compared() -> list[str]:
    return [name for name in FORMATS if _format(name).COMPARED]
