"""The evaluation: tasks, metrics, and one pass over the images of each task."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pkgutil import resolve_name

import numpy as np
from tqdm import tqdm

from stargan_tf.data.pictures import to_float
from stargan_tf.data.source import LabelledImages
from stargan_tf.errors import InputError
from stargan_tf.evaluation.cache import FinishedTasks
from stargan_tf.evaluation.options import (
    CLASSIFICATION,
    FID,
    KID,
    LPIPS,
    UNCHANGED,
    EvaluationOptions,
    OwnFunctions,
)
from stargan_tf.evaluation.results import Results, TaskResult
from stargan_tf.evaluation.tasks import (
    OWN,
    SHOWN,
    BestAndWorst,
    Metric,
    Scores,
    Subject,
    Task,
    Translated,
    drawn_truth,
    image_batches,
    shown_tasks,
)
from stargan_tf.steering import steering

# One task, from images to numbers.


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
        functions: OwnFunctions | None = None,
    ):
        self.subject, self.options = subject, options
        self.metrics = make_metrics(subject, options, functions or OwnFunctions())
        self.tasks()  # Says at once what does not fit.

    def tasks(self) -> list[Task]:
        """New tasks, for the model as it is now."""
        steered = steering(self.subject.translated_by)
        tasks = resolve_name(steered.tasks)(self.subject, self.options)
        wanted = UNCHANGED in self.options.metrics
        return [task for task in tasks if wanted or task.guide != OWN]

    def prepare(self) -> None:
        """Statistics of real images and the classifier, unless that is done.

        Raises:
            InputError: if the data does not suffice.
        """
        for metric in self.metrics:
            metric.prepare(self.tasks())

    def run(self, finished: FinishedTasks | None = None) -> Results:
        """Translates and measures, with a progress bar.

        Args:
            finished: where finished tasks are kept until all are; None to keep none.

        Returns:
            The results.

        Raises:
            InputError: if the data or the model's outputs cannot be used.
        """
        self.prepare()
        tasks = self.tasks()
        images = sum(len(task.rows) for task in tasks)
        with tqdm(total=images, desc="Translating", unit="image", disable=None) as bar:
            results: list[TaskResult] = []
            for task in tasks:
                results.append(self._one(task, finished, bar))
                _drop_examples(results)
        real = [
            one.with_interval(self.options.seed)
            for metric in self.metrics
            for one in metric.on_real_images()
        ]
        return Results(results, real, self.options.seed)

    def _one(self, task: Task, finished: FinishedTasks | None, bar: tqdm) -> TaskResult:
        bar.set_postfix_str(task.name)
        result = finished and finished.find(task.name)
        if result:
            bar.update(len(task.rows))
            return result
        result = run_task(
            task,
            self.subject.held_out,
            self.metrics,
            batch_size=self.options.batch_size,
            progress=bar.update,
            seed=self.options.seed,
        )
        if finished:
            finished.keep(result)
        return result


def _drop_examples(results: list[TaskResult]) -> None:
    """Keeps the pictures that a report can show: a hundred domains have 9900 tasks."""
    found = {n: one.examples for n, one in enumerate(results) if one.examples}
    if len(found) <= 2 * SHOWN:
        return
    name = next(iter(found.values()))[0].score_name
    same = {n: some for n, some in found.items() if some[0].score_name == name}
    for number in found.keys() - shown_tasks(same, SHOWN):
        results[number] = replace(results[number], examples=())


def make_metrics(
    subject: Subject, options: EvaluationOptions, functions: OwnFunctions
) -> Sequence[Metric]:
    """The metrics of an evaluation, with their networks.

    Args:
        subject: model and data.
        options: what to measure.
        functions: what only the user knows about the images.

    Raises:
        InputError: if weights are missing.
    """
    truth = functions.truth or drawn_truth(subject.held_out)
    metrics: list[Metric] = []
    if CLASSIFICATION in options.metrics:
        from stargan_tf.evaluation.metrics import ClassificationMetric

        metrics.append(ClassificationMetric(subject, options))
    if UNCHANGED in options.metrics:
        from stargan_tf.evaluation.metrics import UnchangedMetric

        metrics.append(UnchangedMetric(subject, functions, truth))
    if LPIPS in options.metrics:
        from stargan_tf.evaluation.metrics import LpipsMetric

        metrics.append(LpipsMetric(subject, options, truth))
    if {FID, KID} & set(options.metrics):
        from stargan_tf.evaluation.metrics import FeatureMetric

        metrics.append(FeatureMetric(subject, options))
    return metrics
