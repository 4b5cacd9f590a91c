"""The definition of a data set: what an entry point of `stargan_tf.datasets` names."""

import warnings
from abc import ABCMeta, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stargan_tf.data.files import FileAudit, existing_folder
from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.labels import Labels
from stargan_tf.data.options import DatasetOptions
from stargan_tf.data.source import LabeledImages
from stargan_tf.errors import InputError


class _TakesLicence(ABCMeta):
    """Accepts the former name of a field."""

    def __call__(cls, *args: Any, **fields: Any) -> Any:
        if "licence" in fields:
            text = "The field 'licence' of a data set is called 'license' now."
            warnings.warn(text, DeprecationWarning, stacklevel=2)
            fields["license"] = fields.pop("licence")
        return super().__call__(*args, **fields)


@dataclass(frozen=True, kw_only=True)
class Dataset(metaclass=_TakesLicence):
    """A data set by name. Derive from it, say `load`, and make one object.

    Args:
        api_version: the `API_VERSION` of `stargan_tf.plugin` you wrote against: 1.
        name: as typed after `--dataset`; also the entry point's name.
        description: one line for people who choose.
        license: under which terms the pictures may be used.
        citation: whom to cite; BibTeX or a sentence.
        obtain: how to get the files, in plain words; shown when they are missing.
        homepage: address of the data set's own page.
        labels: what the pictures are labeled with; None for pictures without labels,
            which can be translated and not trained on.
    """

    api_version: int
    name: str
    description: str
    license: str
    citation: str
    obtain: str
    homepage: str = ""
    labels: Labels | None = None

    # Whether `options.crop_size` has a meaning: a model that was trained on centered
    # squares is then evaluated on them.
    takes_crop_size = True

    @abstractmethod
    def load(
        self, split: str, image_size: int, options: DatasetOptions
    ) -> LabeledImages:
        """Opens one split.

        Args:
            split: `"train"` or `"held_out"`; no picture may be in both.
            image_size: side of the square images in pixels, a multiple of 4.
            options: what the user said; `data_dir` is the folder of the files.

        Returns:
            The images with their labels; decode in its `load`, not here.

        Raises:
            InputError: what the user can mend, such as missing files.
        """

    @property
    def licence(self) -> str:
        """The former name of `license`."""
        return self.license

    def labels_in(self, options: DatasetOptions) -> Labels | None:
        """All labels, whatever `options.attributes`; override it where files say."""
        return self.labels

    def info(self, image_size: int, options: DatasetOptions) -> DatasetInfo:
        """The description of all labels, whatever `options.attributes`.

        Pictures without labels have one domain, called as the data set is.
        """
        labels = self.labels_in(options) or Labels((self.name,))
        return labels.info(self.name, image_size, options.num_channels)

    def audit(self, options: DatasetOptions) -> FileAudit | None:
        """Lists the files, for `stargan-tf doctor`; override it where there are some.

        Returns:
            The files; None where the doctor shall look at the loaded images.
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
