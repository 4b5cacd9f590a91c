"""The data sets of a run, opened."""

from dataclasses import dataclass

from stargan_tf.data.dataset_options import HELD_OUT, TRAIN
from stargan_tf.data.label_space import LabelSpace
from stargan_tf.data.labelled_images import LabelledImages
from stargan_tf.data.registry import load_dataset
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


def open_data(config: RunConfig) -> RunData:
    """Opens both splits of every data set.

    Args:
        config: names and options of the data sets.

    Raises:
        InputError: unknown name, or data that does not fit.
    """

    ways = family(config.model).dataset_options

    def open_split(split: str) -> list[LabelledImages]:
        return [
            load_dataset(
                name, split, config.image_size, **config.dataset_options(i), **ways
            )
            for i, name in enumerate(config.dataset)
        ]

    return RunData(open_split(TRAIN), open_split(HELD_OUT))
