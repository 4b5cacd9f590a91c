"""Checks whether a configuration can resume the run in a folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stargan_tf.data.identity import differing_parts, in_words
from stargan_tf.errors import InputError
from stargan_tf.training.checkpoints import State, sorted_checkpoints, step_of
from stargan_tf.training.config import FREE_OPTIONS, RunConfig, resolve
from stargan_tf.training.run_folder import RunFolder, read_config_file

if TYPE_CHECKING:
    from stargan_tf.training.run import RunData

# The remedies for changed data.
REMEDY = (
    "Restore the data, pass its new location with --data_dir or --labels, or accept "
    "the difference with --accept_changed_data."
)


def check(folder: RunFolder, config: RunConfig) -> None:
    """Performs the checks that need no data."""
    check_folder(folder)
    check_same_run(folder, config)


def check_folder(folder: RunFolder) -> None:
    """Raises `InputError` for an existing folder that is not a run."""
    if folder.path.exists() and not folder.path.is_dir():
        raise InputError(f"--run must be a folder. Received: the file {folder.path}")
    if not folder.path.exists() or folder.config.exists():
        return
    if folder.checkpoints.exists():
        raise InputError(
            f"--run must be a run folder. Received: {folder.path}, a model without a "
            f"run. To start from it, pass --init_from {folder.path} and another --run."
        )
    # A run killed during startup leaves files whose names start with a dot.
    if any(not path.name.startswith(".") for path in folder.path.iterdir()):
        raise InputError(
            f"--run must be a run folder or empty. Received: {folder.path}, which has "
            "other files. Choose a new folder."
        )


def check_same_run(folder: RunFolder, config: RunConfig) -> None:
    """Raises `InputError` if options differ from those of the run's checkpoints.

    Before a run's first step, all options may change.
    """
    trained = [p for p in sorted_checkpoints(folder.checkpoints) if step_of(p)]
    if not folder.config.exists() or not trained:
        return
    # Free options may have been invalid, such as fewer steps than are allowed now.
    recorded = read_config_file(folder.config) | {"steps": config.steps}
    old = resolve(recorded).to_dict()
    changed = [
        f"--{name} was {_text(old.get(name))}, now {_text(value)}"
        for name, value in config.to_dict().items()
        if name not in FREE_OPTIONS and old.get(name) != value
    ]
    if changed:
        raise InputError(
            f"The run {folder.path} cannot be resumed with other options: "
            f"{'; '.join(changed)}. Pass the old values ('stargan-tf train --run "
            f"{folder.path}' uses all of them), or choose another --run."
        )


def check_length(folder: RunFolder, state: State, config: RunConfig) -> None:
    """Raises `InputError` if a checkpoint is beyond the run's last step."""
    if state.step > config.steps:
        raise InputError(
            f"--steps must be larger than {state.step}, the step that the run "
            f"{folder.path} has reached. Received: steps={config.steps}"
        )


def check_same_data(
    folder: RunFolder, state: State, data: "RunData", accept_changed_data: bool = False
) -> None:
    """Raises `InputError` if the data differ from the checkpoint's training data."""
    datasets = data.label_space.to_list()
    text = (
        f"The data differ from those that the run {folder.path} was trained on: "
        f"{_data_text(state.datasets, state.num_images)} then, "
        f"{_data_text(datasets, data.counts)} now."
    )
    if state.datasets != datasets:
        raise InputError(f"{text} Restore the data, or choose another --run.")
    if accept_changed_data:
        return
    check_fingerprints(folder.path, state, data)
    if state.num_images != data.counts:
        raise InputError(f"{text} {REMEDY}")


def check_fingerprints(model: str | Path, state: State, data: "RunData") -> None:
    """Raises `InputError` if images or labels differ from a model's training data.

    Only data sets whose name and labels are also in the model are compared.
    """
    then = dict(zip(map(_labels_key, state.datasets), state.data or [], strict=False))
    for info, now in zip(data.label_space.to_list(), data.fingerprints, strict=True):
        if _labels_key(info) in then:
            check_fingerprint(model, info["name"], then[_labels_key(info)], now)


def check_fingerprint(
    model: str | Path, name: str, then: Mapping[str, Any], now: Mapping[str, Any]
) -> None:
    """Raises `InputError` if a data set differs from a model's training data."""
    differences = differing_parts(then, now)
    if differences:
        raise InputError(
            f"The images of '{name}' differ from those that {model} was trained on: "
            f"then {in_words(then)}; now {in_words(now)}. Different: "
            f"{', '.join(differences)}. {REMEDY}"
        )


def _labels_key(info: Mapping[str, Any]) -> tuple[str, ...]:
    return info["name"], info["label_type"], *info["domains"]


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ",".join(map(_text, value)) or "nothing"
    return "nothing" if value is None else str(value)


def _data_text(datasets: list[dict[str, Any]], counts: list[int]) -> str:
    return " and ".join(
        f"{info['name']} ({count} images; {', '.join(info['domains'])})"
        for info, count in zip(datasets, counts, strict=True)
    )
