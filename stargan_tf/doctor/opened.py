"""The data set to check: both splits and the files, as far as they can be opened."""

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from absl import logging as absl_logging

from stargan_tf.data.files import FileAudit, say_once
from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.options import SPLITS, DatasetOptions
from stargan_tf.data.registry import load_dataset
from stargan_tf.data.source import LabeledImages, one_domain_each
from stargan_tf.discovery import DATASETS
from stargan_tf.errors import InputError

# Log messages that the file audit reports in more detail.
_OF_AUDIT = re.compile(r"Left out of |\d+ of \d+ rows of ")


@dataclass(frozen=True)
class Opened:
    """A data set as far as it could be opened.

    Args:
        name: of the data set.
        image_size: side of the images in pixels.
        options: of the data set.
        splits: split → its images, without those that could not be opened.
        audit: the files, if the definition lists them.
        problems: why a split could not be opened, one sentence each.
        notes: what was logged while opening.
        left_out: number of images that belong to no single domain (`--one_hot`).
    """

    name: str
    image_size: int
    options: DatasetOptions
    splits: Mapping[str, LabeledImages] = field(default_factory=dict)
    audit: FileAudit | None = None
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    left_out: int = 0

    @property
    def info(self) -> DatasetInfo | None:
        """The description of the labels; None if no split could be opened."""
        return next((source.info for source in self.splits.values()), None)

    def file(self, name: str) -> Path | None:
        """The file of an image.

        Args:
            name: as in `LabeledImages.names`.

        Returns:
            Its path; None for images that are generated, or in an archive.
        """
        if self.audit is None and self.options.data_dir is None:
            return None
        root = self.audit.root if self.audit else Path(self.options.data_dir)
        path = root / name
        return path if path.is_file() else None


def open_data(name: str, image_size: int, options: DatasetOptions) -> Opened:
    """Opens both splits; problems of the data are recorded, not raised.

    Args:
        name: name of the data set.
        image_size: side of the images in pixels.
        options: options of the data set.
    """
    # A folder, or an archive if the data set supports it.
    place = options.data_dir and Path(options.data_dir)
    if place and not place.exists():
        raise InputError(f"--data_dir {place} does not exist.")
    splits: dict[str, LabeledImages] = {}
    problems: list[str] = []
    left_out = 0
    plain = replace(options, one_hot=False)
    with _notes() as notes:
        audit = DATASETS.load(name).audit(options)
        for split in SPLITS:
            try:
                splits[split] = load_dataset(name, split, image_size, **vars(plain))
            except (InputError, OSError) as error:
                if _is_usage(name, split, image_size, plain):
                    raise
                problems.append(str(error))
    notes = [note for note in notes if not (audit and _OF_AUDIT.match(note))]
    if options.one_hot:
        with _notes():
            for split, source in list(splits.items()):
                try:
                    splits[split] = one_domain_each(source)
                    left_out += len(source) - len(splits[split])
                except InputError as error:
                    del splits[split]
                    problems.append(str(error))
    return Opened(
        name=name,
        image_size=image_size,
        options=options,
        splits=splits,
        audit=audit,
        problems=tuple(dict.fromkeys(problems)),
        notes=tuple(dict.fromkeys(notes)),
        left_out=left_out,
    )


def _is_usage(name: str, split: str, image_size: int, options: DatasetOptions) -> bool:
    """Whether the options, not the data, prevent a split from opening."""
    if options.labels is not None and not Path(options.labels).is_file():
        return True
    if options.data_dir is None:
        return True
    if not options.attributes:
        return False
    try:
        every = replace(options, attributes=())
        load_dataset(name, split, image_size, **vars(every))
    except (InputError, OSError):
        return False
    return True


@contextmanager
def _notes() -> Iterator[list[str]]:
    """Collects log messages instead of printing them."""
    messages: list[str] = []

    def collect(record: logging.LogRecord) -> bool:
        messages.append(record.getMessage())
        return False

    logger = absl_logging.get_absl_logger()
    logger.addFilter(collect)
    try:
        yield messages
    finally:
        logger.removeFilter(collect)
        say_once.cache_clear()  # The user has not seen these messages.
