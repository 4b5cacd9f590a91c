"""What `stargan-tf translate` is about to do, planned before TensorFlow starts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from absl import flags

from stargan_tf.errors import InputError

if TYPE_CHECKING:
    from stargan_tf.training.checkpoints import State
    from stargan_tf.translation.pictures import Fitting, InputPicture, PictureStream


@dataclass(frozen=True)
class Job:
    """Checked work that only needs the model.

    Args:
        work: model → the pictures written.
        place: where they go, for the closing message.
        stream: the pictures that are read; None if there are none.
        code: functions for the model in place of its run's, as `load_model` takes them.
    """

    work: Callable[[Any], list[Path]]
    place: str
    stream: "PictureStream | None" = None
    code: Mapping[str, str | None] = field(default_factory=dict)


def find_pictures(
    flag_values: flags.FlagValues, positionals: list[str]
) -> "list[InputPicture]":
    """The inputs.

    Args:
        flag_values: `--output` may be a folder inside an input, which is passed over.
        positionals: files and folders.

    Raises:
        InputError: if there are none, or one does not exist.
    """
    from stargan_tf.translation.pictures import find_inputs, names_a_file

    output = flag_values.output
    is_folder = output and not names_a_file(output)
    return find_inputs(positionals, Path(output) if is_folder else None)


def need_output(flag_values: flags.FlagValues, usage: str) -> None:
    """Raises InputError, with the usage, unless `--output` is given."""
    if not flag_values.output:
        raise InputError(f"--output is missing. Usage: {usage}")


def make_fitting(flag_values: flags.FlagValues, state: "State") -> "Fitting":
    """How images become what the model takes: as in its training, if not told.

    Args:
        flag_values: `--fit`, `--size` and `--crop_size`.
        state: of the model's checkpoint.

    Raises:
        InputError: for `--crop_size` with `--fit keep`.
    """
    from stargan_tf.translation.pictures import Fitting

    trained, fit, crop_size = state.preparation, flag_values.fit, flag_values.crop_size
    if fit is None and crop_size is None:
        crop_size = trained.crop_size
    return Fitting(
        image_size=state.datasets[0]["image_size"],
        fit=fit or trained.fit,
        size=flag_values.size,
        crop_size=crop_size,
    )
