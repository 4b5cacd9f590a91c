"""`stargan-tf translate` with a StarGAN v1 model: labels say what to change."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from absl import flags

from stargan_tf.cli.translate_job import (
    Job,
    find_pictures,
    make_fitting,
    need_output,
)
from stargan_tf.errors import InputError

if TYPE_CHECKING:
    from stargan_tf.data.labels import LabelSpace
    from stargan_tf.training.checkpoints import State
    from stargan_tf.translation.pictures import InputPicture

TITLE = "StarGAN v1"
USAGE = (
    "stargan-tf translate --model DIR --to NAME[,NAME] INPUT [INPUT …] --output PATH",
    "stargan-tf translate --model DIR --all INPUT [INPUT …] --output PATH",
)
FLAGS = ("from", "mask")


def define_flags(flag_values: flags.FlagValues) -> None:
    """Declares the flags that only this family takes.

    Args:
        flag_values: where to declare them.
    """
    target = {"flag_values": flag_values, "module_name": "Target (StarGAN v1)"}
    flags.DEFINE_string(
        "from",
        None,
        "What the inputs show: NAME[,NAME], all else off. By default the model looks.",
        **target,
    )
    flags.DEFINE_string(
        "mask",
        None,
        "Joint models: the data set that the mask claims, for the paper's wrong mask.",
        **target,
    )


def plan(flag_values: flags.FlagValues, positionals: list[str], state: "State") -> Job:
    """Checks all that can be checked without the model.

    Args:
        flag_values: the parsed flags.
        positionals: the inputs, files and folders.
        state: of the model's checkpoint.

    Raises:
        InputError: if what the user gave cannot be used.
    """
    _check_flags(flag_values)
    from stargan_tf.data.labels import LabelSpace
    from stargan_tf.translation.pictures import PictureStream

    pictures = find_pictures(flag_values, positionals)
    space = LabelSpace(state.datasets)
    write, translation, paths, at_once = _plan(flag_values, space, pictures)
    stream = PictureStream(pictures, make_fitting(flag_values, state))
    work = partial(
        write,
        stream=stream,
        translation=translation,
        outputs=paths,
        max_pixels=at_once * space.image_size**2,
    )
    return Job(work, flag_values.output, stream)


def _check_flags(flag_values: flags.FlagValues) -> None:
    need_output(flag_values, USAGE[0])
    if (flag_values.to is not None) == flag_values.all:
        raise InputError("Give either --to NAME[,NAME] or --all.")
    if flag_values.all and flag_values.size == "original":
        raise InputError(
            "--all draws pictures as the model does; --size original needs --to."
        )


def _plan(
    flag_values: flags.FlagValues, space: "LabelSpace", pictures: "list[InputPicture]"
) -> tuple[Any, Any, list[Path], int]:
    """What does the work, the translation, where it writes to, pictures at once."""
    from stargan_tf.steering import labels as by_label
    from stargan_tf.steering import labels as targets
    from stargan_tf.translation import pictures as outputs
    from stargan_tf.translation import translate as translate_files

    text = flag_values["from"].value
    given = None if text is None else targets.parse_target(text, space)
    text = flag_values.mask
    mask = None if text is None else by_label.parse_mask(text, space)
    if flag_values.all:
        every = by_label.ToEveryDomain(space, given, mask)
        _check_domains(len(every.titles))
        rows = outputs.rows_per_page(1 + len(every.titles), space.image_size)
        paths = outputs.plan_pages(pictures, flag_values.output, rows)
        write = partial(translate_files.translate_to_grid, rows_per_page=rows)
        # A page at a time: each picture is held in every domain.
        return write, every, paths, min(flag_values.batch_size, rows)
    target = targets.parse_target(flag_values.to, space)
    to_target = by_label.ToTarget(space, target, given, mask)
    paths = outputs.plan_outputs(pictures, flag_values.output)
    return translate_files.translate_files, to_target, paths, flag_values.batch_size


def _check_domains(count: int) -> None:
    from stargan_tf.steering.styles import MAX_STYLES

    if count > MAX_STYLES:
        raise InputError(
            f"--all draws at most {MAX_STYLES} domains side by side. Received: a model "
            f"of {count}. Choose with --to NAME."
        )
