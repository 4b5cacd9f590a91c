"""The evaluator: translates the images of each task once, and computes all metrics."""

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
    """Evaluates a model.

    The constructor loads the weights of the metrics' networks, `prepare` processes the
    real images, and `run` translates. `run` can be called repeatedly during training.

    Args:
        subject: model and data.
        options: options of the evaluation.
        functions: the user's functions.

    Raises:
        InputError: if weights are missing, or the data does not suit a metric.
    """

    def __init__(
        self,
        subject: Subject,
        options: EvaluationOptions,
        functions: UserFunctions | None = None,
    ):
        self.subject, self.options = subject, options
        self.metrics = _make_metrics(subject, options, functions or UserFunctions())
        self.tasks()  # Raises errors early.

    def tasks(self) -> list[Task]:
        """Returns the tasks for the current weights of the model."""
        steered = steering(self.subject.translated_by)
        tasks = resolve_name(steered.tasks)(self.subject, self.options)
        wanted = {UNCHANGED, DETECTION} & set(self.options.metrics)
        return [task for task in tasks if wanted or task.guide != OWN]

    def prepare(self) -> None:
        """Computes statistics of real images and trains the classifier, if needed."""
        for metric in self.metrics:
            metric.prepare(self.tasks())

    def run(self, finished: FinishedTasks | None = None) -> Results:
        """Translates the images and computes the metrics, with a progress bar.

        Args:
            finished: keeps the results of finished tasks, to resume an interrupted
                evaluation; None to keep none.

        Returns:
            The `Results`.

        Raises:
            InputError: if translations are not finite, or no image can be read.
        """
        self.prepare()
        tasks, seed = self.tasks(), self.options.seed
        if DETECTION in self.options.metrics:
            finished = None  # Its numbers depend on all tasks together.
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
            measurement.with_interval(seed)
            for metric in self.metrics
            for measurement in metric.on_real_images()
        ]
        overall = [m for metric in self.metrics for m in metric.overall()]
        return Results(results, real, seed, overall)


def run_task(
    task: Task,
    held_out: LabeledImages,
    metrics: "Sequence[Metric]",
    batch_size: int,
    progress: Callable[[int], None],
    seed: int = 0,
) -> TaskResult:
    """Translates the images of a task batch by batch, and computes all metrics."""
    meters = [meter for metric in metrics if (meter := metric.start(task))]
    examples: list[Example] = []
    read: list[int] = []
    size = max(1, batch_size // task.outputs)
    for places, images in image_batches(held_out, task.rows, size):
        outputs = task.translate(places, to_float(images))
        # Checked before the conversion to pixels, which would turn NaN into black.
        if not np.isfinite(outputs).all():
            raise InputError(
                "The model's translations must be finite. Received: NaN or infinity in "
                f"'{task.name}'. Use an earlier checkpoint: the training has diverged."
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
        raise InputError(
            f"'{task.name}' needs at least one readable image. Received: none."
        )
    return TaskResult(
        name=task.name,
        guide=task.guide,
        target=task.target,
        source=task.source,
        sources=len(read),
        outputs=task.outputs,
        measurements=[
            m.with_interval(seed) for meter in meters for m in meter.results()
        ],
        examples=examples,
        unreadable=np.setdiff1d(task.rows, read).tolist(),
    )


def _make_metrics(
    subject: Subject, options: EvaluationOptions, functions: UserFunctions
) -> "list[Metric]":
    from stargan_tf.evaluation import metrics as module  # Loads TensorFlow.

    rgb_only = [name for name in (FID, LPIPS) if name in options.metrics]
    info = subject.held_out.info
    if rgb_only and not info.is_plain:
        raise InputError(
            f"These metrics need RGB images: {', '.join(rgb_only)}. Received: images "
            f"of {info.image_text}. Remove these metrics."
        )
    truth = functions.truth or subject.held_out.known.truth
    metrics: list[Metric] = []
    if CLASSIFICATION in options.metrics:
        metrics.append(module.ClassificationMetric(subject, options))
    if UNCHANGED in options.metrics:
        metrics.append(module.UnchangedMetric(functions, truth))
    if LPIPS in options.metrics:
        metrics.append(module.LpipsMetric(subject, options, truth))
    if {FID, KID} & set(options.metrics):
        metrics.append(module.FeatureMetric(subject, options))
    if DETECTION in options.metrics:
        from stargan_tf.detection.metric import DetectionMetric

        metrics.append(DetectionMetric(subject, options, functions))
    return metrics
