"""The flags of `stargan-tf translate` that say which styles, and in which form."""

from absl import flags

from stargan_tf.cli.absl_flags import FLAG, define_masks
from stargan_tf.errors import InputError

RANDOM = ("seed", "count", "truncation")
FORMS = ("grid", "strip", "film")
FILM = ("frames", "fps")
FLAGS = (*RANDOM, "reference", "style", "save_style", FLAG, *FORMS, *FILM)


def define_flags(flag_values: flags.FlagValues) -> None:
    """Declares the flags.

    Args:
        flag_values: where to declare them.
    """
    _define_styles(flag_values)
    _define_forms(flag_values)


def _define_styles(flag_values: flags.FlagValues) -> None:
    style = {"flag_values": flag_values, "module_name": "Style (StarGAN v2)"}
    flags.DEFINE_integer(
        "seed",
        None,
        "Random styles, seeds N, N+1, …; the same seed is the same style. The default, "
        "from 0.",
        lower_bound=0,
        **style,
    )
    flags.DEFINE_integer(
        "count",
        None,
        "How many random styles: by default 1; 2 for --strip, 4 for --grid, --all and "
        "--film.",
        lower_bound=1,
        **style,
    )
    flags.DEFINE_float(
        "truncation",
        None,
        "Random styles nearer to the domain's mean: 0 is the mean, 1 (default) all.",
        lower_bound=0.0,
        upper_bound=1.0,
        **style,
    )
    flags.DEFINE_multi_string(
        "reference",
        None,
        "The style of a picture, or of all in a folder; may be repeated. They are of "
        "the domain --to, or of the one that their folder is named after",
        **style,
    )
    flags.DEFINE_string("style", None, "The styles in a .npz file.", **style)
    flags.DEFINE_string(
        "save_style", None, "Write the styles to a .npz file, for --style.", **style
    )
    define_masks(**style)


def _define_forms(flag_values: flags.FlagValues) -> None:
    form = {"flag_values": flag_values, "module_name": "Form (StarGAN v2)"}
    flags.DEFINE_bool(
        "grid",
        False,
        "Inputs down, styles across, in one picture; references as the first row.",
        **form,
    )
    flags.DEFINE_integer(
        "strip",
        None,
        "The way from style to style in N columns, a row for each input.",
        lower_bound=2,
        **form,
    )
    flags.DEFINE_string(
        "film",
        None,
        "The way from style to style and back, as a .gif, .webp or .mp4, in place of "
        "--output; several inputs stand side by side.",
        **form,
    )
    flags.DEFINE_integer(
        "frames", 80, "Frames of the whole film.", lower_bound=2, **form
    )
    flags.DEFINE_integer("fps", 20, "Frames per second.", lower_bound=1, **form)


def check_flags(flag_values: flags.FlagValues) -> None:
    """Raises InputError if flags contradict each other.

    Args:
        flag_values: the parsed flags.
    """
    _check_styles(flag_values)
    _check_forms(flag_values)


def _check_styles(flag_values: flags.FlagValues) -> None:
    sources = [*RANDOM, "reference", "style"]
    given = [f"--{name}" for name in sources if flag_values[name].value is not None]
    kinds = {"--random" if flag[2:] in RANDOM else flag for flag in given}
    if len(kinds) > 1:
        raise InputError(
            "Styles are random (--seed, --count, --truncation), or come from "
            f"--reference, or from --style. Received: {' and '.join(given)}. Leave one."
        )
    if flag_values.all and flag_values.to is not None:
        raise InputError("Give either --to DOMAIN or --all.")
    named = flag_values.all or flag_values.reference or flag_values.style
    if not named and flag_values.to is None:
        raise InputError("Give --to DOMAIN, or --all for every domain.")
    if flag_values.style and flag_values.save_style:
        raise InputError("--save_style would only copy what --style reads. Drop one.")


def _check_forms(flag_values: flags.FlagValues) -> None:
    forms = [f"--{name}" for name in ("all", *FORMS) if flag_values[name].value]
    if len(forms) > 1 and forms != ["--all", "--grid"]:
        raise InputError(f"Received: {' and '.join(forms)}. Leave one.")
    if flag_values.film and flag_values.output:
        raise InputError("--film takes the place of --output. Drop --output.")
    for name in FILM:
        if flag_values[name].present and not flag_values.film:
            raise InputError(f"--{name} is for --film. Add it, or drop --{name}.")
    if flag_values.fit == "keep":
        raise InputError(
            "StarGAN v2 models take squares: --fit crop or stretch. Received: keep"
        )
    if forms and flag_values.size == "original":
        raise InputError(
            f"{forms[0]} draws pictures as the model does; drop --size original."
        )
