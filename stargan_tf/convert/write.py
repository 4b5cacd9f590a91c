"""A model of ours as the official checkpoint files."""

import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import keras

from stargan_tf import files
from stargan_tf.convert import adam
from stargan_tf.convert import files as torch_file
from stargan_tf.convert.files import read_checkpoint
from stargan_tf.convert.mapping import (
    Found,
    Sizes,
    is_state,
    put_weights,
    take_weights,
)
from stargan_tf.convert.mapping import (
    State as State_of_mapping,
)
from stargan_tf.convert.read import OFFICIAL, read
from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.options import Preparation
from stargan_tf.errors import InputError
from stargan_tf.files import check_new
from stargan_tf.models.registry import family
from stargan_tf.models.stargan_v2.official import FAN
from stargan_tf.training import checkpoints
from stargan_tf.training.checkpoints import (
    MODEL_FILE,
    State,
    read_model_config,
)
from stargan_tf.training.checkpoints import (
    State as Record,
)
from stargan_tf.training.run_folder import RunFolder, open_checkpoint, versions
from stargan_tf.training.warm_start import IMPORT_RECORD, NOT_IMPORTED

# Saving a model without a second copy of its weights in memory.


@dataclass(frozen=True)
class SavedLean:
    """A model whose `save` writes the weights straight to the disk.

    Keras puts a `.keras` file together in memory, where large models then are two
    or three times.

    Args:
        model: a `keras.Model`.
    """

    model: Any

    def save(self, path: Path) -> None:
        """Writes what `keras.Model.save` writes.

        Args:
            path: a `.keras` file in a folder that exists.
        """
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            keras.saving.save_model(self.model, folder, zipped=False)
            with zipfile.ZipFile(path, "w") as archive:
                for file in sorted(Path(folder).rglob("*")):
                    if file.is_file():
                        archive.write(file, file.relative_to(folder).as_posix())


# Networks found in a checkpoint → a model folder.

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


# What an export needs, checked without TensorFlow.


def read_fan(path: str | Path) -> State_of_mapping:
    """The official landmark network in a checkpoint file, to be passed on.

    Args:
        path: `{step}_nets_ema.ckpt` or another file with a `fan` entry.

    Raises:
        InputError: if it has none.
    """
    fan = read_checkpoint(path).get(FAN)
    if not is_state(fan):
        raise InputError(
            f"{path} has no landmark network (an entry 'fan'). Give the "
            "{step}_nets_ema.ckpt of a model with high-pass skips."
        )
    return fan


def check_exportable(checkpoint: Path, record: Record) -> None:
    """Raises InputError for a model that no official code can build.

    Args:
        checkpoint: the checkpoint's folder.
        record: its state file.
    """
    if record.model not in OFFICIAL:
        raise InputError(
            f"There is no official code for {record.model} models. Only "
            f"{' and '.join(OFFICIAL)} models are exported as torch files."
        )
    options = read_model_config(checkpoint / MODEL_FILE, family(record.model))
    OFFICIAL[record.model].check_exportable(options)


# The official checkpoints, imported.


@dataclass(frozen=True)
class Imported:
    """What an import made.

    Args:
        family: name of the model family.
        infos: the model's data sets.
        options: arguments of the model's constructor.
        fresh: what the checkpoint did not hold, in words.
    """

    family: str
    infos: list[DatasetInfo]
    options: Mapping[str, Any]
    fresh: list[str]


def import_checkpoint(
    paths: Sequence[str | Path], output: str | Path, **options: Any
) -> Imported:
    """Makes a model folder of official checkpoint files.

    Args:
        paths: see `read`.
        output: the folder to make; it must not exist.
        **options: see `read`.

    Returns:
        What was made.

    Raises:
        InputError: as `read`, or if `output` exists or cannot be written.
        ImportError: as `read`.
    """
    output = Path(output)
    check_new(output)
    found, infos = read(paths, **options)
    return write(found, infos, paths, output)


def write(
    found: Found, infos: list[DatasetInfo], paths: Sequence[str | Path], output: Path
) -> Imported:
    """Makes a model folder of what `read` has read; see `import_checkpoint`."""
    model, fresh = build(found, infos)
    record = {
        "checkpoints": [str(path) for path in paths],
        "model": found.family,
        "step": found.step,
        "datasets": [info.to_dict() for info in infos],
        "options": found.sizes.options,
        NOT_IMPORTED: fresh,
    }
    save(output, model, found, record)
    return Imported(found.family, infos, found.sizes.options, fresh)


def export_checkpoint(
    checkpoint: Path, record: Record, output: Path, fan: State_of_mapping | None = None
) -> list[Path]:
    """Writes the official files into a new folder, all of them or none.

    Args:
        checkpoint: the checkpoint's folder.
        record: its state file.
        output: the folder to make; it must not exist.
        fan: see `exportable.read_fan`.

    Returns:
        The files.

    Raises:
        InputError: if they cannot be written.
        ImportError: without PyTorch.
    """
    model = open_checkpoint(checkpoint, record, compile=True)
    official = OFFICIAL[record.model]
    tables = official.tables(_sizes(model))
    names = [name for name in tables if hasattr(model, name)]
    states = {name: take_weights(getattr(model, name), tables[name]) for name in names}
    if fan:
        states[FAN] = fan
    moments = _moments(model, tables, official.NETWORKS)
    with files.new_folder(output, "checkpoints", replace=False) as unfinished:
        for name, content in official.files(states, moments, record.step):
            torch_file.write(unfinished / name, content)
    return sorted(output.iterdir())


def _sizes(model: Any) -> Sizes:
    config, space = model.get_config(), model.label_space
    return Sizes(space.image_size, config, space.num_domains)


def _moments(
    model: Any, tables: Mapping[str, Any], networks: tuple[str, ...]
) -> dict[str, Any]:
    """The optimizers' state dicts, if the model has optimizers that have worked."""
    optimizers = {n: getattr(model, f"{n}_optimizer", None) for n in networks}
    return {
        name: adam.take_moments(optimizer, getattr(model, name), tables[name])
        for name, optimizer in optimizers.items()
        if optimizer is not None and adam.is_ours(optimizer)
    }
