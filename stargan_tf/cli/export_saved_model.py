"""`stargan-tf export --format saved_model`: for TF Serving."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from absl import flags

from stargan_tf.cli.data_flags import data_choice

SUMMARY = "SavedModel for TF Serving: OUTPUT/1, then OUTPUT/2 and so on."
FLAGS: tuple[str, ...] = ()
COMPARED = True


def define_flags(flag_values: flags.FlagValues) -> None:
    """There are none of its own.

    Args:
        flag_values: where they would be declared.
    """


def plan(
    flag_values: flags.FlagValues, checkpoint: Path, state: Any, output: Path
) -> Callable[[], list[str]]:
    """Checks what can be checked at once.

    Args:
        flag_values: the parsed flags.
        checkpoint: the checkpoint's folder.
        state: its state file.
        output: the model's folder, which gets one more version.

    Returns:
        What writes, and returns the lines to print.

    Raises:
        InputError: if the model has no such form, or `output` is a file.
        ImportError: without tensorflow-serving-api.
    """
    from stargan_tf.errors import InputError
    from stargan_tf.exporting.saved_model import next_version
    from stargan_tf.models.registry import family
    from stargan_tf.serving.dev_server import check_installed

    check_installed()
    next_version(output)
    if not family(state.model).served:
        raise InputError(f"There is no SavedModel of {state.model} models.")
    choice = data_choice(flag_values, state.datasets[0]["image_size"])

    def work() -> list[str]:
        from stargan_tf.exporting.saved_model import (
            SavedModelOptions,
            export_saved_model,
        )

        options = SavedModelOptions(flag_values.check, choice)
        version, agreement = export_saved_model(checkpoint, state, output, options)
        lines = [f"{name}: {found}" for name, found in agreement.items()]
        return [*lines, f"Wrote {version}", f"Next: stargan-tf serve {output}"]

    return work
