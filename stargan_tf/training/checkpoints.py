"""Checkpoints: folders `step_00001000/` with `model.keras` and `state.json`.

A checkpoint is written under a temporary name and renamed when it is on disk, so that
killing the process at any moment leaves earlier ones intact. The state file contains
the size and the hash of the model file: a damaged checkpoint is detected, and the
previous one is used.
"""

import math
import re
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from stargan_tf import files
from stargan_tf.archives import check_archive
from stargan_tf.data.info import as_infos
from stargan_tf.data.options import Preparation
from stargan_tf.errors import InputError, shortened
from stargan_tf.evaluation.options import is_better
from stargan_tf.files import parsed_json, read_json
from stargan_tf.limits import MAX_GROUPS, MAX_JSON_BYTES, MAX_REASON
from stargan_tf.models.family import ModelFamily
from stargan_tf.models.registry import family_of

FORMAT = 1
MODEL_FILE = "model.keras"
STATE_FILE = "state.json"
_NAME = re.compile(r"step_(\d{8,})")
# Exceptions from reading a file with arbitrary JSON content.
_BROKEN_JSON = (ValueError, AttributeError, KeyError, TypeError)
_LARGEST = 1 << 53  # Counts above are not exact in every JSON reader.


class DamagedCheckpoint(InputError):
    """A checkpoint with missing, truncated, or modified files."""


@dataclass(frozen=True)
class State:
    """The content of `state.json`, which describes the model beside it.

    Args:
        step: training batches seen.
        model: name of the model family.
        datasets: `LabelSpace.to_list()` of the model.
        num_images: training images of each data set.
        versions: of stargan_tf, Keras, and TensorFlow.
        preparation: how images are converted to the model's input; None in checkpoints
            of version 0.1.0, which record it in their run, and of `.keras` files (see
            `run_folder.find_checkpoint`).
        data: `data_fingerprint` of each data set; None in checkpoints of version 0.1.0
            and of models that were not trained here.
    """

    step: int
    model: str
    datasets: list[dict[str, Any]]
    num_images: list[int]
    versions: dict[str, str]
    preparation: Preparation | None = None
    data: list[dict[str, Any]] | None = None


def folder_name(step: int) -> str:
    """Name of the checkpoint (and of the sample grid) after `step` batches."""
    return f"step_{step:08d}"


def save(folder: Path, model: Any, state: State, keep: int) -> Path:
    """Saves a model and removes the oldest checkpoints.

    Raises:
        NotWritten: if the disk is full, for example; `folder` is then unchanged.
    """
    path = folder / folder_name(state.step)
    write(path, model, state)
    # The new one is not counted: after a damaged newest checkpoint, its step may be
    # lower than that one's.
    others = [other for other in sorted_checkpoints(folder) if other != path]
    for old in others[: max(0, len(others) + 1 - keep)]:
        try:
            files.remove_folder(old)
        except OSError as error:
            warnings.warn(f"{old} could not be removed: {error}.", stacklevel=2)
    return path


def write(
    path: Path, model: Any, state: State, notes: Mapping[str, Any] | None = None
) -> None:
    """Saves a model to a folder atomically, replacing the existing one.

    Args:
        notes: further files, name → JSON content, or a function that writes to a path.
    """
    try:
        with files.new_folder(path, "checkpoint") as unfinished:
            model.save(unfinished / MODEL_FILE)
            files.write_json(unfinished / STATE_FILE, _with_seal(state, unfinished))
            for name, content in (notes or {}).items():
                if callable(content):
                    content(unfinished / name)
                else:
                    files.write_json(unfinished / name, content)
    except files.NotWritten as error:
        advice = (
            "Earlier checkpoints are intact: free disk space, then run the same "
            "command to resume from the newest one."
        )
        raise files.NotWritten(path, "checkpoint", error.__cause__, advice) from error


def sorted_checkpoints(folder: Path) -> list[Path]:
    """The checkpoints in `folder`, by step; it need not exist."""
    folders = [path for path in folder.glob("step_*") if _NAME.fullmatch(path.name)]
    return sorted(folders, key=step_of)


def step_of(checkpoint: Path) -> int:
    """The step in a checkpoint's name."""
    return int(checkpoint.name.removeprefix("step_"))


def read_state(checkpoint: Path) -> State:
    """Verifies a checkpoint and reads its state file.

    Raises:
        DamagedCheckpoint: if a file is missing, truncated, or modified.
        InputError: if its format is of another version.
    """
    try:
        record = files.read_json(checkpoint / STATE_FILE)
        version = record.pop("format")
        written_by = dict(record["versions"]).get("stargan_tf", "of another version")
    except (*_BROKEN_JSON, OSError) as error:
        raise _unreadable(checkpoint, error) from error
    if version != FORMAT:
        raise InputError(
            f"{checkpoint} has format {version}, written by stargan_tf {written_by}; "
            f"this version reads format {FORMAT}. Install that version of stargan_tf."
        )
    try:
        _check_seal(checkpoint, **record.pop("seal"))
        if record.get("preparation") is not None:
            record["preparation"] = Preparation(**record["preparation"])
        state = State(**record)
        _check_types(state)
    except DamagedCheckpoint:
        raise
    except _BROKEN_JSON as error:
        raise _unreadable(checkpoint, error) from error
    return state


def _check_types(state: State) -> None:
    counts = [state.step, *state.num_images]
    if not all(type(count) is int and 0 <= count < _LARGEST for count in counts):
        raise ValueError(f"step and num_images must be counts, not {counts}")
    if not isinstance(state.model, str):
        raise TypeError(f"model must be a name, not {state.model!r}")
    if not as_infos(state.datasets):
        raise ValueError("datasets must not be empty")


def model_file(checkpoint: Path) -> Path:
    """The `.keras` file of a checkpoint, which may be a `.keras` file itself."""
    return checkpoint if checkpoint.is_file() else checkpoint / MODEL_FILE


def model_digest(checkpoint: Path) -> str:
    """SHA-256 of a verified checkpoint's model file."""
    if checkpoint.is_file():
        return files.sha256(checkpoint)
    return files.read_json(checkpoint / STATE_FILE)["seal"]["sha256"]


def _unreadable(checkpoint: Path, error: Exception) -> DamagedCheckpoint:
    return DamagedCheckpoint(
        f"{checkpoint} is damaged: {STATE_FILE} cannot be read "
        f"({shortened(str(error), MAX_REASON)})."
    )


def _with_seal(state: State, folder: Path) -> dict[str, Any]:
    file = folder / MODEL_FILE
    seal = {"size": file.stat().st_size, "sha256": files.sha256(file)}
    return {"format": FORMAT, **asdict(state), "seal": seal}


def _check_seal(checkpoint: Path, size: int, sha256: str) -> None:
    file = checkpoint / MODEL_FILE
    if not file.is_file():
        raise DamagedCheckpoint(f"{checkpoint} is damaged: {MODEL_FILE} is missing.")
    if file.stat().st_size != size or files.sha256(file) != sha256:
        raise DamagedCheckpoint(
            f"{checkpoint} is damaged: {MODEL_FILE} differs from the saved file."
        )


# === The best checkpoint ===

BEST_FOLDER, BEST_FILE = "best", "best.json"


@dataclass(frozen=True)
class Best:
    """The content of `best.json`: a metric, its best value, and the step."""

    metric: str
    value: float
    step: int


class BestCheckpoint:
    """Keeps the checkpoint with the best value of one metric.

    It is an ordinary checkpoint with `best.json` beside the model, and is never removed
    in favor of later ones.

    Args:
        path: its folder, `checkpoints/best` in a run.
        metric: name of the number to compare.
        describe: step → content of the state file.
    """

    def __init__(self, path: Path, metric: str, describe: Callable[[int], State]):
        self.path, self.metric, self.describe = path, metric, describe

    def offer(self, model: Any, step: int, values: Mapping[str, float]) -> bool:
        """Saves the model if it is the best so far; returns whether it was saved."""
        value = values.get(self.metric)
        if value is None or math.isnan(value) or not self._is_best(value):
            return False
        best = Best(self.metric, float(value), step)
        write(self.path, model, self.describe(step), {BEST_FILE: asdict(best)})
        return True

    def _is_best(self, value: float) -> bool:
        current = read_best(self.path)
        if current is None or current.metric != self.metric:
            return True
        return is_better(self.metric, value, current.value)


def read_best(path: Path) -> Best | None:
    """The record of `checkpoints/best`; None if there is no readable one."""
    try:
        return Best(**read_json(path / BEST_FILE))
    except (OSError, ValueError, TypeError):
        return None


# === The `.keras` file ===

# Keras' names of the members of a `.keras` file.
CONFIG = "config.json"
WEIGHTS = "model.weights.h5"
# Weights take 4 bytes in the file; 2 if Keras ever stores bfloat16.
_MIN_WEIGHT_BYTES = 2
# Packages whose classes a configuration may name, besides the family's package.
_PACKAGES = frozenset({"keras", "stargan_tf", "builtins"})


def read_model_config(file: Path, chosen: ModelFamily) -> dict[str, Any]:
    """The constructor arguments of a saved model, read without TensorFlow."""
    return _read_config(file, chosen, compile=False)["config"]


def class_of_file(file: Path) -> str:
    """The class name of the object in a `.keras` file."""
    with _explained(file):
        return str(_parsed_config(file)["class_name"])


def state_of_file(file: Path) -> State:
    """The state of a `.keras` file from `model.save`, as far as the file contains it.

    Raises:
        InputError: if it is damaged, or its class belongs to no installed family.
    """
    with _explained(file):
        config = _parsed_config(file)
        class_name, module = str(config["class_name"]), str(config["module"])
    try:
        chosen = family_of(class_name, module)
    except InputError as error:
        raise InputError(f"{file} cannot be opened. {error}.") from error
    arguments = read_model_config(file, chosen)
    with _explained(file), _extracted(file) as weights:
        infos = as_infos(arguments["datasets"])
        if not infos:
            raise ValueError("it has no labels")
        return State(
            step=_step(weights),
            model=chosen.name,
            datasets=[info.to_dict() for info in infos],
            num_images=[0] * len(infos),
            versions={},
        )


def _step(weights: Path) -> int:
    """The number of training batches that a model has seen; 0 if unknown."""
    _check_weights(weights)
    with _opened_weights(weights) as (arrays, _):
        step = arrays.get("vars/0")  # The first variable of every StarGANBase.
        is_count = step is not None and step.shape == () and step.dtype.kind in "iu"
        return int(step[()]) if is_count else 0


def open_model(
    file: Path, chosen: ModelFamily, compile: bool = False, **arguments: Any
) -> Any:
    """Loads a model as `keras.models.load_model` does, after checking the file.

    Args:
        **arguments: constructor arguments that replace the saved ones.
    """
    config = _read_config(file, chosen, compile)
    config["config"] |= arguments
    model_class = chosen.model_class()  # Registers the classes with Keras.
    import keras

    from stargan_tf.private_interfaces import (
        random_state_restored,
        variables_without_memory,
    )

    # The initial weights take their seeds from Python's random generator.
    with random_state_restored(), _explained(file), _extracted(file) as weights:
        num_bytes = _check_weights(weights)
        # Without memory: the sizes in the configuration cannot be trusted.
        with variables_without_memory():
            model = model_class.from_config(config["config"])
            needed = sum(math.prod(variable.shape) for variable in model.variables)
        if needed * _MIN_WEIGHT_BYTES > num_bytes:
            raise ValueError(f"it describes {needed:,} weights but contains fewer")
        if _has_assets(file):  # Vocabularies of a plugin's layers.
            return keras.models.load_model(file, compile=compile, safe_mode=True)
        model = keras.saving.deserialize_keras_object(config, safe_mode=True)
        model.load_weights(weights)
    return model


def load_weights(model: Any, file: Path) -> None:
    """Loads weights as `model.load_weights` does, several times as fast.

    Keras reads the HDF5 file inside the archive, where each backward seek decompresses
    the archive from its start. Here, the file is extracted first.
    """
    with _explained(file), _extracted(file) as weights:
        _check_weights(weights)
        model.load_weights(weights)


def _read_config(file: Path, chosen: ModelFamily, compile: bool) -> dict[str, Any]:
    """The whole configuration, once all classes it names belong to known packages."""
    with _explained(file):
        config = _parsed_config(file)
        if not compile:  # Optimizers may belong to packages that are not installed.
            config["compile_config"] = None
        home, _, name = chosen.target.partition(":")
        if config["class_name"] != name or not isinstance(config["config"], dict):
            raise ValueError(f"it contains no {name} but a {config['class_name']!r}")
        packages = _PACKAGES | {home.partition(".")[0]}
        uncompiled = {**config, "compile_config": None}
        for content, advice in (
            (uncompiled, ""),
            (config, "; load_model(…, compile=False) skips it"),
        ):
            for module in _modules(content):
                if str(module).partition(".")[0] not in packages:
                    raise ValueError(
                        f"it refers to code in {module!r}, which is not run{advice}"
                    )
        for option in chosen.model_options:
            value = config["config"].get(option.name)
            if value is not None and not (option.opened_by or option.separator):
                option.read(value)
    return config


def _parsed_config(file: Path) -> dict[str, Any]:
    with zipfile.ZipFile(file) as archive:
        check_archive(archive, file)
        if archive.getinfo(CONFIG).file_size > MAX_JSON_BYTES:
            raise ValueError(f"its {CONFIG} is too long")
        archive.getinfo(WEIGHTS)
        return parsed_json(archive.read(CONFIG))


def _modules(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        if value.get("module") is not None and "class_name" in value:
            yield value["module"]
        if value.get("class_name") in ("Lambda", "__lambda__"):
            yield "a lambda"
        value = list(value.values())
    if isinstance(value, list):
        for entry in value:
            yield from _modules(entry)


def _has_assets(file: Path) -> bool:
    with zipfile.ZipFile(file) as archive:
        return any(name.startswith("assets/") for name in archive.namelist())


@contextmanager
def _extracted(file: Path) -> Iterator[Path]:
    with ExitStack() as stack:
        source = file
        try:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            with zipfile.ZipFile(file) as archive:
                source = Path(archive.extract(WEIGHTS, folder))
        except OSError:  # No space for the copy: read it in the archive, slowly.
            pass
        yield source


@contextmanager
def _opened_weights(source: Path) -> Iterator[tuple[Any, int]]:
    """The arrays in a weights file or a `.keras` file, and the size in bytes."""
    import h5py

    with ExitStack() as stack:
        if source.name == WEIGHTS:
            stream, size = stack.enter_context(source.open("rb")), source.stat().st_size
        else:
            archive = stack.enter_context(zipfile.ZipFile(source))
            stream = stack.enter_context(archive.open(WEIGHTS))
            size = archive.getinfo(WEIGHTS).file_size
        yield stack.enter_context(h5py.File(stream)), size


def _check_weights(source: Path) -> int:
    """The total bytes of all arrays; ValueError if that exceeds the file's size."""
    with _opened_weights(source) as (weights, limit):
        return _num_bytes(weights, limit)


def _num_bytes(weights: Any, limit: int) -> int:
    import h5py

    def arrays(group: Any, depth: int) -> Iterator[Any]:
        for name in group:
            link = group.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink) or depth > MAX_GROUPS:
                raise ValueError("its weights are stored elsewhere")
            entry = group[name]
            if isinstance(entry, h5py.Group):
                yield from arrays(entry, depth + 1)
            elif entry.is_virtual or entry.external:
                raise ValueError("its weights are stored elsewhere")
            else:
                yield entry

    total = 0
    for array in arrays(weights, 0):
        total += array.size * array.dtype.itemsize
        if total > limit:
            raise ValueError("its weights are larger than the file")
    return total


@contextmanager
def _explained(file: Path) -> Iterator[None]:
    try:
        yield
    except InputError as error:
        raise error if str(file) in str(error) else _refused(file, error) from error
    # Which exception Keras, HDF5, or zipfile raises depends on the damaged byte.
    except Exception as error:
        raise _refused(file, error) from error


def _refused(file: Path, error: Exception) -> InputError:
    lines = str(error).strip().splitlines()
    reason = lines[0][:MAX_REASON] if lines else type(error).__name__
    return InputError(
        f"The model file {file} cannot be loaded: {reason.rstrip('.')}. It is damaged "
        "or was not written by this package. Copy it again, or use another checkpoint."
    )
