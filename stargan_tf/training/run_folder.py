"""The folder of a training run, and all other sources of a trained model."""

import contextlib
import hashlib
import os
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import filelock

from stargan_tf import files
from stargan_tf.data.options import Preparation
from stargan_tf.data.registry import load_dataset
from stargan_tf.errors import InputError, near_names, shortened
from stargan_tf.files import read_json, user_path
from stargan_tf.models.family import ModelFamily
from stargan_tf.models.registry import (
    family,
    family_of,
    installed_families,
    preset,
    presets,
)
from stargan_tf.pretrained import is_official, named_or, names
from stargan_tf.training import checkpoints
from stargan_tf.training.checkpoints import DamagedCheckpoint, State, open_model
from stargan_tf.user_code import check_trusted, is_code
from stargan_tf.version import __version__

Code = str | Callable[..., Any]
# A key of a run folder's config.json that is no option.
VERSIONS = "versions"
# A landmark network, alone or beside an imported model, for which it computes masks.
LANDMARKS_FILE = "landmarks.keras"
_MASKS = "mask_provider"
# Options of earlier versions. `from_config` refuses models that used `separable`.
_FORMER_OPTIONS = ("data_service", "separable")


class RunFolder:
    """The files of a run.

    Args:
        path: the folder; it need not exist.

    Attributes:
        config: the resolved configuration and the versions.
        metrics: one JSON line per logging interval.
        samples: folder of the sample grids.
        checkpoints: folder of the checkpoints.
        tensorboard: folder of TensorBoard's event files.
    """

    def __init__(self, path: Path):
        self.path = path
        self.config = path / "config.json"
        self.metrics = path / "metrics.jsonl"
        self.samples = path / "samples"
        self.checkpoints = path / "checkpoints"
        self.tensorboard = path / "tensorboard"

    def newest(self) -> tuple[Path, State] | None:
        """The newest intact checkpoint with its state; None if there is no checkpoint.

        Damaged ones are skipped with a warning.

        Raises:
            DamagedCheckpoint: if all of them are damaged.
        """
        saved = checkpoints.sorted_checkpoints(self.checkpoints)
        for checkpoint in reversed(saved):
            try:
                return checkpoint, checkpoints.read_state(checkpoint)
            except DamagedCheckpoint as error:
                if checkpoint == saved[0]:
                    raise
                message = f"{error} The previous checkpoint is used."
                warnings.warn(message, stacklevel=1)  # Once for all callers.
        return None

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Locks the folder, which is created if needed, against other trainings.

        The system releases the lock even if the process is killed.

        Raises:
            InputError: if another process holds it.
            NotWritten: if the folder cannot be written to.
        """
        lock = filelock.FileLock(self.path / ".lock")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
        except filelock.Timeout:
            raise InputError(
                f"Another process is training in {self.path}. Wait until it ends, or "
                "choose another --run."
            ) from None
        except OSError as error:
            raise files.NotWritten(self.path, "run", error) from error
        try:
            yield
        finally:
            lock.release()

    def remove_leftovers(self) -> None:
        """Removes files that a killed run left incomplete."""
        for folder in (self.path, self.checkpoints, self.samples):
            files.remove_leftovers(folder)


def versions() -> dict[str, str]:
    """The versions of stargan_tf, Keras, and TensorFlow; imports the latter two."""
    import keras
    import tensorflow as tf

    return {
        "stargan_tf": __version__,
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
    }


def read_config_file(path: str | Path) -> dict[str, Any]:
    """The option values in a JSON file; InputError if it has no JSON object."""
    try:
        values = read_json(user_path(path))
    except (OSError, ValueError) as error:
        raise InputError(f"The configuration {path} cannot be read: {error}") from error
    if not isinstance(values, dict):
        raise InputError(
            f"The configuration {path} must be a JSON object such as "
            f'{{"preset": "demo", "steps": 100}}. Received: {type(values).__name__}'
        )
    for name in ("preset", "family", "model", "init_from"):
        if not isinstance(values.get(name), str | None):
            raise InputError(
                f"{name} in {path} must be a string. Received: "
                + shortened(repr(values[name]))
            )
    ignored = {VERSIONS, *_FORMER_OPTIONS}
    name = values.get("preset")
    if VERSIONS in values and name and not _is_preset(name):
        ignored.add("preset")  # Of an earlier version; its values are in the record.
    return {name: value for name, value in values.items() if name not in ignored}


def _is_preset(name: str) -> bool:
    try:
        return bool(preset(name))
    except InputError:
        return False


# What identifies a model, see `find_checkpoint`.
Source = str | os.PathLike
_REMOTE = "://"
# The function that imports a published model.
_OFFICIAL_FOLDER = "stargan_tf.convert.published:model_folder"
_HUB = "hf://"


def load_model(
    model: Source,
    *,
    compile: bool = True,
    trust_code: bool = False,
    accept_license: bool = False,
    **code: Code | None,
) -> Any:
    """Opens a trained model, or a landmark network (`faces.network.LandmarkNetwork`).

    Args:
        model: a run folder (its newest intact checkpoint is opened), the folder of a
            checkpoint or preset, the name of a model that comes with the package
            (`stargan_tf.pretrained`), a `.keras` file from `model.save`, a URL from
            which Keras loads models, such as `hf://user/model`, or the name of a model
            published by its authors, such as `official/afhq`, which is downloaded and
            imported once, and cached. A landmark network is `official/wing`, the folder
            of an imported `wing.ckpt`, or a `.keras` file.
        compile: whether to compile the model as it was saved, with optimizer states,
            loss weights, and seed, so that `fit` continues its training. A model that
            was saved uncompiled needs `compile()`.
        trust_code: whether functions that the run's configuration names may be
            imported, which executes their modules. Use it only for your own runs and
            those of people you trust.
        accept_license: whether you accept the license of a model published by its
            authors. `stargan-tf import official/NAME` shows it.
        **code: functions that are not saved with the model, such as `mask_provider`
            of a model with high-pass skips: callables, or strings `module:name` or
            `path/to/file.py:name`. They replace those that the run names, and the
            landmark network beside an imported model.

    Returns:
        The model. Loading it imports no code except that of its family, Keras, and
        this package.

    Raises:
        InputError: if there is no model, it is damaged, or another version wrote it; if
            a run has no checkpoint yet; or if code is not trusted or cannot be
            imported.
        ImportError: for `hf://` without huggingface_hub, or for `official/` without
            PyTorch.

    ```python
    model = stargan_tf.load_model("toon_attributes")
    images = model.translate(images, "Blond_Hair")  # (n, 128, 128, 3)
    ```
    """
    if is_official(model):
        model = resolve_name(_OFFICIAL_FOLDER)(os.fspath(model), accept_license)
    path = _local_path(model)
    if file := _landmarks_in(path):
        if given := [name for name, value in code.items() if value is not None]:
            raise InputError(f"A landmark network takes no {given[0]}. Drop it.")
        return _open_landmarks(file)
    checkpoint, state = find_checkpoint(path)
    loaded = open_checkpoint(checkpoint, state, compile)
    config = run_of(checkpoint).config
    attach_code(loaded, family(state.model), config, code, trust_code)
    return loaded


def open_checkpoint(
    checkpoint: Path, state: State, compile: bool = False, **arguments: Any
) -> Any:
    """The model in a checkpoint, without the functions that its run names.

    With `compile`, the optimizers are restored, too. The arguments are those of
    `open_model`.
    """
    file = checkpoints.model_file(checkpoint)
    model = open_model(file, family(state.model), compile, **arguments)
    model.preparation = state.preparation
    return model


# Constructor arguments that do not change the shapes of the weights.
_KEEP_WEIGHTS = {"dtype", "name"}
# Alternative constructor arguments that describe the labels.
_LABELS = ("datasets", "domains", "num_domains")


def model_from_preset(
    model_class: Any, name: Source, load_weights: bool, arguments: Mapping[str, Any]
) -> Any:
    """Implements `StarGANBase.from_preset`."""
    recipes = presets(installed_families())
    if str(name) in recipes and not user_path(name).exists():
        recipe = recipes[str(name)].values
        chosen = _check_class(model_class, name, recipe["family"])
        if load_weights:
            raise InputError(
                f"The preset '{name}' is a recipe for training and has no weights. "
                "Pass load_weights=False for its architecture, or the folder of a run. "
                f"Presets with weights: {', '.join(names())}."
            )
        return chosen.model_class()(**_of_recipe(name, recipe, chosen, arguments))
    checkpoint, state = find_checkpoint(name, recipes)
    chosen = _check_class(model_class, name, state.model)
    if not load_weights:
        file = checkpoints.model_file(checkpoint)
        config = checkpoints.read_model_config(file, chosen)
        if any(label in arguments for label in _LABELS):
            (described, *_) = config.pop("datasets")
            if "datasets" not in arguments:
                kept = ("image_size", "num_channels")
                config |= {key: described[key] for key in kept if key in described}
        return chosen.model_class().from_config({**config, **arguments})
    code = {n: arguments[n] for n in chosen.code_options if n in arguments}
    others = {n: value for n, value in arguments.items() if n not in code}
    wrong = sorted(others.keys() - _KEEP_WEIGHTS)
    if wrong:
        raise InputError(
            f"The weights of {name} need its architecture. Received: "
            f"{', '.join(wrong)}. Drop it, or pass load_weights=False."
        )
    model = open_checkpoint(checkpoint, state, compile=True, **others)
    attach_code(model, chosen, run_of(checkpoint).config, code)
    return model


def _check_class(model_class: Any, name: Source, model: str) -> ModelFamily:
    """The family of a preset; InputError if its class is not `model_class`."""
    chosen = family(model)
    actual = chosen.model_class()
    if not issubclass(actual, model_class):
        raise InputError(
            f"The preset '{name}' needs the class {actual.__name__}. Received: "
            f"{model_class.__name__}.from_preset. Call {actual.__name__}.from_preset."
        )
    return chosen


def _of_recipe(
    name: Source,
    recipe: Mapping[str, Any],
    chosen: ModelFamily,
    arguments: Mapping[str, Any],
) -> dict[str, Any]:
    """The constructor arguments for a preset of the command line."""
    option_names = {option.name for option in chosen.model_options}
    made = {n: value for n, value in recipe.items() if n in option_names}
    if "precision" in recipe:
        made["dtype"] = recipe["precision"]
    if "datasets" in arguments:  # They include the size.
        return made | dict(arguments)
    size = {"image_size": recipe["image_size"]} if "image_size" in recipe else {}
    if any(label in arguments for label in _LABELS):
        return made | size | dict(arguments)
    if "dataset" in recipe:  # A data set that comes with the package.
        rest = dict(arguments)
        size |= {"image_size": rest.pop("image_size")} if "image_size" in rest else {}
        made["datasets"] = load_dataset(recipe["dataset"], **size).info
        return made | rest
    attributes = recipe.get("attributes")
    if not attributes or not all(isinstance(name, str) for name in attributes):
        raise InputError(
            f"The preset '{name}' names no labels. Pass domains=[…], num_domains=…, or "
            "datasets=…."
        )
    return {**made, **size, "domains": attributes, **arguments}


def state_of(model: Any) -> State:
    """The state of a model in memory, for `state.json`.

    Raises:
        InputError: if its class belongs to no installed family.
    """
    chosen = family_of(type(model).__name__, type(model).__module__)
    datasets = model.label_space.to_list()
    return State(
        step=int(model.step),
        model=chosen.name,
        datasets=datasets,
        num_images=[0] * len(datasets),
        versions=versions(),
        preparation=model.preparation or Preparation.of(chosen.dataset_options),
    )


def save_preset(model: Any, folder: Source) -> None:
    """Implements `StarGANBase.save_to_preset`."""
    path = user_path(folder)
    is_empty = path.is_dir() and not any(path.iterdir())
    if os.path.lexists(path) and not (is_empty or _has_state(path)):
        raise InputError(
            f"{path} exists but is not a preset, so it is not overwritten. Choose "
            "another folder."
        )
    checkpoints.write(path, model, state_of(model), landmarks_of(model))


def find_checkpoint(
    model: Source, other_names: Iterable[str] = ()
) -> tuple[Path, State]:
    """Finds what `load_model` and every command open as a model.

    Args:
        model: as for `load_model`. The state of a file without `state.json` beside it
            is what `checkpoints.state_of_file` returns.
        other_names: further names to suggest in the error message.

    Returns:
        The folder of the checkpoint, or a `.keras` file; and its state, in which
        `preparation` is set.
    """
    checkpoint, state = _find_checkpoint(_local_path(model), other_names)
    if state.preparation is None:
        known = _recorded_preparation(checkpoint, state.model)
        state = replace(state, preparation=known)
    return checkpoint, state


def run_of(checkpoint: Path) -> RunFolder:
    """The run or model folder of a checkpoint; without a run, its own folder."""
    checkpoint = checkpoint.resolve()
    inside = checkpoint.is_dir() and checkpoint.parent.name == "checkpoints"
    return RunFolder(checkpoint.parents[1] if inside else checkpoint)


def beside(model: Source, ending: str) -> Path:
    """The default path for a file derived from a model: beside it, with an ending.

    For models from the package or from a URL, it is in the current folder.
    """
    text = os.fspath(model).rstrip("/")
    path = user_path(text)
    if path.name in ("", ".."):  # Such as ".".
        path = path.resolve()
    if _REMOTE in text or named_or(path) != path:
        path = Path(path.name)
    return path.with_name(path.name.removesuffix(".keras") + ending)


def _recorded_preparation(checkpoint: Path, model: str) -> Preparation:
    """The preparation of a checkpoint of version 0.1.0, as its run records it."""
    options = dict(family(model).dataset_options)
    config = run_of(checkpoint).config
    # Without `resolve`, since the data set's plugin may not be installed here.
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        (crop_size, *_) = files.read_json(config)["crop_size"]
        return Preparation.of({"crop_size": crop_size, **options})
    return Preparation.of(options)


def _find_checkpoint(path: Path, other_names: Iterable[str]) -> tuple[Path, State]:
    path = named_or(path)
    if _landmarks_in(path):
        raise InputError(
            f"{path} is a network for facial landmarks, which cannot translate. Pass "
            "the folder of a run, or of another imported checkpoint."
        )
    if path.is_file():
        if path.name != checkpoints.MODEL_FILE or not _has_state(path.parent):
            return path, checkpoints.state_of_file(path)
        path = path.parent
    if _has_state(path):
        return path, checkpoints.read_state(path)
    run = RunFolder(path)
    if is_official(path):
        raise InputError(
            f"{path} is a model that its authors publish under their own license. Run "
            f"'stargan-tf import {path} --output DIR', and pass DIR. In Python, call "
            f'load_model("{path}", accept_license=True).'
        )
    if not path.is_dir():
        raise InputError(
            f"There is no model {path}. Expected a run folder, the folder of a "
            "checkpoint or preset, a .keras file, a URL such as hf://user/model, or a "
            "model that comes with the package. "
            + near_names(str(path), [*names(), *other_names])
        )
    newest = run.newest()
    if newest:
        return newest
    if run.config.exists():
        raise InputError(
            f"The run {path} has no checkpoint yet. One is written every "
            "--checkpoint_every steps; run 'stargan-tf train' again to resume it."
        )
    raise InputError(
        f"{path} is not a model folder: it has neither checkpoints/ nor "
        f"{checkpoints.STATE_FILE}. Pass the --run folder of 'stargan-tf train', or a "
        "folder that save_to_preset wrote."
    )


def _has_state(folder: Path) -> bool:
    return (folder / checkpoints.STATE_FILE).exists()


def _landmarks_in(path: Path) -> Path | None:
    """The file of the landmark network that a path refers to, if any."""
    if path.is_file() and not (
        path.name == checkpoints.MODEL_FILE and _has_state(path.parent)
    ):
        is_network = checkpoints.class_of_file(path) == "LandmarkNetwork"
        return path if is_network else None
    file = path / LANDMARKS_FILE
    has_model = _has_state(path) or RunFolder(path).checkpoints.exists()
    return file if file.is_file() and not has_model else None


def _open_landmarks(file: Path) -> Any:
    from stargan_tf.faces.network import LandmarkNetwork

    network = LandmarkNetwork()
    checkpoints.load_weights(network, file)
    return network


def _local_path(model: Source) -> Path:
    """The path of a model on this machine; a remote one is copied to the cache.

    Keras' loader is not used, so that remote files pass the checks of `checkpoints`.
    """
    address = os.fspath(model)
    if _REMOTE not in address:
        return user_path(model)
    # Imported here: it needs NumPy, which would slow down the command line's help.
    from stargan_tf.data.cache import cache_folder

    cached = cache_folder() / "models"
    if not address.startswith(_HUB):
        name = hashlib.sha256(address.encode()).hexdigest()[:16]
        return _copied(address, cached / f"{name}.keras")
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise ImportError(
            f"{address} needs huggingface_hub: pip install 'stargan_tf[hub]'"
        ) from error
    try:
        folder = Path(snapshot_download(address.removeprefix(_HUB)))
    except (OSError, ValueError) as error:  # Base classes of the package's errors.
        raise InputError(f"{address} cannot be downloaded: {error}") from error
    # Keras uploads the members of a .keras file one by one.
    members = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    if not (folder / checkpoints.WEIGHTS).is_file():
        return folder
    file = cached / f"{folder.name}.keras"
    with files.new_file(file, "model") as new, zipfile.ZipFile(new, "w") as archive:
        for member in members:
            archive.write(member, member.relative_to(folder).as_posix())
    return file


def _copied(address: str, file: Path) -> Path:
    """Copies a file that TensorFlow can read, such as gs://bucket/faces.keras."""
    import tensorflow as tf

    try:
        with files.new_file(file, "model") as temporary:
            tf.io.gfile.copy(address, str(temporary))
    except tf.errors.OpError as error:
        reason = (error.message or "").partition("\n")[0]
        raise InputError(f"{address} cannot be downloaded: {reason}") from error
    return file


def attach_code(
    model: Any,
    chosen: ModelFamily,
    config: Path,
    given: Mapping[str, Code | None],
    trust_code: bool = False,
) -> None:
    """Attaches functions that are not saved in a model, by its `set_…` methods.

    If there is no other mask provider, the landmark network beside the model is used.

    Args:
        given: option name → a function or its `module:name`, which replaces what the
            run names; None: not given.
    """
    options = chosen.code_options
    given = {name: code for name, code in given.items() if code is not None}
    for name in given:
        if name not in options:
            raise InputError(f"A {chosen.name} model takes no {name}. Drop it.")
    recorded = read_config_file(config) if options and config.exists() else {}
    recorded = {name: recorded[name] for name in options if recorded.get(name)}
    recorded = {name: code for name, code in recorded.items() if name not in given}
    check_trusted(recorded, config, trust_code)
    has_code = _MASKS in given or is_code(str(recorded.get(_MASKS)))
    if _MASKS in options and not has_code and attach_landmarks(model, config):
        recorded.pop(_MASKS, None)
    for name, code in given.items():
        function = chosen.opened(name, code) if isinstance(code, str) else code
        getattr(model, f"set_{name}")(function)
    for name, code in recorded.items():
        getattr(model, f"set_{name}")(_recorded(chosen, name, str(code), config))


def attach_landmarks(model: Any, config: Path) -> bool:
    """Lets the landmark network beside a model make its masks, if there is one."""
    from stargan_tf.faces.providers import NetworkProvider

    file = config.with_name(LANDMARKS_FILE)
    if file.is_file():
        model.set_mask_provider(NetworkProvider(_open_landmarks(file), str(file)))
    return file.is_file()


def landmarks_of(model: Any) -> dict[str, Callable[[Path], None]]:
    """The file of the network that makes a model's masks, if one does.

    Returns:
        {name of the file beside the model: function that writes it}.
    """
    network = getattr(getattr(model, _MASKS, None), "network", None)
    return {} if network is None else {LANDMARKS_FILE: network.save}


def _recorded(chosen: ModelFamily, name: str, code: str, config: Path) -> Any:
    try:
        if _REMOTE in code:
            raise InputError(f"{name} {code} is not fetched unasked")
        return chosen.opened(name, code)
    except InputError as error:
        raise InputError(
            f"{str(error).removesuffix('.')}. {config} names it: run from the folder "
            f"of its module, add that folder to PYTHONPATH, or pass another {name}."
        ) from error
