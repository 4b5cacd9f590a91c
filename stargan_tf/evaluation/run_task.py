"""One task, from images to numbers."""

from collections.abc import Callable, Sequence

import numpy as np

from stargan_tf.data.labelled_images import LabelledImages
from stargan_tf.data.pixels import to_float
from stargan_tf.errors import InputError
from stargan_tf.evaluation.examples import BestAndWorst
from stargan_tf.evaluation.image_batches import image_batches
from stargan_tf.evaluation.metric import Metric, Scores
from stargan_tf.evaluation.results import TaskResult
from stargan_tf.evaluation.task import Task, Translated


def run_task(
    task: Task,
    held_out: LabelledImages,
    metrics: Sequence[Metric],
    batch_size: int,
    progress: Callable[[int], None],
    seed: int = 0,
) -> TaskResult:
    """Translates a task's images batch by batch and measures them.

    Args:
        task: what to translate.
        held_out: the images.
        metrics: prepared ones; the first that scores images picks the examples.
        batch_size: translations at once.
        progress: called with the number of images after each batch.
        seed: of the intervals.

    Returns:
        The task's row.

    Raises:
        InputError: if a translation is not finite, or no image can be read.
    """
    meters = [meter for metric in metrics if (meter := metric.start(task))]
    examples, read = BestAndWorst(), []
    size = max(1, batch_size // task.outputs)
    for places, images in image_batches(held_out, task.rows, size):
        batch = _translated(task, held_out, places, images)
        scores = [meter.update(batch) for meter in meters]
        _pick(examples, batch, scores)
        read.extend(batch.rows.tolist())
        progress(len(places))
    if not read:
        raise InputError(f"None of the images of '{task.name}' can be read.")
    return TaskResult(
        name=task.name,
        guide=task.guide,
        target=task.target,
        source=task.source,
        sources=len(read),
        outputs=task.outputs,
        measurements=[
            one.with_interval(seed) for meter in meters for one in meter.results()
        ],
        examples=examples.examples(),
        unreadable=np.setdiff1d(task.rows, read).tolist(),
    )


def _translated(
    task: Task, held_out: LabelledImages, places: np.ndarray, images: np.ndarray
) -> Translated:
    outputs = task.translate(places, to_float(images))
    # Before pixels are made of it: a NaN would become black and look like a number.
    if not np.isfinite(outputs).all():
        raise InputError(
            f"The model's translations must be finite. Received: NaN or infinity at "
            f"'{task.name}'. Its weights are broken: use an earlier checkpoint."
        )
    names = [held_out.names[row] for row in task.rows[places].tolist()]
    return Translated(task, places, names, images, outputs)


def _pick(
    examples: BestAndWorst, batch: Translated, scores: Sequence[Scores | None]
) -> None:
    found = [one for one in scores if one is not None]
    if found:
        examples.update(batch, found[0])
