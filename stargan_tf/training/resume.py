"""May this configuration go on in that run folder?"""

from typing import Any

from stargan_tf.errors import InputError
from stargan_tf.training.checkpoints import State, sorted_checkpoints
from stargan_tf.training.config import FREE_OPTIONS, RunConfig
from stargan_tf.training.resolve import read_config_file, resolve
from stargan_tf.training.run_folder import RunFolder


def check(folder: RunFolder, config: RunConfig) -> None:
    """What can be told without the data: `check_folder` and `check_same_run`.

    Args:
        folder: it need not exist.
        config: what is asked for now.

    Raises:
        InputError: as those two.
    """
    check_folder(folder)
    check_same_run(folder, config)


def check_folder(folder: RunFolder) -> None:
    """Refuses a folder that holds something else than a run.

    Args:
        folder: it need not exist.

    Raises:
        InputError: if it is a file, or has files but no configuration of a run.
    """
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
    """Refuses a configuration that the run's checkpoints do not belong to.

    Args:
        folder: a run folder; without a checkpoint anything may change.
        config: what is asked for now.

    Raises:
        InputError: naming each option that differs, then and now.
    """
    if not folder.config.exists() or not sorted_checkpoints(folder.checkpoints):
        return
    old = resolve(read_config_file(folder.config)).to_dict()
    new = config.to_dict()
    changed = [
        f"--{name} was {_text(old.get(name))}, now {_text(value)}"
        for name, value in new.items()
        if name not in FREE_OPTIONS and old.get(name) != value
    ]
    if changed:
        raise InputError(
            f"The run {folder.path} cannot go on with other options: "
            f"{'; '.join(changed)}. Give the old values ('stargan-tf train --run "
            f"{folder.path}' uses them all), or choose another --run."
        )


def check_same_data(
    folder: RunFolder, state: State, datasets: list[dict[str, Any]], counts: list[int]
) -> None:
    """Refuses data other than what the checkpoint was trained on.

    Args:
        folder: the run folder.
        state: of the checkpoint to go on from.
        datasets: the opened data's `LabelSpace.to_list()`.
        counts: training images of each data set.

    Raises:
        InputError: if labels or numbers of images differ.
    """
    if state.datasets == datasets and state.num_images == counts:
        return
    raise InputError(
        f"The data is not what the run {folder.path} was trained on: "
        f"{_data_text(state.datasets, state.num_images)} then, "
        f"{_data_text(datasets, counts)} now. Restore the data, or choose another "
        "--run."
    )


def check_length(folder: RunFolder, state: State, config: RunConfig) -> None:
    """Refuses to go on to a step that lies behind.

    Args:
        folder: the run folder.
        state: of the checkpoint to go on from.
        config: what is asked for now.

    Raises:
        InputError: if the run is past `steps`.
    """
    if state.step > config.steps:
        raise InputError(
            f"The run {folder.path} is at step {state.step} already. Pass --steps "
            f"larger than that to go on. Received: steps={config.steps}"
        )


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ",".join(_text(part) for part in value) or "nothing"
    return "nothing" if value is None else str(value)


def _data_text(datasets: list[dict[str, Any]], counts: list[int]) -> str:
    return " and ".join(
        f"{info['name']} ({count} images; {', '.join(info['domains'])})"
        for info, count in zip(datasets, counts, strict=True)
    )
