"""`stargan-tf translate`: redraws pictures so that they show what was asked for.

Which family the model is of is read from its checkpoint before TensorFlow starts, or
asked of the server; the family's module knows its flags and plans the work.
"""

from pathlib import Path
from types import ModuleType

from absl import flags

from stargan_tf.cli import translate_by_label, translate_by_style, translate_source
from stargan_tf.data.options import CROP_SIZE_HELP
from stargan_tf.errors import InputError
from stargan_tf.models.registry import family

SUMMARY = "Translate pictures with a trained model."
SERVED = "stargan-tf translate --server HOST:PORT --model NAME …, and the same flags"
USAGE = "\n       ".join((*translate_by_label.USAGE, *translate_by_style.USAGE, SERVED))
KINDS = {"labels": translate_by_label, "styles": translate_by_style}


def define_flags(flag_values: flags.FlagValues) -> None:
    """Declares the command's flags.

    Args:
        flag_values: where to declare them.
    """
    _define_model_and_target(flag_values)
    for kind in KINDS.values():
        kind.define_flags(flag_values)
    _define_pictures(flag_values)


def _define_model_and_target(flag_values: flags.FlagValues) -> None:
    model = {"flag_values": flag_values, "module_name": "Model"}
    target = {"flag_values": flag_values, "module_name": "Target"}
    translate_source.define_flags(flag_values)
    flags.DEFINE_integer(
        "batch_size", 16, "Pictures at a time.", lower_bound=1, **model
    )
    flags.DEFINE_string(
        "to",
        None,
        "StarGAN v1: what to switch on: NAME[,NAME]; NAME=0 switches off. What is not "
        "named stays. DATASET.NAME where two data sets of the model share a name. "
        "StarGAN v2: the domain.",
        **target,
    )
    flags.DEFINE_bool(
        "all",
        False,
        "Write the paper's grid. StarGAN v1: the input, then every domain; exclusive "
        "ones (hair colours) are switched on, others flipped. StarGAN v2: random "
        "styles of every domain.",
        **target,
    )


def _define_pictures(flag_values: flags.FlagValues) -> None:
    pictures = {"flag_values": flag_values, "module_name": "Pictures"}
    flags.DEFINE_string(
        "output",
        None,
        "A folder, or for one INPUT (or a grid) a file. Names, sub-folders and the "
        "extensions .png .jpg .jpeg .webp .bmp are kept; other pictures become .png. "
        "Inputs are never overwritten.",
        **pictures,
    )
    flags.DEFINE_enum(
        "fit",
        None,
        ["crop", "keep", "stretch"],
        "crop: the centered square. keep: the whole image with its aspect (StarGAN "
        "v1). stretch: the whole image, squeezed into the square. By default what "
        "the model was trained with.",
        **pictures,
    )
    flags.DEFINE_integer(
        "crop_size",
        None,
        f"{CROP_SIZE_HELP} By default what the model was trained with, or what --fit "
        "says if it is given.",
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
    source = translate_source.find_source(flag_values)
    kind = KINDS[family(source.state.model).translated_by]
    _refuse_flags_of_others(flag_values, kind)
    job = kind.plan(flag_values, positionals, source.state)
    written = job.work(source.open(job.code))
    _report(written, job.place)
    stream = job.stream
    failures = []
    if stream and stream.unreadable:
        failures.append(
            f"{stream.unreadable} of {len(stream.pictures)} pictures could not be "
            f"read. The first: {stream.problem}"
        )
    if stream and stream.unwritten:
        outputs = len(written) + stream.unwritten
        failures.append(
            f"{stream.unwritten} of {outputs} outputs could not be written."
        )
    if failures:
        raise InputError(" ".join(failures))


def _check_flags(flag_values: flags.FlagValues) -> None:
    if not flag_values.model:
        raise InputError(f"--model is missing. Usage: {USAGE.splitlines()[0]}")


def _refuse_flags_of_others(flag_values: flags.FlagValues, kind: ModuleType) -> None:
    for other in KINDS.values():
        for name in other.FLAGS if other is not kind else ():
            if flag_values[name].present:
                raise InputError(
                    f"--{name} is for {other.TITLE} models; {flag_values.model} holds "
                    f"a {kind.TITLE} model. Drop it. Usage: {kind.USAGE[0]}"
                )


def _report(written: list[Path], place: str) -> None:
    if len(written) == 1:
        print(f"Wrote {written[0]}")
    elif written:
        print(f"Wrote {len(written)} pictures to {place}")
