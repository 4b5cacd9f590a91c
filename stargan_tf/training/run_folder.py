"""The folder of a training run, which is a model folder as well."""

import contextlib
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import filelock

from stargan_tf import files
from stargan_tf.data.options import Preparation
from stargan_tf.errors import InputError
from stargan_tf.files import read_json, user_path
from stargan_tf.models.family import ModelFamily
from stargan_tf.models.registry import family, preset
from stargan_tf.pretrained import named_or
from stargan_tf.training import checkpoints
from stargan_tf.training.checkpoints import DamagedCheckpoint, State, open_model
from stargan_tf.user_code import check_trusted, imported_by_user
from stargan_tf.version import __version__

Code = str | Callable[..., Any]
# What a run folder's config.json has beside the options.
VERSIONS = "versions"
# Options of earlier versions, which decided nothing about the weights.
_FORMER_OPTIONS = ("data_service",)


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


def load_model(
    folder: str | Path, *, trust_code: bool = False, **code: Code | None
) -> Any:
    """Opens a trained model for translation.

    Args:
        folder: a run folder (its newest sound checkpoint is opened), one
            checkpoint's folder, or the name of a model that comes with the package
            (`stargan_tf.pretrained`).
        trust_code: whether functions that the run's configuration names may be
            imported, which executes their modules. Set it for runs of your own, and
            of people whose programs you would run.
        **code: functions that are not saved with the model, such as `mask_provider`
            of a model with high-pass skips, in place of those that the run names:
            callables, or texts `module:name` or `path/to/file.py:name`.

    Returns:
        The model, not compiled.

    Raises:
        InputError: not a model folder, a run without a checkpoint, damaged, or
            written by another version; code that is not trusted or cannot be
            imported.
    """
    checkpoint, state = find_checkpoint(user_path(folder))
    model = open_checkpoint(checkpoint, state)
    run = RunFolder(checkpoint.resolve().parents[1])
    attach_code(model, family(state.model), run.config, code, trust_code)
    return model


def open_checkpoint(checkpoint: Path, state: State, compile: bool = False) -> Any:
    """The model in a checkpoint that was found, without functions that its run names.

    With `compile` the optimizers are restored, too.
    """
    file = checkpoint / checkpoints.MODEL_FILE
    return open_model(file, family(state.model), compile)


def find_checkpoint(folder: Path) -> tuple[Path, State]:
    """The checkpoint that `load_model` opens; its state, with `preparation` known."""
    checkpoint, state = _find_checkpoint(folder)
    if state.preparation is None:
        known = _recorded_preparation(checkpoint, state.model)
        state = replace(state, preparation=known)
    return checkpoint, state


def _recorded_preparation(checkpoint: Path, model: str) -> Preparation:
    """What a checkpoint of version 0.1.0 was trained with, as its run says."""
    options = dict(family(model).dataset_options)
    config = RunFolder(checkpoint.resolve().parents[1]).config
    # Not by `resolve`: the data set's plugin need not be installed here.
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        (crop_size, *_) = files.read_json(config)["crop_size"]
        return Preparation.of({"crop_size": crop_size, **options})
    return Preparation.of(options)


def _find_checkpoint(folder: Path) -> tuple[Path, State]:
    folder = named_or(folder)
    if (folder / checkpoints.STATE_FILE).exists():
        return folder, checkpoints.read_state(folder)
    run = RunFolder(folder)
    if not folder.is_dir():
        raise InputError(f"There is no model folder {folder}.")
    found = run.newest()
    if found:
        return found
    if run.config.exists():
        raise InputError(
            f"The run {folder} has no checkpoint yet. It gets one every "
            "--checkpoint_every steps; run its 'stargan-tf train' again to go on."
        )
    raise InputError(
        f"{folder} is not a model folder: it has neither checkpoints/ nor "
        f"{checkpoints.STATE_FILE}. Pass the --run folder of 'stargan-tf train'."
    )


def attach_code(
    model: Any,
    chosen: ModelFamily,
    config: Path,
    given: Mapping[str, Code | None],
    trust_code: bool = False,
) -> None:
    """Gives a loaded model functions that are not saved in it, by its `set_…` methods.

    Args:
        given: option name → a function or its `module:name`, in place of what the
            run names; None stands for "not given".
    """
    names = chosen.code_options
    given = {name: code for name, code in given.items() if code is not None}
    for name in given:
        if name not in names:
            raise InputError(f"A {chosen.name} model takes no {name}. Leave it out.")
    recorded = read_config_file(config) if names and config.exists() else {}
    recorded = {name: recorded[name] for name in names if recorded.get(name)}
    recorded = {name: code for name, code in recorded.items() if name not in given}
    check_trusted(recorded, config, trust_code)
    for name, code in given.items():
        function = imported_by_user(name, code) if isinstance(code, str) else code
        getattr(model, f"set_{name}")(function)
    for name, code in recorded.items():
        getattr(model, f"set_{name}")(_recorded(name, code, config))


def _recorded(name: str, code: Any, config: Path) -> Callable[..., Any]:
    try:
        return imported_by_user(name, str(code))
    except InputError as error:
        raise InputError(
            f"{error}. {config} names it: call from the folder of its module, add "
            f"that folder to PYTHONPATH, or give another {name}."
        ) from error
