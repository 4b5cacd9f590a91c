"""Exports of trained models: SavedModel and LiteRT.

This module imports neither TensorFlow nor NumPy, since the command line uses it to
declare flags.
"""

from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from stargan_tf.errors import InputError, near_names
from stargan_tf.files import temporary_folder, user_path
from stargan_tf.models.registry import family

# Format → the field of `ModelFamily` with a family's adapter, and the `module:function`
# that writes it: (checkpoint, state, folder, …) → ….
FORMATS = {
    "saved_model": ("served", "stargan_tf.exporting.saved_model:export_saved_model"),
    "litert": ("litert", "stargan_tf.exporting.litert:export_litert"),
    "torch": ("official", "stargan_tf.convert.write:export_checkpoint"),
}
# The format of a folder of LiteRT files, and the file that describes it.
LITERT_FORMAT, DESCRIPTION = "stargan_tf.litert/1", "model.json"
# Quantizations of LiteRT files.
NONE, FLOAT16, DYNAMIC, INT8 = "none", "float16", "dynamic", "int8"
MODES = (NONE, FLOAT16, DYNAMIC, INT8)
MODES_HELP = (
    "none: float32. float16: half the size, computed in float32. dynamic: 8-bit "
    "weights, a quarter of the size, usually the fastest. int8: convolutions and dense "
    "layers in 8-bit integers, calibrated on training images, except for those that "
    "lose much accuracy; normalization stays float."
)
# Types of their input and output images.
FLOAT32, UINT8 = "float32", "uint8"
INPUT_TYPES = (FLOAT32, UINT8)


class AgreementError(Exception):
    """An exported model whose outputs differ too much from those of Keras.

    The command line prints it in one line and exits with status 1. The export is not
    written.
    """


def check_format(format: str, model: str) -> None:
    """Raises `InputError` for a format that a model family does not support."""
    if format not in FORMATS:
        raise InputError(
            f"There is no export format '{format}'. {near_names(format, FORMATS)}"
        )
    if not getattr(family(model), FORMATS[format][0]):
        raise InputError(f"{model} models cannot be exported as {format}.")


def export_model(model: Any, filepath: Any, format: str, **options: Any) -> Path:
    """Implements `StarGANBase.export`.

    Like the command line, it exports a checkpoint, so that the export equals the saved
    model.
    """
    from stargan_tf.training.run_folder import save_preset, state_of

    format = format.removeprefix("tf_")
    state, output = state_of(model), user_path(filepath)
    check_format(format, state.model)
    with temporary_folder() as folder:
        save_preset(model, folder / "model")
        export = resolve_name(FORMATS[format][1])
        written = export(folder / "model", state, output, **options)
    return written[0] if format == "saved_model" else output
