"""What the conformance checks look at."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from stargan_tf.data.dataset import Dataset
from stargan_tf.data.dataset_options import DatasetOptions
from stargan_tf.data.labelled_images import LabelledImages

# Pictures that are looked at in each split, spread evenly.
LOOKED_AT = 24


@dataclass
class Subject:
    """A definition and its opened splits.

    Args:
        definition: of the data set.
        options: what a user would say.
        image_size: side of the square images in pixels.
        opened: split → its images, as far as they could be opened.
        doing: what is being done, for the report of an error.
    """

    definition: Dataset
    options: DatasetOptions
    image_size: int
    opened: dict[str, LabelledImages] = field(default_factory=dict)
    doing: str = "reading the definition"

    def load(
        self, split: str, image_size: int | None = None, **changes: Any
    ) -> LabelledImages:
        """Opens a split anew.

        Args:
            split: `"train"` or `"held_out"`.
            image_size: another size than the subject's.
            **changes: of the options.
        """
        said = "".join(f", {name}={value!r}" for name, value in changes.items())
        self.doing = f"opening split='{split}'{said}"
        options = replace(self.options, **changes)
        size = image_size or self.image_size
        return self.definition.load(split, size, options)

    def open(self, split: str) -> Iterator[str]:
        """Opens a split for the other checks.

        Args:
            split: `"train"` or `"held_out"`.

        Yields:
            What is wrong, if it is not `LabelledImages`.
        """
        images = self.load(split)
        if isinstance(images, LabelledImages):
            self.opened[split] = images
        else:
            yield (
                f"load('{split}') must return LabelledImages. "
                f"Received: {type(images).__name__}"
            )

    def picture(self, split: str, index: int) -> Any:
        """One picture, as the plugin gives it."""
        images = self.opened[split]
        self.doing = f"reading the picture '{images.names[index]}' of '{split}'"
        return images.load(index)

    def some(self, split: str, count: int = LOOKED_AT) -> list[int]:
        """Positions of some pictures of a split, spread evenly."""
        size = len(self.opened[split])
        return np.unique(
            np.linspace(0, size - 1, min(count, size)).astype(int)
        ).tolist()


Check = Callable[[Subject], Iterator[str]]
