"""The families by name."""

from collections.abc import Iterable

from stargan_tf.errors import InputError, near_names
from stargan_tf.training.families.model_family import ModelFamily
from stargan_tf.training.families.stargan import STARGAN
from stargan_tf.training.families.stargan_v2 import STARGAN_V2

FAMILIES = {known.name: known for known in (STARGAN, STARGAN_V2)}


def family(name: str) -> ModelFamily:
    """The family called `name`.

    Args:
        name: the configuration's `model`.

    Raises:
        InputError: if there is none; near ones are named.
    """
    if name not in FAMILIES:
        raise InputError(
            f"There is no model family '{name}'. {near_names(name, FAMILIES)}"
        )
    return FAMILIES[name]


def check_option_names(
    names: Iterable[str], known: Iterable[str], chosen: ModelFamily
) -> None:
    """Refuses options that a run of a family does not have.

    Args:
        names: the given options.
        known: those that there are.
        chosen: the family.

    Raises:
        InputError: naming the family that has the option, or near names.
    """
    known = set(known)
    for name in names:
        if name in known:
            continue
        owners = [f.name for f in FAMILIES.values() if name in _names(f)]
        if owners:
            raise InputError(
                f"{name} is an option of {' and '.join(owners)} models. Received for "
                f"a {chosen.name} run: leave it out, or pass --model {owners[0]}."
            )
        raise InputError(
            f"There is no option '{name}' for a {chosen.name} run. "
            + near_names(name, sorted(known))
        )


def _names(known: ModelFamily) -> set[str]:
    return {option.name for option in known.options}
