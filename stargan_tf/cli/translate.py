"""`stargan-tf translate`: redraws pictures so that they show what was asked for."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from absl import flags

from stargan_tf.cli.quiet_start import start_tensorflow
from stargan_tf.errors import InputError

if TYPE_CHECKING:
    from stargan_tf.data.label_space import LabelSpace
    from stargan_tf.translation.inputs import InputPicture

SUMMARY = "Translate pictures with a trained model."
USAGE = (
    "stargan-tf translate --model DIR --to NAME[,NAME] INPUT [INPUT …] --output PATH\n"
    "       stargan-tf translate --model DIR --all INPUT [INPUT …] --output PATH"
)


def define_flags(flag_values: flags.FlagValues) -> None:
    """Declares the command's flags.

    Args:
        flag_values: where to declare them.
    """
    _define_model_and_target(flag_values)
    _define_pictures(flag_values)


def _define_model_and_target(flag_values: flags.FlagValues) -> None:
    model = {"flag_values": flag_values, "module_name": "Model"}
    target = {"flag_values": flag_values, "module_name": "Target"}
    flags.DEFINE_string(
        "model", None, "A run folder, or one checkpoint in it.", **model
    )
    flags.DEFINE_integer(
        "batch_size", 16, "Pictures at a time.", lower_bound=1, **model
    )
    flags.DEFINE_string(
        "to",
        None,
        "What to switch on: NAME[,NAME]; NAME=0 switches off. What is not named stays. "
        "DATASET.NAME where two data sets of the model share a name.",
        **target,
    )
    flags.DEFINE_bool(
        "all",
        False,
        "Write the paper's grid: the input, then every domain; exclusive ones (hair "
        "colours) are switched on, others flipped.",
        **target,
    )
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


def _define_pictures(flag_values: flags.FlagValues) -> None:
    pictures = {"flag_values": flag_values, "module_name": "Pictures"}
    flags.DEFINE_string(
        "output",
        None,
        "A folder, or for one INPUT (or --all) a file. Names, sub-folders and the "
        "extensions .png .jpg .jpeg .webp .bmp are kept; other pictures become .png. "
        "Inputs are never overwritten.",
        **pictures,
    )
    flags.DEFINE_enum(
        "fit",
        "crop",
        ["crop", "keep"],
        "crop: the centred square, as in training. keep: the whole picture with its "
        "aspect.",
        **pictures,
    )
    flags.DEFINE_integer(
        "crop_size",
        None,
        "Side of the centred square in pixels; by default the largest.",
        lower_bound=1,
        **pictures,
    )
    flags.DEFINE_enum(
        "size",
        "model",
        ["model", "original"],
        "model: as the model draws. original: enlarged and pasted back into the "
        "picture, at its place and size.",
        **pictures,
    )


def run(flag_values: flags.FlagValues, positionals: list[str]) -> None:
    """Translates; everything is checked before anything is written.

    Args:
        flag_values: the parsed flags.
        positionals: the inputs, files and folders.

    Raises:
        InputError: if what the user gave cannot be used, or some pictures could not
            be read; the others are translated then.
    """
    _check_flags(flag_values)
    from stargan_tf.data.label_space import LabelSpace
    from stargan_tf.training.run_folder import find_checkpoint, load_model
    from stargan_tf.translation.batches import PictureStream

    pictures = _pictures(flag_values, positionals)
    checkpoint, state = find_checkpoint(Path(flag_values.model))
    space = LabelSpace(state.datasets)
    write, translation, paths = _plan(flag_values, space, pictures)
    stream = PictureStream(pictures, _fitting(flag_values, space))
    # What is wrong above is said at once, not after seconds of imports.
    start_tensorflow()
    model = load_model(checkpoint)
    max_pixels = flag_values.batch_size * space.image_size**2
    _report(write(model, stream, translation, paths, max_pixels), flag_values.output)
    if stream.unreadable:
        raise InputError(
            f"{stream.unreadable} of {len(pictures)} pictures could not be read."
        )


def _check_flags(flag_values: flags.FlagValues) -> None:
    for name in ("model", "output"):
        if not flag_values[name].value:
            raise InputError(f"--{name} is missing. Usage: {USAGE.splitlines()[0]}")
    if (flag_values.to is not None) == flag_values.all:
        raise InputError("Give either --to NAME[,NAME] or --all.")
    if flag_values.all and flag_values.size == "original":
        raise InputError(
            "--all draws pictures as the model does; --size original needs --to."
        )
    if flag_values.crop_size and flag_values.fit == "keep":
        raise InputError("--crop_size has no meaning with --fit keep. Drop one.")


def _pictures(
    flag_values: flags.FlagValues, positionals: list[str]
) -> "list[InputPicture]":
    from stargan_tf.translation.inputs import find_inputs
    from stargan_tf.translation.outputs import names_a_file

    output = flag_values.output
    return find_inputs(positionals, None if names_a_file(output) else Path(output))


def _plan(
    flag_values: flags.FlagValues, space: "LabelSpace", pictures: "list[InputPicture]"
) -> tuple[Any, Any, list[Path]]:
    """The function that does the work, the translation, and where it writes to."""
    from stargan_tf.translation import by_label, outputs, targets, translate_files

    text = flag_values["from"].value
    given = None if text is None else targets.parse_target(text, space)
    text = flag_values.mask
    mask = None if text is None else by_label.parse_mask(text, space)
    if flag_values.all:
        paths = outputs.plan_pages(pictures, flag_values.output)
        every = by_label.ToEveryDomain(space, given, mask)
        return translate_files.translate_to_grid, every, paths
    target = targets.parse_target(flag_values.to, space)
    to_target = by_label.ToTarget(space, target, given, mask)
    paths = outputs.plan_outputs(pictures, flag_values.output)
    return translate_files.translate_files, to_target, paths


def _fitting(flag_values: flags.FlagValues, space: "LabelSpace") -> Any:
    from stargan_tf.translation.fitting import Fitting

    return Fitting(
        space.image_size, flag_values.fit, flag_values.size, flag_values.crop_size
    )


def _report(written: list[Path], output: str) -> None:
    if len(written) == 1:
        print(f"Wrote {written[0]}")
    elif written:
        print(f"Wrote {len(written)} pictures to {output}")
