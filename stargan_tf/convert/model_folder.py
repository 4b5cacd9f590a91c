"""Networks found in a checkpoint → a model folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stargan_tf.convert import adam
from stargan_tf.convert.collect import OFFICIAL
from stargan_tf.convert.found import Found
from stargan_tf.convert.transfer import put_weights
from stargan_tf.data.info import DatasetInfo
from stargan_tf.errors import InputError
from stargan_tf.training import checkpoints, durable
from stargan_tf.training.checkpoints import State
from stargan_tf.training.families.registry import family
from stargan_tf.training.initial_model import IMPORT_RECORD
from stargan_tf.training.run_folder import RunFolder
from stargan_tf.training.versions import versions

_EMA = "_ema"


def build(found: Found, infos: list[DatasetInfo]) -> tuple[Any, list[str]]:
    """The model with the checkpoint's weights.

    Args:
        found: the checkpoint. Its arrays are let go of as they are used.
        infos: its data sets.

    Returns:
        (model, what of it the checkpoint does not hold, in words). It is compiled
        only if it has optimizers to keep.

    Raises:
        InputError: if a shape does not fit.
    """
    model = family(found.family).model_class()(infos, **found.sizes.options)
    official = OFFICIAL[found.family]
    tables = official.tables(found.sizes)
    for name, part in found.parts.items():
        put_weights(getattr(model, name), tables[name], part)
    fresh = _fill_gaps(model, found, official.AVERAGED)
    if found.moments:
        model.compile()
        for name, moments in found.moments.items():
            optimizer = getattr(model, f"{name}_optimizer")
            adam.put_moments(optimizer, getattr(model, name), tables[name], moments)
    else:
        fresh.append("the optimizers")
    model.step.assign(found.step)
    return model, fresh


def _fill_gaps(model: Any, found: Found, averaged: tuple[str, ...]) -> list[str]:
    """Lets trained networks and their averages stand in for each other."""
    have = found.parts
    untrained = [name for name in averaged if name not in have]
    for name in untrained:
        getattr(model, name).set_weights(getattr(model, name + _EMA).get_weights())
    unaveraged = [name for name in averaged if name + _EMA not in have]
    for name in unaveraged:
        getattr(model, name + _EMA).set_weights(getattr(model, name).get_weights())
    networks = OFFICIAL[found.family].NETWORKS
    missing = [f"the {n}" for n in networks if n not in have and n not in averaged]
    if untrained:
        missing.append(f"the trained {_listed(untrained)} (their averages stand in)")
    if unaveraged:
        missing.append(
            f"the averaged {_listed(unaveraged)} (the trained ones stand in)"
        )
    return missing


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
    state = State(found.step, found.family, infos, [0] * len(infos), versions())
    try:
        with durable.new_folder(folder) as unfinished:
            run = RunFolder(unfinished)
            checkpoints.save(run.checkpoints, model, state, keep=1)
            durable.write_json(
                unfinished / IMPORT_RECORD, {**record, "versions": versions()}
            )
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error}.") from error
