"""`stargan-tf export --format litert`: for phones, browsers and small boards."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from absl import flags

from stargan_tf.cli.data_flags import data_choice
from stargan_tf.exporting.modes import (
    FLOAT32,
    INPUT_TYPES,
    INT8,
    MODES,
    MODES_HELP,
    NONE,
)

SUMMARY = "LiteRT (TFLite) files for phones, browsers and small boards."
FLAGS = ("quantize", "input_type", "calibration_images")
COMPARED = True


def define_flags(flag_values: flags.FlagValues) -> None:
    """Declares the format's own flags.

    Args:
        flag_values: where to declare them.
    """
    litert = {"flag_values": flag_values, "module_name": "Format litert"}
    flags.DEFINE_enum("quantize", NONE, list(MODES), MODES_HELP, **litert)
    flags.DEFINE_enum(
        "input_type",
        FLOAT32,
        list(INPUT_TYPES),
        "Of pictures, in and out: float32 in [-1, 1], or uint8.",
        **litert,
    )
    flags.DEFINE_integer(
        "calibration_images",
        50,
        "For --quantize int8: how many training images show the ranges of values.",
        lower_bound=1,
        **litert,
    )


def plan(
    flag_values: flags.FlagValues, checkpoint: Path, state: Any, output: Path
) -> Callable[[], list[str]]:
    """Checks what can be checked at once.

    Args:
        flag_values: the parsed flags.
        checkpoint: the checkpoint's folder.
        state: its state file.
        output: the folder to make.

    Returns:
        What writes, and returns the lines to print.

    Raises:
        InputError: if `output` exists, the model has no such form, or int8 has no
            data to calibrate with.
        ImportError: with `--check` or int8, without ai-edge-litert.
    """
    from stargan_tf.errors import InputError
    from stargan_tf.evaluation.job import open_evaluation_data
    from stargan_tf.exporting import litert_file as runtime
    from stargan_tf.files import check_new
    from stargan_tf.models.registry import family

    check_new(output)
    if not family(state.model).litert:
        raise InputError(f"{state.model} models cannot be exported as LiteRT files.")
    if flag_values.check or flag_values.quantize == INT8:
        runtime.check_installed()
    choice = data_choice(flag_values, state.datasets[0]["image_size"])
    if flag_values.quantize == INT8:
        open_evaluation_data(checkpoint, state, choice)

    def work() -> list[str]:
        from stargan_tf.exporting.litert import LiteRTOptions, export_litert

        options = LiteRTOptions(
            flag_values.quantize,
            flag_values.input_type,
            flag_values.calibration_images,
            flag_values.check,
            choice,
        )
        done = export_litert(checkpoint, state, output, options)
        lines = [f"Wrote {file} ({_size(file)})" for file in done.files]
        for name, agreement in done.agreement.items():
            lines.append(f"'{name}' against Keras on {done.measured_on}: {agreement}")
        return lines

    return work


def _size(file: Path) -> str:
    size = file.stat().st_size
    return f"{size / 2**20:.1f} MiB" if size >= 2**20 else f"{size >> 10} KiB"
