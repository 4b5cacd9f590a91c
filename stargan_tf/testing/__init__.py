"""For the tests of plugins: `check_dataset` says whether a data set keeps its word."""

import os
from collections.abc import Iterator
from typing import Any

from stargan_tf.data.dataset import Dataset
from stargan_tf.data.options import SPLITS, DatasetOptions
from stargan_tf.discovery import DATASETS
from stargan_tf.errors import InputError
from stargan_tf.testing.checks import (
    DEFINITION_CHECKS,
    IMAGE_CHECKS,
    Check,
    Subject,
    check_imports,
    check_missing_folder,
)

__all__ = ["NotConforming", "check_dataset"]


class NotConforming(AssertionError):
    """A data set breaks promises of `stargan_tf.plugin`; the message lists them all."""


def check_dataset(
    name: str,
    data_dir: str | os.PathLike | None = None,
    *,
    image_size: int = 32,
    missing_folder: bool = True,
    **options: Any,
) -> None:
    """Checks an installed data set; for the tests of the package that brings it.

    It opens both splits and looks at some pictures: a few dozen small ones are enough,
    such as a test makes itself.

    Args:
        name: as typed after `--dataset`.
        data_dir: folder of its files.
        image_size: side of the square images in pixels, a multiple of 4.
        missing_folder: also open it with a `data_dir` that does not exist; say False
            where that would start a download.
        **options: further fields of `DatasetOptions`.

    Raises:
        NotConforming: with one line for each broken promise.
    """
    try:
        definition = DATASETS.load(name)
    except InputError as error:
        raise NotConforming(f"Data set '{name}': {error}") from error
    folder = None if data_dir is None else os.fspath(data_dir)
    chosen = DatasetOptions(data_dir=folder, **options)
    failures = [
        *check_imports(name),
        *broken_promises(definition, chosen, image_size),
        *(check_missing_folder(definition, chosen) if missing_folder else ()),
    ]
    if failures:
        lines = "".join(f"\n- {failure}" for failure in failures)
        raise NotConforming(f"Data set '{name}' breaks {len(failures)} rule(s):{lines}")


def broken_promises(
    definition: Dataset, options: DatasetOptions, image_size: int
) -> Iterator[str]:
    """What is wrong with a definition and the images it opens.

    Args:
        definition: of the data set.
        options: what a user would say.
        image_size: side of the square images in pixels.

    Yields:
        One line for each broken promise.
    """
    subject = Subject(definition, options, image_size)
    for check in DEFINITION_CHECKS:
        yield from _guarded(check, subject)
    if len(subject.opened) == len(SPLITS):
        for check in IMAGE_CHECKS:
            yield from _guarded(check, subject)


def _guarded(check: Check, subject: Subject) -> Iterator[str]:
    """A plugin may fail in any way; whatever it is, the other checks go on."""
    try:
        yield from check(subject)
    except Exception as error:
        yield f"While {subject.doing}: {type(error).__name__}: {error}"
