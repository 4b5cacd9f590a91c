"""Does the data set listen to what the user says, and answer mistakes in a line?"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from stargan_tf.data.dataset import Dataset
from stargan_tf.data.dataset_options import TRAIN, DatasetOptions
from stargan_tf.errors import InputError
from stargan_tf.testing.subject import Subject

NOWHERE = "/no/such/folder/of/stargan_tf"
UNKNOWN = "no_such_domain_of_stargan_tf"


def check_choice_of_labels(subject: Subject) -> Iterator[str]:
    """`attributes` chooses labels, in the user's order."""
    images = subject.opened[TRAIN]
    turned = tuple(reversed(images.info.domains))
    if subject.definition.labels_in(subject.options) is None or len(turned) < 2:
        return
    chosen = subject.load(TRAIN, attributes=turned)
    if chosen.info.domains != turned:
        yield (
            f"attributes={turned} must give these domains in this order. "
            f"Received: {chosen.info.domains}"
        )
        return
    by_name = dict(zip(chosen.names, chosen.labels[:, ::-1], strict=True))
    same = [np.array_equal(by_name.get(n), row) for n, row in _rows(images)]
    if not all(same):
        yield f"attributes={turned} must turn the columns of the labels, and no more."


def _rows(images) -> Iterator[tuple[str, np.ndarray]]:
    return zip(images.names, images.labels, strict=True)


def check_unknown_label(subject: Subject) -> Iterator[str]:
    """A wrong name is the user's mistake."""
    if subject.definition.labels_in(subject.options) is None:
        return
    try:
        subject.load(TRAIN, attributes=(UNKNOWN,))
    except InputError:
        return
    except Exception as error:
        yield f"An unknown attribute must raise InputError. Received: {_said(error)}"
    else:
        yield "An unknown attribute must raise InputError. Received: images"


def check_missing_folder(definition: Dataset, options: DatasetOptions) -> Iterator[str]:
    """A folder that is not there is the user's mistake; who needs none may ignore it.

    Args:
        definition: of the data set.
        options: what a user would say.

    Yields:
        What is wrong.
    """
    for folder in (None, NOWHERE) if options.data_dir else ():
        try:
            definition.load(TRAIN, 32, replace(options, data_dir=folder))
        except (InputError, ImportError):
            continue
        except Exception as error:
            yield f"data_dir={folder!r} must raise InputError. Received: {_said(error)}"


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


OPTION_CHECKS = (check_choice_of_labels, check_unknown_label)
