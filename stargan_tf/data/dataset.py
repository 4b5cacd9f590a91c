"""The base class of data sets, for entry points of `stargan_tf.datasets`."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

from stargan_tf.data.files import FileAudit, existing_folder
from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.labels import Labels
from stargan_tf.data.options import DatasetOptions
from stargan_tf.data.source import LabeledImages
from stargan_tf.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Dataset(ABC):
    """A named data set. Derive a class, implement `load`, and create one object.

    Args:
        api_version: the `API_VERSION` of `stargan_tf.plugin` it was written for: 1.
        name: as typed after `--dataset`; also the entry point's name.
        description: one line, for listings.
        license: the terms under which the images may be used.
        citation: whom to cite; BibTeX or a sentence.
        obtain: how to get the files, in plain words; shown if they are missing.
        homepage: URL of the data set's home page.
        labels: the labels of the images; None for unlabeled images, which can be
            translated but not trained on.
    """

    api_version: int
    name: str
    description: str
    license: str
    citation: str
    obtain: str
    homepage: str = ""
    labels: Labels | None = None

    # Whether `load` uses `options.crop_size`; evaluations then use that of the model.
    takes_crop_size = True

    @abstractmethod
    def load(
        self, split: str, image_size: int, options: DatasetOptions
    ) -> LabeledImages:
        """Opens one split.

        Args:
            split: `"train"` or `"held_out"`; no image may be in both.
            image_size: side of the square images in pixels, a multiple of 4.
            options: the user's options; `data_dir` is the folder of the files.

        Returns:
            The images with their labels, which are decoded in its `load`, not here.

        Raises:
            InputError: for what the user can fix, such as missing files.
        """

    def labels_in(self, options: DatasetOptions) -> Labels | None:
        """All labels, regardless of `options.attributes`; override it to read files."""
        return self.labels

    def info(self, image_size: int, options: DatasetOptions) -> DatasetInfo:
        """The description of all labels, regardless of `options.attributes`.

        Unlabeled images have one domain, with the name of the data set.
        """
        labels = self.labels_in(options) or Labels((self.name,))
        return labels.info(self.name, image_size, options.num_channels)

    def audit(self, options: DatasetOptions) -> FileAudit | None:
        """Lists the files for `stargan-tf doctor`; override it if there are any.

        Returns:
            The files; None if the doctor should check the loaded images.
        """
        return None

    def folder(self, options: DatasetOptions) -> Path:
        """The folder `--data_dir`; InputError, with `obtain`, if there is none."""
        if options.data_dir is None:
            raise InputError(
                f"--dataset {self.name} needs --data_dir, the folder of its files. "
                f"{self.obtain}"
            )
        return existing_folder(options.data_dir)
