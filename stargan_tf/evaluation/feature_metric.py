"""FID and KID of translations against real images of their target."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from stargan_tf.evaluation.feature_summary import FeatureSummary
from stargan_tf.evaluation.features import FeatureExtractor
from stargan_tf.evaluation.frechet import frechet_inception_distance
from stargan_tf.evaluation.kernel_distance import kernel_inception_distance
from stargan_tf.evaluation.measurement import Measurement
from stargan_tf.evaluation.metric import Meter, Metric
from stargan_tf.evaluation.options import FID, KID, EvaluationOptions
from stargan_tf.evaluation.real_statistics import RealStatistics
from stargan_tf.evaluation.task import OWN, Subject, Task, Translated

DISTANCES = {FID: frechet_inception_distance, KID: kernel_inception_distance}


class FeatureMetric(Metric):
    """FID, KID or both: the features are computed once.

    Args:
        subject: its training images are the real ones.
        options: `metrics`, `protocol`, `batch_size` and `seed` are used.

    Raises:
        InputError: if the protocol's weights are nowhere.
    """

    def __init__(self, subject: Subject, options: EvaluationOptions):
        self.names = [name for name in options.metrics if name in DISTANCES]
        self.extractor = FeatureExtractor(options.protocol)
        self.seed = options.seed
        self.real = RealStatistics(
            subject.train, self.extractor, options.batch_size, options.seed
        )

    def prepare(self, tasks: Sequence[Task]) -> None:
        """Computes the real images' statistics, or finds them in the cache."""
        self.real.prepare((t.column, t.value) for t in tasks if t.guide != OWN)

    def start(self, task: Task) -> "FeatureMeter | None":
        """A meter, unless the task changes nothing."""
        if task.guide == OWN:
            return None
        target = (task.column, task.value)
        real = self.real.of(target)
        return FeatureMeter(self, real, len(self.real.rows(target)) - real.count)


class FeatureMeter(Meter):
    """Accumulates the features of one task's translations.

    Args:
        metric: whose extractor is used.
        real: statistics of the target's real images.
        unreadable: number of further ones that were left out.
    """

    def __init__(self, metric: FeatureMetric, real: FeatureSummary, unreadable: int):
        self.metric, self.real, self.unreadable = metric, real, unreadable
        self.fake = metric.extractor.summary(seed=metric.seed)

    def update(self, batch: Translated) -> None:
        """Adds all translations of the batch."""
        images = np.repeat(batch.rows, batch.task.outputs)
        self.fake.update(self.metric.extractor(batch.flat), images)

    def results(self) -> list[Measurement]:
        """FID, KID or both."""
        results = [DISTANCES[name](self.real, self.fake) for name in self.metric.names]
        if not self.unreadable:
            return results
        more = f"{self.unreadable} training images of a target could not be read."
        return [
            replace(one, note=f"{one.note} {more}" if one.note else more)
            for one in results
        ]
