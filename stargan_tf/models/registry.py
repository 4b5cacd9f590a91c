"""Finds model families by name, through the entry-point group `stargan_tf.models`."""

import functools
import warnings
from collections.abc import Iterable, Mapping

from stargan_tf.discovery import MODELS
from stargan_tf.errors import InputError, near_names
from stargan_tf.models.family import ModelFamily, Preset

DEFAULT = "stargan"


@functools.cache
def family(name: str) -> ModelFamily:
    """Returns the family called `name`.

    Args:
        name: value of `family` in a configuration.

    Raises:
        InputError: if there is no such family (the message suggests similar names),
            or its package cannot be imported.
    """
    return MODELS.load(name)


def family_of(class_name: str, module: str) -> ModelFamily:
    """Returns the family of a model class.

    Args:
        class_name: name of the class.
        module: module of the class. Only the top-level package is compared, because
            classes may move between modules from version to version.

    Raises:
        InputError: if no installed family has such a class.
    """
    package = module.partition(".")[0]
    for families in (known_families, installed_families):
        for known in families().values():
            home, _, name = known.target.partition(":")
            if (name, home.partition(".")[0]) == (class_name, package):
                return known
    raise InputError(
        f"Expected a model of an installed family ({', '.join(MODELS.installed())}). "
        f"Received: {class_name} of {module}. Install the package that defines its "
        "family, or make your own class a family as described in docs/plugins.md"
    )


def known_families(chosen: str | None = None) -> dict[str, ModelFamily]:
    """Name → family: the chosen one (or the default) and those of this package.

    Families of other packages are not imported. If a family of this package cannot be
    loaded, a warning is issued.

    Raises:
        InputError: if `chosen` is given and cannot be loaded.
    """
    if chosen:
        family(chosen)
    ours = [name for name, entry in MODELS.installed().items() if entry.is_ours]
    return _loaded([chosen or DEFAULT, *ours])


def installed_families() -> dict[str, ModelFamily]:
    """Name → family of all that can be loaded, those of this package first."""
    return _loaded([*known_families(), *MODELS.installed()])


def presets(families: Mapping[str, ModelFamily]) -> dict[str, Preset]:
    """Name → preset of these families, with `family` among its values."""
    return {
        name: Preset(known.description, {"family": model, **known.values})
        for model, family in families.items()
        for name, known in family.presets.items()
    }


def preset(name: str) -> Preset:
    """Returns the preset called `name` in `stargan-tf presets`.

    Raises:
        InputError: if there is no such preset; the message suggests similar names.
    """
    known = presets(known_families())
    if name not in known:
        known = presets(installed_families())
    if name not in known:
        raise InputError(f"There is no preset '{name}'. {near_names(name, known)}")
    return known[name]


def _loaded(names: Iterable[str]) -> dict[str, ModelFamily]:
    families = {}
    for name in dict.fromkeys(names):
        try:
            families[name] = family(name)
        except InputError as error:
            warnings.warn(f"{error}. Its options are unavailable.", stacklevel=3)
    return families


def check_option_names(
    names: Iterable[str], known: Iterable[str], chosen: ModelFamily
) -> None:
    """Checks that all names are options of a run of the chosen family.

    Raises:
        InputError: for an unknown option; the message names the family that has the
            option, or similar names.
    """
    known = set(known)
    wrong = [name for name in names if name not in known]
    if not wrong:
        return
    name = wrong[0]
    owners = [
        family_name
        for family_name, other in known_families(chosen.name).items()
        if name in {option.name for option in other.options}
    ]
    if owners:
        raise InputError(
            f"{name} is an option of {' and '.join(owners)} models only. Received: "
            f"{name} for a {chosen.name} run. Remove it, or pass --family {owners[0]}."
        )
    raise InputError(
        f"There is no option '{name}' for a {chosen.name} run. "
        + near_names(name, sorted(known))
    )
