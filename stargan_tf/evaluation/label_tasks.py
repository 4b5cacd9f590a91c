"""The tasks of a model that is steered by labels: every target of every image."""

from collections.abc import Iterator

import numpy as np

from stargan_tf.evaluation.options import EvaluationOptions
from stargan_tf.evaluation.task import LABEL, OWN, Subject, Task, spread
from stargan_tf.translation.targets import apply_target, is_flipped


def label_tasks(subject: Subject, options: EvaluationOptions) -> list[Task]:
    """One task for each target, over the images that do not show it yet.

    A domain that excludes others is switched on; any other attribute is switched on
    where it is off (`Male`), and off where it is on (`Male=0`). The last task gives
    every image its own label again.

    Args:
        subject: model and data.
        options: `count` is used.

    Returns:
        The tasks; those without an image are left out.
    """
    tasks = list(_changes(subject, options.count))
    everything = spread(np.arange(len(subject.held_out)), options.count)
    own = subject.held_out.labels[everything]
    translate = _to(subject, own)
    tasks.append(Task(OWN, OWN, 0, 1.0, everything, own, translate))
    return [task for task in tasks if len(task.rows)]


def _changes(subject: Subject, count: int | None) -> Iterator[Task]:
    info, labels = subject.held_out.info, subject.held_out.labels
    for column, domain in enumerate(info.domains):
        for value in (1.0, 0.0) if is_flipped(info, domain) else (1.0,):
            rows = spread(np.flatnonzero(labels[:, column] != value), count)
            wanted = apply_target(info, labels[rows], {domain: value})
            yield Task(
                guide=LABEL,
                target=domain if value else f"{domain}=0",
                column=column,
                value=value,
                rows=rows,
                labels=wanted,
                translate=_to(subject, wanted),
                back=_back(subject, labels[rows]),
            )


def _to(subject: Subject, labels: np.ndarray):
    def translate(places: np.ndarray, images: np.ndarray) -> np.ndarray:
        wanted = labels[places]
        outputs = subject.model.translate(images, wanted, dataset=subject.dataset)
        return np.asarray(outputs)[:, np.newaxis]

    return translate


def _back(subject: Subject, labels: np.ndarray):
    translate = _to(subject, labels)
    return lambda places, images, outputs: translate(places, outputs)[:, 0]
