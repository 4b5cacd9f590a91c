"""Checkpoints: folders `step_00001000/` with `model.keras` and `state.json`.

A checkpoint is written under another name and renamed when it is on the disk, so a
kill at any moment leaves the earlier ones untouched. The state file carries the
size and the hash of the model file: a damaged checkpoint is noticed, and the one
before it is used.
"""

import hashlib
import re
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from stargan_tf import files
from stargan_tf.data.fit import Preparation
from stargan_tf.data.info import as_infos
from stargan_tf.errors import InputError

FORMAT = 1
MODEL_FILE = "model.keras"
STATE_FILE = "state.json"
_NAME = re.compile(r"step_(\d{8,})")
_CHUNK = 1 << 20
# What reading and taking apart a file with any JSON in it may raise.
_BROKEN_JSON = (ValueError, AttributeError, KeyError, TypeError)
_LARGEST = 1 << 53  # Counts above are not exact in every JSON reader.


class DamagedCheckpoint(InputError):
    """A checkpoint whose files are missing, cut short or changed."""


@dataclass(frozen=True)
class State:
    """What `state.json` says about the model beside it.

    Args:
        step: training batches seen.
        model: name of the model family.
        datasets: `LabelSpace.to_list()` of the model.
        num_images: training images of each data set.
        versions: of stargan_tf, keras and tensorflow.
        preparation: how images became the model's input; None in checkpoints of
            version 0.1.0, whose run says it (see `run_folder.find_checkpoint`).
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

    Args:
        folder: where the checkpoints are.
        model: a `keras.Model`.
        state: what to write beside it.
        keep: how many checkpoints remain, the new one included.

    Returns:
        The new checkpoint.

    Raises:
        InputError: if it cannot be written, for example because the disk is full;
            `folder` is then as it was.
    """
    path = folder / folder_name(state.step)
    write(path, model, state)
    # The new one is not counted: after a damaged newest checkpoint it may have a lower
    # step than that.
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
    """Saves a model into one folder, in full or not at all.

    Args:
        path: the folder; what is there is replaced.
        model: a `keras.Model`.
        state: what to write beside it.
        notes: further JSON files, name → content.

    Raises:
        InputError: as `save`.
    """
    try:
        with files.new_folder(path, "checkpoint") as unfinished:
            model.save(unfinished / MODEL_FILE)
            files.write_json(unfinished / STATE_FILE, _with_seal(state, unfinished))
            for name, content in (notes or {}).items():
                files.write_json(unfinished / name, content)
    except files.NotWritten as error:
        advice = (
            "The earlier ones are untouched: make room, then the same command resumes "
            "from the newest."
        )
        raise files.NotWritten(path, "checkpoint", error.__cause__, advice) from error


def sorted_checkpoints(folder: Path) -> list[Path]:
    """The checkpoints in `folder`, by step; it need not exist."""
    found = {path: _NAME.fullmatch(path.name) for path in folder.glob("step_*")}
    return sorted((path for path, match in found.items() if match), key=step_of)


def step_of(checkpoint: Path) -> int:
    """The step in a checkpoint's name."""
    return int(checkpoint.name.removeprefix("step_"))


def read_state(checkpoint: Path) -> State:
    """Reads and verifies a checkpoint.

    Args:
        checkpoint: its folder.

    Returns:
        The content of its state file.

    Raises:
        DamagedCheckpoint: if a file is missing, cut short or changed.
        InputError: if another version of the format wrote it.
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
        preparation = record.pop("preparation", None)
        if preparation is not None:
            preparation = Preparation(**preparation)
        return _checked(State(**record, preparation=preparation))
    except DamagedCheckpoint:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _unreadable(checkpoint, error) from error


def _checked(state: State) -> State:
    """The state, if its values are of the types that it promises."""
    counts = [state.step, *state.num_images]
    if not all(type(count) is int and 0 <= count < _LARGEST for count in counts):
        raise ValueError(f"step and num_images must be counts, not {counts}")
    if not isinstance(state.model, str):
        raise TypeError(f"model must be a name, not {state.model!r}")
    if not as_infos(state.datasets):
        raise ValueError("datasets must name one at least")
    return state


def model_digest(checkpoint: Path) -> str:
    """SHA-256 of a verified checkpoint's model file, as its state file tells it.

    Args:
        checkpoint: its folder.
    """
    record = files.read_json(checkpoint / STATE_FILE)
    return record["seal"]["sha256"]


def _unreadable(checkpoint: Path, error: Exception) -> DamagedCheckpoint:
    return DamagedCheckpoint(
        f"{checkpoint} is damaged: {STATE_FILE} cannot be read ({error!r})."
    )


def _with_seal(state: State, folder: Path) -> dict[str, Any]:
    return {"format": FORMAT, **asdict(state), "seal": _seal(folder / MODEL_FILE)}


def _seal(file: Path) -> dict[str, Any]:
    return {"size": file.stat().st_size, "sha256": _digest(file)}


def _digest(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _check_seal(checkpoint: Path, size: int, sha256: str) -> None:
    file = checkpoint / MODEL_FILE
    if not file.is_file():
        raise DamagedCheckpoint(f"{checkpoint} is damaged: {MODEL_FILE} is missing.")
    if file.stat().st_size != size or _digest(file) != sha256:
        raise DamagedCheckpoint(
            f"{checkpoint} is damaged: {MODEL_FILE} is not the file that was saved."
        )
