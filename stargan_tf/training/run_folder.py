"""The folder of a training run, and every other form in which a model is found."""

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
# What a run folder's config.json has beside the options.
VERSIONS = "versions"
# A landmark network beside an imported model, whose masks it makes, or alone.
LANDMARKS_FILE = "landmarks.keras"
_MASKS = "mask_provider"
# Options of earlier versions. `from_config` refuses models that used `separable`.
_FORMER_OPTIONS = ("data_service", "separable")


class RunFolder:
    """Where a run keeps its files.

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
        """The newest sound checkpoint with its state, None if there is none at all.

        A damaged one is passed over with a warning.
        """
        found = checkpoints.sorted_checkpoints(self.checkpoints)
        for checkpoint in reversed(found):
            try:
                return checkpoint, checkpoints.read_state(checkpoint)
            except DamagedCheckpoint as error:
                if checkpoint == found[0]:
                    raise
                warnings.warn(f"{error} The one before is used.", stacklevel=2)
        return None

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps other processes from training in the folder, which is made if need be.

        The system frees the lock however the process ends.

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
                f"Another process is training in {self.path}. Wait until it has ended, "
                "or choose another --run."
            ) from None
        except OSError as error:
            raise files.NotWritten(self.path, "run", error) from error
        try:
            yield
        finally:
            lock.release()

    def remove_leftovers(self) -> None:
        """Clears what a killed run left half-written."""
        for folder in (self.path, self.checkpoints, self.samples):
            files.remove_leftovers(folder)


def versions() -> dict[str, str]:
    """Of stargan_tf, Keras and TensorFlow; imports the latter two."""
    import keras
    import tensorflow as tf

    return {
        "stargan_tf": __version__,
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
    }


def read_config_file(path: str | Path) -> dict[str, Any]:
    """The option values in a JSON file; an InputError if it is no JSON object."""
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
                f"{name} in {path} must be text. Received: "
                + shortened(repr(values[name]))
            )
    ignored = {VERSIONS, *_FORMER_OPTIONS}
    name = values.get("preset")
    if VERSIONS in values and name and not _is_preset(name):
        ignored.add("preset")  # Of an earlier version; a run's record has its values.
    return {name: value for name, value in values.items() if name not in ignored}


def _is_preset(name: str) -> bool:
    try:
        return bool(preset(name))
    except InputError:
        return False


# What a user names as a model, see `find_checkpoint`.
Source = str | os.PathLike
_REMOTE = "://"
# Where a model that its authors publish is imported from, by name and license.
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
        model: a run folder (its newest sound checkpoint is opened), the folder of a
            checkpoint or preset, the name of a model that comes with the package
            (`stargan_tf.pretrained`), a `.keras` file of `model.save`, an address from
            which Keras loads models, such as `hf://user/model`, or the name of a model
            that its authors publish, such as `official/afhq`. The latter is fetched
            and imported once, and kept in the cache. A landmark network is the folder
            of an import of `wing.ckpt`, `official/wing`, or a `.keras` file, too.
        compile: whether the model is compiled as it was saved, so that `fit` continues
            its training: optimizers with their state, loss weights and seed. One that
            was saved uncompiled needs `compile()`.
        trust_code: whether functions that the run's configuration names may be
            imported, which executes their modules. Set it for runs of your own, and
            of people whose programs you would run.
        accept_license: whether you accept the license of a model that its authors
            publish. `stargan-tf import official/NAME` shows it.
        **code: functions that are not saved with the model, such as `mask_provider`
            of a model with high-pass skips, in place of those that the run names and
            of the landmark network beside an imported model: callables, or texts
            `module:name` or `path/to/file.py:name`.

    Returns:
        The model. The modules that a file names are not imported, except those of its
        family, Keras and this package.

    Raises:
        InputError: if there is no model, it is damaged, or it was written by another
            version; a run without a checkpoint; code that is not trusted or cannot be
            imported.
        ImportError: for `hf://` without the package huggingface_hub, or for
            `official/` without PyTorch.
    """
    if is_official(model):
        model = resolve_name(_OFFICIAL_FOLDER)(os.fspath(model), accept_license)
    path = _fetched(model)
    if file := _landmarks_in(path):
        if given := [name for name, value in code.items() if value is not None]:
            raise InputError(f"A landmark network takes no {given[0]}. Leave it out.")
        return _open_landmarks(file)
    checkpoint, state = find_checkpoint(path)
    loaded = open_checkpoint(checkpoint, state, compile)
    config = run_of(checkpoint).config
    attach_code(loaded, family(state.model), config, code, trust_code)
    return loaded


def open_checkpoint(
    checkpoint: Path, state: State, compile: bool = False, **arguments: Any
) -> Any:
    """The model in a checkpoint that was found, without functions that its run names.

    With `compile` the optimizers are restored, too. The arguments are those of
    `open_model`.
    """
    file = checkpoints.model_file(checkpoint)
    model = open_model(file, family(state.model), compile, **arguments)
    model.preparation = state.preparation
    return model


# Arguments of a constructor that leave the weights what they are.
_HARMLESS = {"dtype", "name"}
# Those of which one describes the labels.
_LABELS = ("datasets", "domains", "num_domains")


def model_from_preset(
    model_class: Any, name: Source, load_weights: bool, arguments: Mapping[str, Any]
) -> Any:
    """What `from_preset` of a model class returns; see `StarGANBase.from_preset`."""
    recipes = presets(installed_families())
    if str(name) in recipes and not user_path(name).exists():
        recipe = recipes[str(name)].values
        chosen = _check_class(model_class, name, recipe["family"])
        if load_weights:
            raise InputError(
                f"The preset '{name}' has no weights: it is a recipe for training. "
                "Pass load_weights=False for its architecture, or the folder of a run "
                f"of it. Presets with weights: {', '.join(names())}."
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
    wrong = sorted(others.keys() - _HARMLESS)
    if wrong:
        raise InputError(
            f"The weights of {name} are those of its own architecture. Received: "
            f"{', '.join(wrong)}. Leave it out, or pass load_weights=False."
        )
    model = open_checkpoint(checkpoint, state, compile=True, **others)
    attach_code(model, chosen, run_of(checkpoint).config, code)
    return model


def _check_class(model_class: Any, name: Source, model: str) -> ModelFamily:
    """The family of a preset, whose class must be the one asked for or derived."""
    chosen = family(model)
    found = chosen.model_class()
    if not issubclass(found, model_class):
        raise InputError(
            f"The preset '{name}' is of the class {found.__name__}. Received: "
            f"{model_class.__name__}.from_preset. Call {found.__name__}.from_preset."
        )
    return chosen


def _of_recipe(
    name: Source,
    recipe: Mapping[str, Any],
    chosen: ModelFamily,
    arguments: Mapping[str, Any],
) -> dict[str, Any]:
    """The constructor's arguments that a preset of the command line stands for."""
    names_of_options = {option.name for option in chosen.model_options}
    made = {n: value for n, value in recipe.items() if n in names_of_options}
    if "precision" in recipe:
        made["dtype"] = recipe["precision"]
    if "datasets" in arguments:  # They say the size.
        return made | dict(arguments)
    size = {"image_size": recipe["image_size"]} if "image_size" in recipe else {}
    if any(label in arguments for label in _LABELS):
        return made | size | dict(arguments)
    if "dataset" in recipe:  # One that comes with the package.
        rest = dict(arguments)
        size |= {"image_size": rest.pop("image_size")} if "image_size" in rest else {}
        made["datasets"] = load_dataset(recipe["dataset"], **size).info
        return made | rest
    attributes = recipe.get("attributes")
    if not attributes or not all(isinstance(one, str) for one in attributes):
        raise InputError(
            f"The preset '{name}' names no labels. Pass domains=[…], num_domains=… or "
            "datasets=…."
        )
    return {**made, **size, "domains": attributes, **arguments}


def state_of(model: Any) -> State:
    """The state of a model in memory, as `state.json` is to describe it.

    Raises:
        InputError: if its class is of no installed family.
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
    """What `save_to_preset` of a model does; see `StarGANBase.save_to_preset`."""
    path = user_path(folder)
    is_empty = path.is_dir() and not any(path.iterdir())
    if os.path.lexists(path) and not (is_empty or _has_state(path)):
        raise InputError(
            f"{path} exists and is not a preset, so it is not overwritten. Choose "
            "another folder."
        )
    checkpoints.write(path, model, state_of(model))
    keep_landmarks(model, path)


def find_checkpoint(
    model: Source, other_names: Iterable[str] = ()
) -> tuple[Path, State]:
    """Finds what `load_model` and every command open as a model.

    Args:
        model: as `load_model` describes it. A file whose state is not in `state.json`
            beside it is opened as `checkpoints.state_of_file` reads it.
        other_names: what else the user might have meant, for the error message.

    Returns:
        The folder of the checkpoint, or a `.keras` file; its state, with `preparation`
        known.
    """
    checkpoint, state = _find_checkpoint(_fetched(model), other_names)
    if state.preparation is None:
        known = _recorded_preparation(checkpoint, state.model)
        state = replace(state, preparation=known)
    return checkpoint, state


def run_of(checkpoint: Path) -> RunFolder:
    """The run or model folder that a checkpoint lies in, else one without a run."""
    checkpoint = checkpoint.resolve()
    inside = checkpoint.is_dir() and checkpoint.parent.name == "checkpoints"
    return RunFolder(checkpoint.parents[1] if inside else checkpoint)


def beside(model: Source, ending: str) -> Path:
    """Where something made of a model goes: beside it, under its name and an ending.

    What is made of a model that comes with the package, or from an address, goes here.
    """
    text = os.fspath(model).rstrip("/")
    path = user_path(text)
    if _REMOTE in text or named_or(path) != path:
        path = Path(path.name)
    return path.with_name(path.name.removesuffix(".keras") + ending)


def _recorded_preparation(checkpoint: Path, model: str) -> Preparation:
    """What a checkpoint of version 0.1.0 was trained with, as its run says."""
    options = dict(family(model).dataset_options)
    config = run_of(checkpoint).config
    # Not by `resolve`: the data set's plugin need not be installed here.
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        (crop_size, *_) = files.read_json(config)["crop_size"]
        return Preparation.of({"crop_size": crop_size, **options})
    return Preparation.of(options)


def _find_checkpoint(path: Path, other_names: Iterable[str]) -> tuple[Path, State]:
    path = named_or(path)
    if _landmarks_in(path):
        raise InputError(
            f"{path} is a network that finds landmarks of faces and translates "
            "nothing. Pass the folder of a run, or of another imported checkpoint."
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
            f"{path} is a model that its authors publish under a license of theirs. "
            f"Run 'stargan-tf import {path} --output DIR', and give DIR. In Python, "
            f'call load_model("{path}", accept_license=True).'
        )
    if not path.is_dir():
        raise InputError(
            f"There is no model {path}. Expected a run folder, the folder of a "
            "checkpoint or preset, a .keras file, an address such as hf://user/model, "
            "or a model that comes with the package. "
            + near_names(str(path), [*names(), *other_names])
        )
    found = run.newest()
    if found:
        return found
    if run.config.exists():
        raise InputError(
            f"The run {path} has no checkpoint yet. It gets one every "
            "--checkpoint_every steps; run its 'stargan-tf train' again to resume it."
        )
    raise InputError(
        f"{path} is not a model folder: it has neither checkpoints/ nor "
        f"{checkpoints.STATE_FILE}. Pass the --run folder of 'stargan-tf train', or a "
        "folder that save_to_preset made."
    )


def _has_state(folder: Path) -> bool:
    return (folder / checkpoints.STATE_FILE).exists()


def _landmarks_in(path: Path) -> Path | None:
    """The file of the landmark network that a path names, if it names one."""
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


def _fetched(model: Source) -> Path:
    """Where a model lies on this machine; what lies elsewhere is copied to the cache.

    Keras' own loader is not asked: what comes from elsewhere is to pass the checks of
    `checkpoints`.
    """
    address = os.fspath(model)
    if _REMOTE not in address:
        return user_path(model)
    # Here, not above: it imports NumPy, which the command line's help goes without.
    from stargan_tf.data.cache import cache_folder

    kept = cache_folder() / "models"
    if not address.startswith(_HUB):
        name = hashlib.sha256(address.encode()).hexdigest()[:16]
        return _copied(address, kept / f"{name}.keras")
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise ImportError(
            f"{address} needs huggingface_hub: pip install huggingface_hub"
        ) from error
    try:
        folder = Path(snapshot_download(address.removeprefix(_HUB)))
    except (OSError, ValueError) as error:  # Its own errors derive from these.
        raise InputError(f"{address} cannot be fetched: {error}") from error
    # Keras uploads the members of a .keras file one by one.
    parts = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    if not (folder / checkpoints.WEIGHTS).is_file():
        return folder
    file = kept / f"{folder.name}.keras"
    with files.new_file(file, "model") as new, zipfile.ZipFile(new, "w") as archive:
        for part in parts:
            archive.write(part, part.relative_to(folder).as_posix())
    return file


def _copied(address: str, file: Path) -> Path:
    """The copy of a file that TensorFlow can read, such as gs://bucket/faces.keras."""
    import tensorflow as tf

    try:
        with files.new_file(file, "model") as temporary:
            tf.io.gfile.copy(address, str(temporary))
    except tf.errors.OpError as error:
        reason = (error.message or "").partition("\n")[0]
        raise InputError(f"{address} cannot be fetched: {reason}") from error
    return file


def attach_code(
    model: Any,
    chosen: ModelFamily,
    config: Path,
    given: Mapping[str, Code | None],
    trust_code: bool = False,
) -> None:
    """Gives a loaded model functions that are not saved in it, by its `set_…` methods.

    Where nothing else makes its masks, the landmark network beside it does.

    Args:
        given: option name → a function or its `module:name`, in place of what the
            run names; None stands for "not given".
    """
    options = chosen.code_options
    given = {name: code for name, code in given.items() if code is not None}
    for name in given:
        if name not in options:
            raise InputError(f"A {chosen.name} model takes no {name}. Leave it out.")
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


def keep_landmarks(model: Any, folder: Path) -> None:
    """Puts the landmark network that makes a model's masks, if one does, beside it."""
    network = getattr(getattr(model, _MASKS, None), "network", None)
    if network is not None:
        with files.new_file(folder / LANDMARKS_FILE, "landmark network") as temporary:
            network.save(temporary)


def _recorded(chosen: ModelFamily, name: str, code: str, config: Path) -> Any:
    try:
        if _REMOTE in code:
            raise InputError(f"{name} {code} is not fetched unasked")
        return chosen.opened(name, code)
    except InputError as error:
        raise InputError(
            f"{str(error).removesuffix('.')}. {config} names it: call from the folder "
            f"of its module, add that folder to PYTHONPATH, or give another {name}."
        ) from error
