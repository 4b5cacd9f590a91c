"""`stargan-tf export --format torch`: the official PyTorch code's checkpoints."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from absl import flags

SUMMARY = "checkpoints for the authors' own PyTorch code."
FLAGS = ("fan",)
COMPARED = False


def define_flags(flag_values: flags.FlagValues) -> None:
    """Declares the format's own flags.

    Args:
        flag_values: where to declare them.
    """
    flags.DEFINE_string(
        "fan",
        None,
        "Official {step}_nets_ema.ckpt whose landmark network to pass on. The "
        "official code wants one beside a StarGAN v2 model with high-pass skips.",
        flag_values=flag_values,
        module_name="Format torch",
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
        InputError: if `output` exists, or the official code has no such model.
        ImportError: without PyTorch.
    """
    from stargan_tf.convert import files as torch_file
    from stargan_tf.convert import write as exportable
    from stargan_tf.files import check_new

    torch_file.check_installed()
    check_new(output)
    exportable.check_exportable(checkpoint, state)
    fan = exportable.read_fan(flag_values.fan) if flag_values.fan else None

    def work() -> list[str]:
        from stargan_tf.convert.write import export_checkpoint

        files = export_checkpoint(checkpoint, state, output, fan)
        return [f"Wrote {file}" for file in files]

    return work
