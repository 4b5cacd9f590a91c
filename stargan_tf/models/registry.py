"""The families by name, found through the entry-point group `stargan_tf.models`."""

import functools
import warnings
from collections.abc import Iterable, Mapping

from stargan_tf.discovery import MODELS
from stargan_tf.errors import InputError, near_names
from stargan_tf.models.family import ModelFamily, Preset

DEFAULT = "stargan"
# Those whose options `stargan-tf train --help` shows; others are imported, as any
# plugin, when `--model` names them.
OURS = (DEFAULT, "stargan_v2")


@functools.cache
def family(name: str) -> ModelFamily:
    """The family called `name`.

    Args:
        name: the configuration's `model`.

    Raises:
        InputError: if there is none (near ones are named), or its package is broken.
    """
    return MODELS.load(name)


def known_families(chosen: str | None = None) -> dict[str, ModelFamily]:
    """The chosen family, and ours; of ours that cannot be loaded a warning tells.

    Args:
        chosen: comes first; None means the default.

    Returns:
        Name → family.

    Raises:
        InputError: if `chosen` is given and cannot be loaded.
    """
    if chosen:
        family(chosen)
    return _loaded((chosen or DEFAULT, *OURS))


def installed_families() -> dict[str, ModelFamily]:
    """Name → family of all that can be loaded, ours first."""
    return _loaded((*OURS, *MODELS.installed()))


def presets(families: Mapping[str, ModelFamily]) -> dict[str, Preset]:
    """Name → preset; its values name the family.

    Args:
        families: by name.
    """
    return {
        name: Preset(known.description, {"model": model, **known.values})
        for model, family in families.items()
        for name, known in family.presets.items()
    }


def preset(name: str) -> Preset:
    """The preset called `name`.

    Args:
        name: as listed by `stargan-tf presets`.

    Raises:
        InputError: if there is none; near ones are named.
    """
    known = presets(_loaded(OURS))
    if name not in known:
        known = presets(installed_families())
    if name not in known:
        raise InputError(f"There is no preset '{name}'. {near_names(name, known)}")
    return known[name]


def _loaded(names: Iterable[str]) -> dict[str, ModelFamily]:
    found = {}
    for name in dict.fromkeys(names):
        try:
            found[name] = family(name)
        except InputError as error:
            warnings.warn(f"{error}. Its options are not known.", stacklevel=3)
    return found


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
    wrong = [name for name in names if name not in known]
    if not wrong:
        return
    name = wrong[0]
    owners = _owners(name, known_families(chosen.name))
    if owners:
        raise InputError(
            f"{name} is an option of {' and '.join(owners)} models. Received for "
            f"a {chosen.name} run: leave it out, or pass --model {owners[0]}."
        )
    raise InputError(
        f"There is no option '{name}' for a {chosen.name} run. "
        + near_names(name, sorted(known))
    )


def _owners(option: str, families: Mapping[str, ModelFamily]) -> list[str]:
    return [
        name
        for name, known in families.items()
        if option in {own.name for own in known.options}
    ]
