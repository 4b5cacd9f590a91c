"""Networks found in a checkpoint → a model folder."""

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from stargan_tf import files
from stargan_tf.convert import adam
from stargan_tf.convert.collect import OFFICIAL
from stargan_tf.convert.found import Found
from stargan_tf.convert.lean_save import SavedLean
from stargan_tf.convert.transfer import put_weights
from stargan_tf.data.fit import Preparation
from stargan_tf.data.info import DatasetInfo
from stargan_tf.errors import InputError
from stargan_tf.training import checkpoints
from stargan_tf.training.checkpoints import State
from stargan_tf.training.families.registry import family
from stargan_tf.training.initial_model import IMPORT_RECORD
from stargan_tf.training.run_folder import RunFolder
from stargan_tf.training.versions import versions

_EMA = "_ema"


def build(found: Found, infos: list[DatasetInfo]) -> tuple[Any, list[str]]:
    """The model with the checkpoint's weights.

    Args:
        found: the checkpoint. Its arrays are taken out of it as they are used.
        infos: its data sets.

    Returns:
        (model, what of it the checkpoint does not hold, in words). It is compiled
        only if it has optimizers to keep.

    Raises:
        InputError: if a shape does not fit, or no model is of those sizes.
    """
    try:
        model = family(found.family).model_class()(infos, **found.sizes.options)
    except ValueError as error:
        # In a Keras script a ValueError like Keras' own; here the user's files.
        raise InputError(str(error)) from error
    tables = OFFICIAL[found.family].tables(found.sizes)
    names = list(found.parts)
    for name in names:
        put_weights(getattr(model, name), tables[name], found.parts.pop(name))
    fresh = _fill_gaps(model, names, OFFICIAL[found.family])
    if found.moments:
        model.compile()
    else:
        fresh.append("the optimizers")
    for name in list(found.moments):
        network, moments = getattr(model, name), found.moments.pop(name)
        optimizer = getattr(model, f"{name}_optimizer")
        adam.put_moments(optimizer, network, tables[name], moments)
    model.step.assign(found.step)
    return model, fresh


def _fill_gaps(model: Any, have: list[str], official: ModuleType) -> list[str]:
    """Lets trained networks and their averages stand in for each other."""
    averaged = official.AVERAGED
    untrained = [name for name in averaged if name not in have]
    for name in untrained:
        _copy(getattr(model, name + _EMA), getattr(model, name))
    unaveraged = [name for name in averaged if name + _EMA not in have]
    for name in unaveraged:
        _copy(getattr(model, name), getattr(model, name + _EMA))
    wanted = [name for name in official.NETWORKS if name not in averaged]
    missing = [f"the {name}" for name in wanted if name not in have]
    if untrained:
        missing.append(f"the trained {_listed(untrained)} (their averages stand in)")
    if unaveraged:
        names = _listed(unaveraged)
        missing.append(f"the averaged {names} (the trained ones stand in)")
    return missing


def _copy(source: Any, target: Any) -> None:
    # One by one: `get_weights` would copy all of them at once.
    for old, new in zip(source.weights, target.weights, strict=True):
        new.assign(old)


def _listed(names: list[str]) -> str:
    *first, last = (name.replace("_", " ") for name in names)
    return f"{', '.join(first)} and {last}" if first else last


def save(folder: Path, model: Any, found: Found, record: Mapping[str, Any]) -> None:
    """Writes a model folder, whole or not at all.

    Args:
        folder: where to; it must not exist.
        model: the model.
        found: the checkpoint that it is of.
        record: what `import.json` says.

    Raises:
        InputError: if it cannot be written.
    """
    infos = model.label_space.to_list()
    state = State(
        step=found.step,
        model=found.family,
        datasets=infos,
        num_images=[0] * len(infos),
        versions=versions(),
        preparation=Preparation.of(family(found.family).dataset_options),
    )
    with files.new_folder(folder, "model", replace=False) as unfinished:
        run = RunFolder(unfinished)
        checkpoints.save(run.checkpoints, SavedLean(model), state, keep=1)
        record = {**record, "versions": versions()}
        files.write_json(unfinished / IMPORT_RECORD, record)
