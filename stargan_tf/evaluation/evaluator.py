"""The evaluation: one pass over the images of each task, watched by all metrics."""

from collections.abc import Callable, Sequence
from pkgutil import resolve_name
from typing import TYPE_CHECKING

import numpy as np

from stargan_tf.data.pictures import to_float
from stargan_tf.data.source import LabeledImages
from stargan_tf.errors import InputError
from stargan_tf.evaluation.cache import FinishedTasks
from stargan_tf.evaluation.options import (
    CLASSIFICATION,
    DETECTION,
    FID,
    KID,
    LPIPS,
    UNCHANGED,
    EvaluationOptions,
    UserFunctions,
)
from stargan_tf.evaluation.results import (
    Example,
    Results,
    TaskResult,
    best_and_worst,
    drop_hidden_examples,
)
from stargan_tf.evaluation.tasks import (
    OWN,
    Subject,
    Task,
    Translated,
    image_batches,
)
from stargan_tf.progress import Progress
from stargan_tf.steering import steering

if TYPE_CHECKING:
    from stargan_tf.evaluation.metrics import Metric


class Evaluator:
    """Measures a model.

    Making one finds the networks' weights, `prepare` does what needs the real images,
    `run` translates; a model in training can be measured again and again.

    Args:
        subject: model and data.
        options: what to measure.
        functions: what only the user knows about the images.

    Raises:
        InputError: if weights are missing.
    """

    def __init__(
        self,
        subject: Subject,
        options: EvaluationOptions,
        functions: UserFunctions | None = None,
    ):
        self.subject, self.options = subject, options
        self.metrics = _make_metrics(subject, options, functions or UserFunctions())
        self.tasks()  # Says at once what does not fit.

    def tasks(self) -> list[Task]:
        """New tasks, for the model as it is now."""
        steered = steering(self.subject.translated_by)
        tasks = resolve_name(steered.tasks)(self.subject, self.options)
        wanted = {UNCHANGED, DETECTION} & set(self.options.metrics)
        return [task for task in tasks if wanted or task.guide != OWN]

    def prepare(self) -> None:
        """Statistics of real images and the classifier, unless that is done."""
        for metric in self.metrics:
            metric.prepare(self.tasks())

    def run(self, finished: FinishedTasks | None = None) -> Results:
        """Translates and measures, with a progress bar.

        Args:
            finished: where finished tasks are kept until all are; None to keep none.
        """
        self.prepare()
        tasks, seed = self.tasks(), self.options.seed
        if DETECTION in self.options.metrics:
            finished = None  # Its numbers are of all tasks together.
        images = sum(len(task.rows) for task in tasks)
        results: list[TaskResult] = []
        with Progress(total=images, desc="Translating") as bar:
            for task in tasks:
                bar.set_postfix_str(task.name, refresh=False)
                result = finished and finished.find(task.name)
                if result:
                    bar.update(len(task.rows))
                else:
                    held_out, size = self.subject.held_out, self.options.batch_size
                    result = run_task(
                        task, held_out, self.metrics, size, bar.update, seed
                    )
                    if finished:
                        finished.keep(result)
                results.append(result)
                drop_hidden_examples(results)
        real = [
            one.with_interval(seed)
            for metric in self.metrics
            for one in metric.on_real_images()
        ]
        overall = [one for metric in self.metrics for one in metric.overall()]
        return Results(results, real, seed, overall)


def run_task(
    task: Task,
    held_out: LabeledImages,
    metrics: "Sequence[Metric]",
    batch_size: int,
    progress: Callable[[int], None],
    seed: int = 0,
) -> TaskResult:
    """Translates a task's images batch by batch and measures them."""
    meters = [meter for metric in metrics if (meter := metric.start(task))]
    examples: list[Example] = []
    read: list[int] = []
    size = max(1, batch_size // task.outputs)
    for places, images in image_batches(held_out, task.rows, size):
        outputs = task.translate(places, to_float(images))
        # Before pixels are made of it: a NaN would become black and look like a number.
        if not np.isfinite(outputs).all():
            raise InputError(
                "The model's translations must be finite. Received: NaN or infinity at "
                f"'{task.name}'. Its weights are broken: use an earlier checkpoint."
            )
        rows = task.rows[places].tolist()
        names = [held_out.names[row] for row in rows]
        batch = Translated(task, places, names, images, outputs)
        scores = [scores for meter in meters if (scores := meter.update(batch))]
        if scores:
            examples = best_and_worst(examples, batch, scores[0])
        read.extend(rows)
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
        examples=examples,
        unreadable=np.setdiff1d(task.rows, read).tolist(),
    )


def _make_metrics(
    subject: Subject, options: EvaluationOptions, functions: UserFunctions
) -> "list[Metric]":
    from stargan_tf.evaluation import metrics as kinds  # Starts TensorFlow.

    colored = [name for name in (FID, LPIPS) if name in options.metrics]
    info = subject.held_out.info
    if colored and not info.is_plain:
        raise InputError(
            "Some metrics are computed by a network for RGB pictures: "
            f"{', '.join(colored)}. These images are of {info.image_text}. Leave "
            "these metrics out."
        )
    truth = functions.truth or subject.held_out.known.truth
    metrics: list[Metric] = []
    if CLASSIFICATION in options.metrics:
        metrics.append(kinds.ClassificationMetric(subject, options))
    if UNCHANGED in options.metrics:
        metrics.append(kinds.UnchangedMetric(functions, truth))
    if LPIPS in options.metrics:
        metrics.append(kinds.LpipsMetric(subject, options, truth))
    if {FID, KID} & set(options.metrics):
        metrics.append(kinds.FeatureMetric(subject, options))
    if DETECTION in options.metrics:
        from stargan_tf.detection.metric import DetectionMetric

        metrics.append(DetectionMetric(subject, options, functions))
    return metrics
