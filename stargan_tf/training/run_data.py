"""The data sets of a run, opened."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from stargan_tf.data.dataset_options import SPLITS
from stargan_tf.data.identity import data_fingerprint
from stargan_tf.data.info import ONE_HOT, DatasetInfo
from stargan_tf.data.label_space import LabelSpace
from stargan_tf.data.labelled_images import LabelledImages
from stargan_tf.data.registry import load_dataset
from stargan_tf.errors import InputError
from stargan_tf.training.config import RunConfig
from stargan_tf.training.families.registry import family


@dataclass(frozen=True)
class RunData:
    """The opened data sets of a run.

    Args:
        train: what is trained on, in the order of the configuration.
        held_out: what the sample grids show.
    """

    train: list[LabelledImages]
    held_out: list[LabelledImages]

    @property
    def sources(self) -> LabelledImages | list[LabelledImages]:
        """What is trained on: the one data set, or several."""
        return self.train[0] if len(self.train) == 1 else self.train

    @property
    def label_space(self) -> LabelSpace:
        """The label vector of a model for them."""
        return LabelSpace([source.info for source in self.train])

    @property
    def counts(self) -> list[int]:
        """Training images of each data set."""
        return [len(source) for source in self.train]

    @cached_property
    def fingerprints(self) -> list[dict[str, Any]]:
        """What each data set consists of, both splits together."""
        pairs = zip(self.train, self.held_out, strict=True)
        return [data_fingerprint(*splits) for splits in pairs]


def open_data(config: RunConfig) -> RunData:
    """Opens both splits of every data set.

    Args:
        config: names and options of the data sets.

    Raises:
        InputError: unknown name, or data that does not fit.
    """

    splits = ([_open(config, i, split) for i in _numbers(config)] for split in SPLITS)
    return RunData(*splits)


def _numbers(config: RunConfig) -> range:
    return range(len(config.dataset))


def _open(config: RunConfig, number: int, split: str) -> LabelledImages:
    options = config.dataset_options(number) | family(config.model).dataset_options
    name = config.dataset[number]
    source = load_dataset(name, split, config.image_size, **options)
    _check_domains(source.info)
    info = replace(source.info, name=config.dataset_names[number])
    return replace(source, info=info)


def _check_domains(info: DatasetInfo) -> None:
    if info.label_type == ONE_HOT and len(info.domains) < 2:
        raise InputError(
            f"Data set '{info.name}' has one domain only, {info.domains[0]}: there is "
            "nothing to translate to. Pictures without labels are for "
            "'stargan-tf translate'; to train on, give two domains or more."
        )
