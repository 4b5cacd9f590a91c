"""May this configuration go on in that run folder?"""

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

# How to go on where the data is another.
REMEDY = (
    "Restore the data, pass the place it moved to (--data_dir, --labels), or accept "
    "the difference with --accept_changed_data."
)


def check(folder: RunFolder, config: RunConfig) -> None:
    """What can be told without the data."""
    check_folder(folder)
    check_same_run(folder, config)


def check_folder(folder: RunFolder) -> None:
    """Refuses a folder that is there and holds something else than a run."""
    if folder.path.exists() and not folder.path.is_dir():
        raise InputError(f"--run must be a folder. Received the file {folder.path}")
    if not folder.path.exists() or folder.config.exists():
        return
    if folder.checkpoints.exists():
        raise InputError(
            f"{folder.path} holds a model, but no run. To train on from it, pass "
            f"--init_from {folder.path} and another --run folder."
        )
    # Names with a dot are what a run killed at its very start leaves behind.
    if any(not path.name.startswith(".") for path in folder.path.iterdir()):
        raise InputError(
            f"{folder.path} has files but is no run folder. Choose a new --run folder."
        )


def check_same_run(folder: RunFolder, config: RunConfig) -> None:
    """Refuses options that the run's checkpoints do not belong to, then and now named.

    Before a run's first step anything may change.
    """
    trained = [p for p in sorted_checkpoints(folder.checkpoints) if step_of(p)]
    if not folder.config.exists() or not trained:
        return
    old = resolve(read_config_file(folder.config)).to_dict()
    changed = [
        f"--{name} was {_text(old.get(name))}, now {_text(value)}"
        for name, value in config.to_dict().items()
        if name not in FREE_OPTIONS and old.get(name) != value
    ]
    if changed:
        raise InputError(
            f"The run {folder.path} cannot go on with other options: "
            f"{'; '.join(changed)}. Give the old values ('stargan-tf train --run "
            f"{folder.path}' uses them all), or choose another --run."
        )


def check_length(folder: RunFolder, state: State, config: RunConfig) -> None:
    """Refuses to go on from a checkpoint that is past the run's last step."""
    if state.step > config.steps:
        raise InputError(
            f"The run {folder.path} is at step {state.step} already. Pass --steps "
            f"larger than that to go on. Received: steps={config.steps}"
        )


def check_same_data(
    folder: RunFolder, state: State, data: "RunData", accept_changed_data: bool = False
) -> None:
    """Refuses data other than what the checkpoint was trained on."""
    datasets = data.label_space.to_list()
    text = (
        f"The data is not what the run {folder.path} was trained on: "
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
    """Refuses images and labels other than what a model was trained on.

    Data sets are compared where the model has one of the same name and labels.
    """
    then = dict(zip(map(_labels_key, state.datasets), state.data or [], strict=False))
    for info, now in zip(data.label_space.to_list(), data.fingerprints, strict=True):
        if _labels_key(info) in then:
            check_fingerprint(model, info["name"], then[_labels_key(info)], now)


def check_fingerprint(
    model: str | Path, name: str, then: Mapping[str, Any], now: Mapping[str, Any]
) -> None:
    """Refuses a data set that is not the one that a model was trained on."""
    parts = differing_parts(then, now)
    if parts:
        raise InputError(
            f"The images of '{name}' are not what {model} was trained on: then "
            f"{in_words(then)}; now {in_words(now)}. Different: {', '.join(parts)}. "
            f"{REMEDY}"
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
