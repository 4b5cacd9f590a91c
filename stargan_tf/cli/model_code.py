"""The flags about functions that a model needs and its file does not hold: masks."""

from typing import Any

from absl import flags

from stargan_tf.errors import InputError

FLAG = "mask_provider"
TRUST = "trust_code"


def define_masks(flag_values: flags.FlagValues, module_name: str) -> None:
    """Declares `--mask_provider`.

    Args:
        flag_values: where to declare it.
        module_name: the heading in the help.
    """
    flags.DEFINE_string(
        FLAG,
        None,
        "Models with high-pass skips: MODULE:FUNCTION or FILE.py:FUNCTION that makes "
        f"masks of images. By default the run's own, which needs --{TRUST}.",
        flag_values=flag_values,
        module_name=module_name,
    )


def define_trust(flag_values: flags.FlagValues, module_name: str) -> None:
    """Declares `--trust_code`.

    Args:
        flag_values: where to declare it.
        module_name: the heading in the help.
    """
    flags.DEFINE_bool(
        TRUST,
        False,
        "Import the functions that the run's configuration names. This runs code: use "
        "it for your own runs, or those of people you trust.",
        flag_values=flag_values,
        module_name=module_name,
    )


def given_code(flag_values: flags.FlagValues) -> dict[str, Any]:
    """What `load_model` is told about code.

    Args:
        flag_values: with both flags.
    """
    return {name: flag_values[name].value for name in (FLAG, TRUST)}


def check_masks(name: str | None, model: Any) -> None:
    """Refuses a model that needs masks and has none, and masks that it does not need.

    Args:
        name: `--mask_provider`, or None.
        model: an opened model.

    Raises:
        InputError: in these two cases.
    """
    high_pass = getattr(model, "high_pass", 0)
    if high_pass and model.mask_provider is None:
        raise InputError(
            f"This model has high-pass skips (high_pass={high_pass}) and needs masks, "
            f"and its run names no source of them. Pass --{FLAG} MODULE:FUNCTION."
        )
    if name and not high_pass:
        raise InputError(
            f"This model has no high-pass skips and takes no masks. Drop --{FLAG}."
        )
