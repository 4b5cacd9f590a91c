"""How often a classifier of real images does not see what a translation should show."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from stargan_tf.data.info import ONE_HOT, DatasetInfo
from stargan_tf.evaluation.classification_error import ClassificationError
from stargan_tf.evaluation.classifier import LabelClassifier, cached_classifier
from stargan_tf.evaluation.image_batches import image_batches
from stargan_tf.evaluation.measurement import Measurement
from stargan_tf.evaluation.metric import Meter, Metric, Scores
from stargan_tf.evaluation.options import CLASSIFIER_STEPS, EvaluationOptions
from stargan_tf.evaluation.task import OWN, Subject, Task, Translated, spread

ERROR, KEPT = "classification_error", "kept_label_error"
SEEN = "how sure the classifier is of the target"


class ClassificationMetric(Metric):
    """A classifier trained on the training images judges translated held-out ones.

    Args:
        subject: model and data.
        options: `classifier`, `classifier_steps`, `seed` and `batch_size` are used.

    Reference: StarGAN (Choi et al. 2018), section 5.4.
    """

    def __init__(self, subject: Subject, options: EvaluationOptions):
        self.subject, self.options = subject, options
        self.classifier: LabelClassifier | None = None
        self.real: ClassificationError | None = None

    def prepare(self, tasks: Sequence[Task]) -> None:
        """Trains the classifier, or finds it in the cache; tries it on real images."""
        if self.real is not None:
            return
        options = self.options
        self.classifier = cached_classifier(
            self.subject.train,
            options.classifier,
            steps=options.classifier_steps or CLASSIFIER_STEPS[options.classifier],
            seed=options.seed,
        )
        held_out = self.subject.held_out
        real = ClassificationError(held_out.info)
        rows = spread(np.arange(len(held_out)), options.count)
        for places, images in image_batches(held_out, rows, options.batch_size):
            labels = held_out.labels[rows[places]]
            real.update(rows[places], self.classifier.logits(images), labels)
        self.real = real

    def start(self, task: Task) -> "ClassificationMeter | None":
        """A meter, unless the task changes nothing."""
        if task.guide == OWN:
            return None
        return ClassificationMeter(self.classifier, self.subject.held_out.info, task)

    def on_real_images(self) -> list[Measurement]:
        """The error on real held-out images: over all, and of each label."""
        labels = self.real.per_label().items()
        return [
            replace(self.real.result(), name=f"{ERROR}_real"),
            *(replace(one, name=f"{ERROR}_real/{name}") for name, one in labels),
        ]


class ClassificationMeter(Meter):
    """Counts wrong answers on one task's translations.

    Args:
        classifier: the judge.
        info: the data set's labels.
        task: says which label is the target.
    """

    def __init__(self, classifier: LabelClassifier, info: DatasetInfo, task: Task):
        self.classifier, self.info, self.task = classifier, info, task
        self.target, self.kept = ClassificationError(info), ClassificationError(info)

    def update(self, batch: Translated) -> Scores:
        """Adds an answer for each translation; the first ones give the scores."""
        logits = self.classifier.logits(batch.flat)
        rows, labels = (
            np.repeat(one, self.task.outputs, axis=0)
            for one in (batch.rows, batch.labels)
        )
        asked = np.zeros(labels.shape, bool)
        asked[:, self.task.column] = True
        self.target.update(rows, logits, labels, asked)
        if self.info.label_type != ONE_HOT:
            self.kept.update(rows, logits, labels, ~asked)
        sure = self._sureness(logits[:: self.task.outputs])
        return Scores(SEEN, sure, form=".1%")

    def results(self) -> list[Measurement]:
        """The error at the target and, with binary labels, at those to be kept."""
        results = [self.target.result()]
        if self.kept.total:
            results.append(replace(self.kept.result(), name=KEPT))
        return results

    def _sureness(self, logits: np.ndarray) -> np.ndarray:
        """Probability that the classifier gives to the target."""
        logits = logits.astype(np.float64)
        own = logits[:, self.task.column]
        if self.info.label_type == ONE_HOT:
            return 1.0 / np.exp(logits - own[:, np.newaxis]).sum(axis=1)
        return 1.0 / (1.0 + np.exp(own if self.task.value == 0.0 else -own))
