"""The data that a trained model is evaluated on."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from stargan_tf.data.dataset_options import HELD_OUT, TRAIN
from stargan_tf.data.fit import Preparation
from stargan_tf.data.identity import data_fingerprint, differing_parts
from stargan_tf.data.info import DatasetInfo, as_infos
from stargan_tf.data.labelled_images import LabelledImages
from stargan_tf.data.registry import available, definition, load_dataset
from stargan_tf.errors import InputError, near_names
from stargan_tf.training.checkpoints import State
from stargan_tf.training.config import RunConfig
from stargan_tf.training.families.registry import family
from stargan_tf.training.resolve import (
    read_config_file,
    resolve,
    warn_of_relative_paths,
)
from stargan_tf.training.resume import check_fingerprint


@dataclass(frozen=True)
class EvaluationData:
    """Both splits of one of a model's data sets.

    Args:
        dataset: its index in the model's `LabelSpace`.
        held_out: what is translated.
        train: the real images.
        changed: whether the model was trained on other images of this name; None if
            that is not known.
    """

    dataset: int
    held_out: LabelledImages
    train: LabelledImages
    changed: bool | None = None


@dataclass(frozen=True)
class DataChoice:
    """What the user said about the data.

    Args:
        name: of the data set; None for the run's own.
        options: the given fields of `DatasetOptions`, no others.
        accept_changed_data: whether images other than those that the model was trained
            on are taken under the same name.
    """

    name: str | None = None
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    accept_changed_data: bool = False


def open_evaluation_data(
    checkpoint: Path, state: State, choice: DataChoice
) -> EvaluationData:
    """Opens the data, as the run had it or as the user says.

    Args:
        checkpoint: the checkpoint's folder; the run's configuration lies above it.
        state: of the checkpoint.
        choice: what the user said.

    Returns:
        Both splits, with the model's domains in the model's order.

    Raises:
        InputError: if there is no such data, or its domains are not the model's.
    """
    infos = as_infos(state.datasets)
    config = recorded_config(checkpoint, choice.options)
    name = choice.name or _own_name(config, infos)
    if name is None:
        raise InputError(
            f"{checkpoint} belongs to no run that names its data. Pass --dataset NAME."
        )
    index = _index(name, infos)
    known, options = _options(name, config)
    options = {
        **_preparation(known, state),
        **options,
        **family(state.model).dataset_options,
        **choice.options,
    }
    if "fit" in choice.options and "crop_size" not in choice.options:
        options["crop_size"] = None
    held_out, train = (
        _open(known, split, infos[index], options) for split in (HELD_OUT, TRAIN)
    )
    changed = None
    if state.data and name == infos[index].name:
        then, now = state.data[index], data_fingerprint(train, held_out)
        changed = bool(differing_parts(then, now))
        if not choice.accept_changed_data:
            check_fingerprint(checkpoint, infos[index].name, then, now)
    return EvaluationData(index, held_out, train, changed)


def recorded_config(checkpoint: Path, given: Mapping[str, Any]) -> RunConfig | None:
    """The configuration of a checkpoint's run, or None if it belongs to none.

    Args:
        checkpoint: the checkpoint's folder; the configuration lies there or above.
        given: what the user gives in place of the run's options; a warning tells of
            other paths that depend on the current folder.
    """
    for folder in (checkpoint, *checkpoint.parents[:2]):
        if (folder / "config.json").is_file():
            warn_of_relative_paths(folder / "config.json", given)
            return resolve(read_config_file(folder / "config.json"))
    return None


def _own_name(config: RunConfig | None, infos: tuple[DatasetInfo, ...]) -> str | None:
    """The run's data; of a model without a run, the data set it is named after."""
    if config:
        return config.dataset_names[0]
    return infos[0].name if infos[0].name in available() else None


def _index(name: str, infos: tuple[DatasetInfo, ...]) -> int:
    """Which of the model's data sets is meant; a single one may be any."""
    names = [info.name for info in infos]
    if name in names:
        return names.index(name)
    if len(names) == 1:
        return 0
    raise InputError(
        f"The model was trained on {' and '.join(names)}, not on '{name}'. "
        f"{near_names(name, names)}"
    )


def _options(name: str, config: RunConfig | None) -> tuple[str, dict[str, Any]]:
    """The data set's name in the registry, and how the run opened it."""
    if config is None or name not in config.dataset_names:
        return name, {}
    number = config.dataset_names.index(name)
    return config.dataset[number], config.dataset_options(number)


def _preparation(name: str, state: State) -> dict[str, Any]:
    """How the model's images were prepared, as far as it concerns a data set."""
    options = asdict(state.preparation or Preparation())
    if not definition(name).takes_crop_size:
        del options["crop_size"]
    return options


def _open(
    name: str, split: str, info: DatasetInfo, options: dict[str, Any]
) -> LabelledImages:
    source = load_dataset(name, split, info.image_size, **options)
    if _fits(source.info, info):
        return source
    if set(info.domains) < set(source.info.domains) or (
        sorted(info.domains) == sorted(source.info.domains)
    ):
        chosen = {**options, "attributes": info.domains}
        source = load_dataset(name, split, info.image_size, **chosen)
        if _fits(source.info, info):
            return source
    raise InputError(
        "Model and data set have different domains. The model has "
        f"{', '.join(info.domains)} ({info.label_type}), '{name}' has "
        f"{', '.join(source.info.domains)} ({source.info.label_type}). Choose with "
        "--attributes, or pass the --dataset that the model was trained on."
    )


def _fits(data: DatasetInfo, model: DatasetInfo) -> bool:
    return (data.domains, data.label_type) == (model.domains, model.label_type)
