"""LPIPS: how diverse the translations are, or how near they are to source and truth."""

from collections.abc import Sequence

from stargan_tf.data.labelled_images import LabelledImages
from stargan_tf.errors import InputError
from stargan_tf.evaluation.lpips import Lpips
from stargan_tf.evaluation.measurement import Measurement
from stargan_tf.evaluation.metric import Meter, Metric
from stargan_tf.evaluation.options import EvaluationOptions
from stargan_tf.evaluation.running_mean import RunningMean
from stargan_tf.evaluation.task import LABEL, OWN, REFERENCE, Subject, Task, Translated
from stargan_tf.evaluation.truth import Truth, no_picture, true_images

DIVERSITY = "lpips_diversity"
TO_SOURCE, TO_TRUTH = "lpips_to_source", "lpips_to_truth"


class LpipsMetric(Metric):
    """Diversity of styles; for labels, distance to the source and to the truth.

    Args:
        subject: model and data.
        options: `lpips_network` is used.
        truth: gives true translations where they are known.

    Raises:
        InputError: if the network's weights are nowhere.
    """

    def __init__(
        self, subject: Subject, options: EvaluationOptions, truth: Truth = no_picture
    ):
        self.held_out, self.truth = subject.held_out, truth
        self.lpips = Lpips(options.lpips_network)

    def prepare(self, tasks: Sequence[Task]) -> None:
        """Refuses styles of which there are too few to differ."""
        for task in tasks:
            if task.guide in (LABEL, OWN):
                continue
            references = int(self.held_out.labels[:, task.column].sum())
            if task.guide == REFERENCE and references < 2:
                raise InputError(
                    f"The diversity of references needs at least 2 held-out images "
                    f"of each domain. Received: {references} of '{task.target}'. Add "
                    "images, raise --held_out, or leave lpips out."
                )
            if task.outputs < 2:
                raise InputError(
                    "Diversity needs at least 2 outputs of each image. "
                    f"Received: outputs={task.outputs}"
                )

    def start(self, task: Task) -> "Meter | None":
        """A meter of the kind that suits the task."""
        if task.guide == OWN:
            return None
        if task.guide == LABEL:
            return DistanceMeter(self.lpips, self.held_out, self.truth)
        return DiversityMeter(self.lpips)


class DiversityMeter(Meter):
    """Mean distance between the translations of one image.

    Args:
        lpips: the distance.

    Reference: Choi et al. 2020 (StarGAN v2), appendix C: 10 outputs, 45 pairs.
    """

    def __init__(self, lpips: Lpips):
        self.lpips = lpips
        self.mean = RunningMean(DIVERSITY, lpips.protocol)

    def update(self, batch: Translated) -> None:
        """Adds a number for each source."""
        self.mean.update(batch.rows, self.lpips.diversity(batch.outputs))

    def results(self) -> list[Measurement]:
        """The mean over sources."""
        return [self.mean.result()]


class DistanceMeter(Meter):
    """Distance of the translation to its source, and to the truth where known.

    Args:
        lpips: the distance.
        held_out: the images, for their names and size.
        truth: gives true translations.
    """

    def __init__(self, lpips: Lpips, held_out: LabelledImages, truth: Truth):
        self.lpips, self.truth, self.size = lpips, truth, held_out.info.image_size
        self.to_source = RunningMean(TO_SOURCE, lpips.protocol)
        self.to_truth = RunningMean(TO_TRUTH, lpips.protocol)

    def update(self, batch: Translated) -> None:
        """Adds a number for each image."""
        self.to_source.update(
            batch.rows, self.lpips.distance(batch.images, batch.first)
        )
        known, truth = true_images(self.truth, batch, self.size)
        if known.any():
            values = self.lpips.distance(truth, batch.first[known])
            self.to_truth.update(batch.rows[known], values)

    def results(self) -> list[Measurement]:
        """The means over images."""
        means = (self.to_source, self.to_truth)
        return [mean.result() for mean in means if mean.count]
