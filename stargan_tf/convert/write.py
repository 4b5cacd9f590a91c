"""Conversion between official checkpoints and model folders."""

import contextlib
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from stargan_tf import files
from stargan_tf.convert.files import write_torch
from stargan_tf.convert.mapping import (
    NetworkState,
    OfficialCode,
    Sizes,
    Table,
    entries,
    put_weights,
    take_weights,
    to_official,
    to_ours,
)
from stargan_tf.convert.read import OfficialCheckpoint, official_codes, read
from stargan_tf.data.info import DatasetInfo, as_infos, size_text
from stargan_tf.errors import InputError
from stargan_tf.faces.network import LandmarkNetwork
from stargan_tf.faces.official import TABLE
from stargan_tf.models.registry import family
from stargan_tf.optimizers import TorchAdam
from stargan_tf.private_interfaces import moments, rate_schedule
from stargan_tf.training import checkpoints
from stargan_tf.training.checkpoints import State, model_file, read_model_config
from stargan_tf.training.run_folder import (
    LANDMARKS_FILE,
    RunFolder,
    open_checkpoint,
    state_of,
    versions,
)
from stargan_tf.training.warm_start import IMPORT_RECORD, NOT_IMPORTED

_EMA = "_ema"
# Names of Adam's moments in PyTorch, in the order of `moments`.
_MEAN, _SQUARE = "exp_avg", "exp_avg_sq"


@dataclass(frozen=True)
class Imported:
    """The result of an import.

    Args:
        family: name of the model family. None if the checkpoint holds only a landmark
            network; `infos`, `options`, and `fresh` are then empty.
        infos: descriptions of the model's data sets.
        options: constructor arguments of the model.
        fresh: descriptions of what the checkpoint does not contain.
        has_landmarks: whether the folder contains a landmark network.
    """

    family: str | None
    infos: list[DatasetInfo]
    options: Mapping[str, Any]
    fresh: list[str]
    has_landmarks: bool


def import_checkpoint(
    paths: Sequence[str | Path], output: str | Path, **options: Any
) -> Imported:
    """Imports official checkpoint files as a model folder.

    Example:

    ```python
    files = ["200000-G.ckpt", "200000-D.ckpt"]
    stargan_tf.import_checkpoint(files, "models/celeba", preset="celeba")
    model = stargan_tf.load_model("models/celeba")
    ```

    Args:
        paths: paths of the checkpoint files: PyTorch, `.npz`, or `.safetensors`.
        output: path of the new folder, which must not exist.
        **options: `preset`, label names of an official checkpoint, such as `"celeba"`
            or `"afhq"`; `domains`, label names `"A,B,…"`, or `"A,B,…/C,D,…"` for a
            joint model; `label_type`, `"binary"` or `"one_hot"`; `image_size`, in
            pixels, for a generator of StarGAN without its discriminator.

    Returns:
        An `Imported`, which describes the model folder.

    Raises:
        InputError: if a file cannot be read or is not an official checkpoint, files and
            options do not match, or `output` exists or cannot be written.
        ImportError: if the format of a file needs a package that is not installed.
    """
    output = files.user_path(output)
    files.check_new(output)
    return write_model(read(paths, **options), paths, output)


def write_model(
    checkpoint: OfficialCheckpoint,
    paths: Sequence[str | Path],
    output: Path,
    overwrite: bool = False,
    origin: Mapping[str, Any] | None = None,
) -> Imported:
    """Writes the model folder of a checkpoint, atomically.

    Args:
        checkpoint: the checkpoint.
        paths: paths of its files, to record.
        output: path of the folder.
        overwrite: whether to replace an existing folder.
        origin: origin and license of published files, to record.

    Returns:
        An `Imported`, which describes the model folder.
    """
    record = {"checkpoints": [str(path) for path in paths], "versions": versions()}
    landmarks = checkpoint.landmarks and _landmark_network(checkpoint.landmarks)
    model, fresh, options = None, [], checkpoint.sizes.options
    if checkpoint.family:
        model, fresh = _build(checkpoint)
        record |= {
            "model": checkpoint.family,
            "step": checkpoint.step,
            "datasets": model.label_space.to_list(),
            "options": options,
            NOT_IMPORTED: fresh,
        }
    if origin:
        record["origin"] = origin
    with files.new_folder(output, "model", replace=overwrite) as unfinished:
        if model:
            folder = RunFolder(unfinished).checkpoints
            checkpoints.save(folder, _SavedToDisk(model), state_of(model), keep=1)
        if landmarks:
            landmarks.save(unfinished / LANDMARKS_FILE)
        files.write_json(unfinished / IMPORT_RECORD, record)
    return Imported(
        checkpoint.family, checkpoint.infos, options, fresh, bool(landmarks)
    )


def _landmark_network(state: NetworkState) -> LandmarkNetwork:
    network = LandmarkNetwork()
    put_weights(network, TABLE, state)
    return network


@dataclass(frozen=True)
class _SavedToDisk:
    """A model whose `save` writes the weights directly to disk.

    Keras assembles a `.keras` file in memory, which needs two to three times the size
    of the model.
    """

    model: keras.Model

    def save(self, path: Path) -> None:
        """Writes the same file as `keras.Model.save`."""
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            keras.saving.save_model(self.model, folder, zipped=False)
            with zipfile.ZipFile(path, "w") as archive:
                for file in sorted(Path(folder).rglob("*")):
                    if file.is_file():
                        archive.write(file, file.relative_to(folder).as_posix())


def _build(checkpoint: OfficialCheckpoint) -> tuple[Any, list[str]]:
    """Builds the model; returns it and descriptions of what the checkpoint lacks."""
    official = official_codes()[checkpoint.family]
    model_class = family(checkpoint.family).model_class()
    try:
        model = model_class(checkpoint.infos, **checkpoint.sizes.options)
    except ValueError as error:
        # The invalid values come from the user's files.
        raise InputError(str(error)) from error
    tables = official.tables(checkpoint.sizes)
    names = list(checkpoint.networks)
    for name in names:
        state = checkpoint.networks.pop(name)
        put_weights(getattr(model, name), tables[name], state)
    fresh = _fill_gaps(model, names, official)
    if checkpoint.moments:
        model.compile()
    else:
        fresh.append("the optimizers")
    for name in list(checkpoint.moments):
        put_moments(
            getattr(model, f"{name}_optimizer"),
            getattr(model, name),
            tables[name],
            checkpoint.moments.pop(name),
        )
    model.step.assign(checkpoint.step)
    return model, fresh


def _fill_gaps(model: Any, have: list[str], official: OfficialCode) -> list[str]:
    """Copies weights between trained and EMA networks if the checkpoint lacks one."""
    averaged = official.averaged
    untrained = [name for name in averaged if name not in have]
    for name in untrained:
        _copy(getattr(model, name + _EMA), getattr(model, name))
    unaveraged = [name for name in averaged if name + _EMA not in have]
    for name in unaveraged:
        _copy(getattr(model, name), getattr(model, name + _EMA))
    wanted = [name for name in official.networks if name not in averaged]
    missing = [f"the {name}" for name in wanted if name not in have]
    if untrained:
        names = _listed(untrained)
        missing.append(f"the trained {names} (replaced by the EMA networks)")
    if unaveraged:
        names = _listed(unaveraged)
        missing.append(f"the EMA networks of {names} (replaced by the trained ones)")
    return missing


def _copy(source: Any, target: Any) -> None:
    # One at a time, because `get_weights` would copy all of them at once.
    for old, new in zip(source.weights, target.weights, strict=True):
        new.assign(old)


def _listed(names: list[str]) -> str:
    *first, last = (name.replace("_", " ") for name in names)
    return f"{', '.join(first)} and {last}" if first else last


def put_moments(
    optimizer: Any, network: Any, table: Table, state_dict: Mapping[str, Any]
) -> None:
    """Assigns the moments of PyTorch's Adam to an optimizer.

    Args:
        optimizer: the optimizer of `network`.
        network: a Keras model.
        table: the table of the network.
        state_dict: state dict of PyTorch's Adam.

    Raises:
        InputError: if it is the state of another optimizer, or a moment does not have
            the shape of its weight.
    """
    keys = [entry.key for entry in entries(table)]
    try:
        known = {keys[i]: s for i, s in state_dict["state"].items() if i < len(keys)}
        steps = [int(state["step"]) for state in known.values()]
        moments_of = {
            name: {key: state[name] for key, state in known.items()}
            for name in (_MEAN, _SQUARE)
        }
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"The optimizer state of the {network.name} must be that of PyTorch's "
            f"Adam. Received: one without {error}."
        ) from error
    variables = {v.path: v for v in network.trainable_variables}
    shapes = {path: tuple(v.shape) for path, v in variables.items()}
    for place, arrays in enumerate(moments_of.values()):
        for path, array in to_ours(table, arrays, shapes):
            if path not in variables:
                continue
            if shapes[path] != array.shape:
                raise InputError(
                    f"The optimizer state of the {network.name} must match its "
                    f"weights. Received: a moment of shape {array.shape} for a weight "
                    f"of shape {shapes[path]}."
                )
            moments(optimizer, variables[path])[place].assign(array)
    optimizer.iterations.assign(max(steps, default=0))


def take_moments(optimizer: Any, network: Any, table: Table) -> dict[str, Any]:
    """Returns an optimizer's state as a state dict of PyTorch's Adam."""
    pairs = {v.path: moments(optimizer, v) for v in network.trainable_variables}
    means = to_official(table, {path: m.numpy() for path, (m, _) in pairs.items()})
    squares = to_official(table, {path: s.numpy() for path, (_, s) in pairs.items()})
    keys = [entry.key for entry in entries(table)]
    step = np.array(optimizer.iterations.numpy(), np.float32)
    state = {
        i: {"step": step, _MEAN: means[key], _SQUARE: squares[key]}
        for i, key in enumerate(keys)
        if key in means
    }
    group = {
        "lr": float(optimizer.learning_rate),
        "betas": (float(optimizer.beta_1), float(optimizer.beta_2)),
        "eps": float(optimizer.epsilon),
        "weight_decay": float(optimizer.l2),
        "amsgrad": False,
        "params": list(range(len(keys))),
    }
    return {"state": state, "param_groups": [group]}


def check_exportable(checkpoint: Path, state: State) -> None:
    """Raises InputError if the official code cannot build the model."""
    options = read_model_config(model_file(checkpoint), family(state.model))
    papers = official_codes()[state.model].architecture
    # Files of earlier versions lack the options that were added later.
    changed = [n for n, value in papers.items() if options.get(n, value) != value]
    infos = as_infos(state.datasets)
    if not all(info.is_plain and isinstance(info.image_size, int) for info in infos):
        changed.append("kind of images than square RGB images of 8 bits")
    if changed:
        raise InputError(
            "Only models with the paper's architecture can be exported for the "
            f"official code. Received: a model with another {' and '.join(changed)}. "
            "Export it as a SavedModel or as LiteRT files."
        )


def export_checkpoint(
    checkpoint: Path, state: State, output: Path, overwrite: bool = False
) -> list[Path]:
    """Writes official checkpoint files to a folder; other files there stay.

    Args:
        checkpoint: path of the model's checkpoint.
        state: state of the checkpoint.
        output: path of the folder.
        overwrite: whether to replace existing files.

    Returns:
        Paths of the files.

    Raises:
        InputError: if the official code cannot build the model, or the files cannot be
            written.
        ImportError: if PyTorch is not installed.
    """
    check_exportable(checkpoint, state)
    model = open_checkpoint(checkpoint, state, compile=True)
    official = official_codes()[state.model]
    space = model.label_space
    sizes = Sizes(space.image_size, model.get_config(), space.num_domains)
    tables = official.tables(sizes)
    states = {
        name: take_weights(getattr(model, name), table)
        for name, table in tables.items()
        if hasattr(model, name)
    }
    networks = {n: NetworkState(output, n, state) for n, state in states.items()}
    if official.sizes(networks).image_size != space.image_size:
        raise InputError(
            "The official code cannot build models for images of this size. Received: "
            f"{size_text(space.image_size)}. Export it as a SavedModel or as LiteRT "
            "files."
        )
    optimizers = {}
    for name in official.networks:
        optimizer = getattr(model, f"{name}_optimizer", None)
        # PyTorch's Adam has a constant learning rate.
        if isinstance(optimizer, TorchAdam) and not rate_schedule(optimizer):
            network = getattr(model, name)
            optimizers[name] = take_moments(optimizer, network, tables[name])
    contents = official.files(states, optimizers, state.step)
    made = {output / name: content for name, content in contents}
    if not overwrite:
        files.refuse_overwriting(*made)
    with contextlib.ExitStack() as unfinished:  # Renamed once all are complete.
        for path, content in made.items():
            temporary = unfinished.enter_context(files.new_file(path, "checkpoint"))
            write_torch(temporary, content)
    return sorted(made)
