"""The evaluation: tasks, metrics, and one pass over the images of each task."""

from collections.abc import Sequence
from dataclasses import replace

from tqdm import tqdm

from stargan_tf.evaluation.examples import SHOWN, shown_tasks
from stargan_tf.evaluation.finished_tasks import FinishedTasks
from stargan_tf.evaluation.metric import Metric
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
from stargan_tf.evaluation.run_task import run_task
from stargan_tf.evaluation.task import OWN, Subject, Task
from stargan_tf.evaluation.truth import drawn_truth
from stargan_tf.steering import steering


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
        tasks = steered.tasks(self.subject, self.options)
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
        from stargan_tf.evaluation.classification_metric import ClassificationMetric

        metrics.append(ClassificationMetric(subject, options))
    if UNCHANGED in options.metrics:
        from stargan_tf.evaluation.unchanged_metric import UnchangedMetric

        metrics.append(UnchangedMetric(subject, functions, truth))
    if LPIPS in options.metrics:
        from stargan_tf.evaluation.lpips_metric import LpipsMetric

        metrics.append(LpipsMetric(subject, options, truth))
    if {FID, KID} & set(options.metrics):
        from stargan_tf.evaluation.feature_metric import FeatureMetric

        metrics.append(FeatureMetric(subject, options))
    return metrics
