"""The families by name, found through the entry-point group `stargan_tf.models`."""

import functools
import warnings
from collections.abc import Iterable, Mapping

from stargan_tf.discovery import MODELS
from stargan_tf.errors import InputError, near_names
from stargan_tf.models.family import ModelFamily, Preset

DEFAULT = "stargan"


@functools.cache
def family(name: str) -> ModelFamily:
    """The family called `name`.

    Args:
        name: the configuration's `family`.

    Raises:
        InputError: if there is none (near ones are named), or its package is broken.
    """
    return MODELS.load(name)


def family_of(class_name: str, module: str) -> ModelFamily:
    """The family of a model class.

    Args:
        class_name: the class's name.
        module: where the class is defined. Only its package counts: within it, classes
            may move from version to version.

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
        f"Received: a {class_name} of {module}. Install the package that defines its "
        "family; docs/plugins.md says how a class of your own becomes one"
    )


def known_families(chosen: str | None = None) -> dict[str, ModelFamily]:
    """Name → the chosen family (or the default) and ours; others are not imported.

    Raises:
        InputError: if `chosen` is given and cannot be loaded; of ours that cannot be
            loaded only a warning tells.
    """
    if chosen:
        family(chosen)
    installed = MODELS.installed().items()
    return _loaded([chosen or DEFAULT, *(n for n, found in installed if found.is_ours)])


def installed_families() -> dict[str, ModelFamily]:
    """Name → family of all that can be loaded, ours first."""
    return _loaded([*known_families(), *MODELS.installed()])


def presets(families: Mapping[str, ModelFamily]) -> dict[str, Preset]:
    """Name → preset of those families; its values name the family."""
    return {
        name: Preset(known.description, {"family": model, **known.values})
        for model, family in families.items()
        for name, known in family.presets.items()
    }


def preset(name: str) -> Preset:
    """The preset called `name` in `stargan-tf presets`.

    Raises:
        InputError: if there is none; near ones are named.
    """
    known = presets(known_families())
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
    """Refuses names other than the known options of a run of the chosen family.

    Raises:
        InputError: naming the family that has the option, or near names.
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
            f"{name} is an option of {' and '.join(owners)} models. Received for "
            f"a {chosen.name} run: leave it out, or pass --family {owners[0]}."
        )
    raise InputError(
        f"There is no option '{name}' for a {chosen.name} run. "
        + near_names(name, sorted(known))
    )
