"""FID and KID of translations against real images of their target."""

from collections.abc import Sequence

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
        options: `metrics`, `protocol` and `batch_size` are used.

    Raises:
        InputError: if the protocol's weights are nowhere.
    """

    def __init__(self, subject: Subject, options: EvaluationOptions):
        self.names = [name for name in options.metrics if name in DISTANCES]
        self.extractor = FeatureExtractor(options.protocol)
        self.real = RealStatistics(subject.train, self.extractor, options.batch_size)

    def prepare(self, tasks: Sequence[Task]) -> None:
        """Computes the real images' statistics, or finds them in the cache."""
        self.real.prepare((t.column, t.value) for t in tasks if t.guide != OWN)

    def start(self, task: Task) -> "FeatureMeter | None":
        """A meter, unless the task changes nothing."""
        if task.guide == OWN:
            return None
        return FeatureMeter(self, self.real.of((task.column, task.value)))


class FeatureMeter(Meter):
    """Accumulates the features of one task's translations.

    Args:
        metric: whose extractor is used.
        real: statistics of the target's real images.
    """

    def __init__(self, metric: FeatureMetric, real: FeatureSummary):
        self.metric, self.real = metric, real
        self.fake = metric.extractor.summary()

    def update(self, batch: Translated) -> None:
        """Adds all translations of the batch."""
        self.fake.update(self.metric.extractor(batch.flat))

    def results(self) -> list[Measurement]:
        """FID, KID or both."""
        return [DISTANCES[name](self.real, self.fake) for name in self.metric.names]
