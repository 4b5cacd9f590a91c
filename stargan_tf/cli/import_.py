"""`stargan-tf import`: the official PyTorch checkpoints become models of ours."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from absl import flags

from stargan_tf.cli.quiet_start import start_tensorflow
from stargan_tf.convert.label_presets import PRESETS
from stargan_tf.errors import InputError
from stargan_tf.models.family import Option
from stargan_tf.models.registry import family
from stargan_tf.training.config import RUN_OPTIONS

SUMMARY = "Make a model of the authors' PyTorch checkpoints."
USAGE = (
    "stargan-tf import CHECKPOINT [CHECKPOINT …] [--preset NAME] --output DIR\n"
    "CHECKPOINT: {step}-G.ckpt and {step}-D.ckpt of yunjey/stargan, or "
    "{step}_nets_ema.ckpt\n(_nets.ckpt, _optims.ckpt) of clovaai/stargan-v2; also "
    ".npz and .safetensors."
)
# Those with an official code.
_FAMILIES = ("stargan", "stargan_v2")
_CHECKS = "Checks: the file is refused if it differs"


def define_flags(flag_values: flags.FlagValues) -> None:
    """Declares the command's flags.

    Args:
        flag_values: where to declare them.
    """
    output = {"flag_values": flag_values, "module_name": "Output"}
    labels = {"flag_values": flag_values, "module_name": "Names"}
    flags.DEFINE_string("output", None, "The model folder to make.", **output)
    flags.DEFINE_string(
        "preset", None, f"Names of the labels: {', '.join(PRESETS)}.", **labels
    )
    flags.DEFINE_string(
        "domains",
        None,
        "Names of the labels, A,B,… in the order of the training; A,B,…/C,D,… for a "
        "joint model.",
        **labels,
    )
    flags.DEFINE_string(
        "label_type",
        None,
        "Of --domains in StarGAN v1: binary (any of them) or one_hot (exactly one); "
        "one_hot/binary for a joint model. [binary]",
        **labels,
    )
    for name, option in _checks().items():
        flags.DEFINE_string(
            name, None, option.help, flag_values=flag_values, module_name=_CHECKS
        )


def _checks() -> dict[str, Option]:
    """What a checkpoint's shapes tell, by the names that training has for it."""
    options = [option for option in RUN_OPTIONS if option.name == "image_size"]
    for name in _FAMILIES:
        options += [o for o in family(name).model_options if _is_size(o)]
    return {option.name: option for option in options}


def _is_size(option: Option) -> bool:
    return option.kind is not bool and not (option.imported or option.choices)


def run(flag_values: flags.FlagValues, positionals: list[str]) -> None:
    """Imports, and says what to do next.

    Args:
        flag_values: the parsed flags.
        positionals: the checkpoint files.

    Raises:
        InputError: if what the user gave cannot be used.
        ImportError: if a file's format needs a package that is not installed.
    """
    if not positionals:
        raise InputError(f"No CHECKPOINT. Usage: {USAGE.splitlines()[0]}")
    if not flag_values.output:
        raise InputError("--output is missing: the model folder to make.")
    # Here, not above: NumPy is slow to start.
    from stargan_tf.convert.read import read
    from stargan_tf.files import check_new

    output = Path(flag_values.output)
    check_new(output)
    found, infos = read(
        positionals,
        flag_values.preset,
        flag_values.domains,
        flag_values.label_type,
        _given(flag_values),
    )
    start_tensorflow()
    from stargan_tf.convert.write import write

    imported = write(found, infos, positionals, output)
    print(_summary(imported))
    print(_next(output, imported), end="")


def _given(flag_values: flags.FlagValues) -> Mapping[str, Any]:
    return {
        name: option.read(flag_values[name].value)
        for name, option in _checks().items()
        if flag_values[name].present
    }


def _summary(imported: Any) -> str:
    labels = " and ".join(f"{i.name} ({', '.join(i.domains)})" for i in imported.infos)
    size = imported.infos[0].image_size
    lines = [f"A {imported.family} model for {size} px of {labels}."]
    if imported.fresh:
        lines.append(f"Not in the checkpoint: {', '.join(imported.fresh)}.")
    return "\n".join(lines)


def _next(output: Path, imported: Any) -> str:
    domain = imported.infos[0].domains[0]
    translate = f"stargan-tf translate --model {output}"
    uses = [use.format(domain=domain) for use in family(imported.family).uses]
    masks = ""
    if imported.options.get("high_pass"):
        masks = "It has high-pass skips: add --mask_provider MODULE:FUNCTION to each.\n"
    return (
        "What to do next:\n"
        + "".join(f"  {translate} {use}\n" for use in uses)
        + f"  stargan-tf train --init_from {output} --dataset folder --data_dir PHOTOS"
        f" --run runs/mine\n{masks}"
    )
