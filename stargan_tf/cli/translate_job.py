"""What `stargan-tf translate` is about to do, planned before TensorFlow starts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from absl import flags

from stargan_tf.errors import InputError

if TYPE_CHECKING:
    from stargan_tf.translation.batches import PictureStream
    from stargan_tf.translation.fitting import Fitting
    from stargan_tf.translation.inputs import InputPicture


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
    from stargan_tf.translation.inputs import find_inputs
    from stargan_tf.translation.outputs import names_a_file

    output = flag_values.output
    is_folder = output and not names_a_file(output)
    return find_inputs(positionals, Path(output) if is_folder else None)


def need_output(flag_values: flags.FlagValues, usage: str) -> None:
    """Raises InputError, with the usage, unless `--output` is given."""
    if not flag_values.output:
        raise InputError(f"--output is missing. Usage: {usage}")


def make_fitting(flag_values: flags.FlagValues, image_size: int) -> "Fitting":
    """How pictures become what the model takes.

    Args:
        flag_values: `--fit`, `--size` and `--crop_size`.
        image_size: the model's.
    """
    from stargan_tf.translation.fitting import Fitting

    return Fitting(image_size, flag_values.fit, flag_values.size, flag_values.crop_size)
