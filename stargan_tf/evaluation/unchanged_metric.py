"""What a translation should have left alone, in all the ways that are possible."""

import numpy as np

from stargan_tf.data.labelled_images import LabelledImages
from stargan_tf.evaluation.measurement import Measurement
from stargan_tf.evaluation.metric import Meter, Metric, Scores
from stargan_tf.evaluation.options import OwnFunctions
from stargan_tf.evaluation.running_mean import RunningMean
from stargan_tf.evaluation.task import LABEL, OWN, Subject, Task, Translated
from stargan_tf.evaluation.truth import Truth, no_picture, true_images
from stargan_tf.evaluation.unchanged import (
    SSIM_WINDOW,
    background_change,
    change,
    identity_similarity,
    psnr,
    ssim,
)

PSNR, SSIM = "psnr_to_truth", "ssim_to_truth"
CYCLE, SAME = "cycle_error", "same_domain_change"
BACKGROUND, IDENTITY = "background_change", "identity_similarity"
NEAR_TRUTH = "PSNR to the true picture, dB"
RESTORED = "cycle error, negative"


class UnchangedMetric(Metric):
    """Cycle, same-domain change; truth, background and identity where they are known.

    Args:
        subject: model and data.
        functions: the user's masks and embedding.
        truth: gives true translations.
    """

    def __init__(
        self, subject: Subject, functions: OwnFunctions, truth: Truth = no_picture
    ):
        self.held_out, self.functions, self.truth = subject.held_out, functions, truth

    def start(self, task: Task) -> "Meter":
        """A meter of the kind that suits the task."""
        if task.guide == OWN:
            return SameDomainMeter()
        truth = self.truth if task.guide == LABEL else no_picture
        return UnchangedMeter(self.held_out, self.functions, truth)


class SameDomainMeter(Meter):
    """How much an image changes on the way to its own label."""

    def __init__(self):
        self.mean = RunningMean(SAME)

    def update(self, batch: Translated) -> None:
        """Adds a number for each image."""
        self.mean.update(batch.rows, change(batch.images, batch.first))

    def results(self) -> list[Measurement]:
        """The mean in grey levels."""
        return [self.mean.result()]


class UnchangedMeter(Meter):
    """Means over the first translation of each image.

    Args:
        held_out: the images, for their size.
        functions: the user's masks and embedding.
        truth: gives true translations.
    """

    def __init__(self, held_out: LabelledImages, functions: OwnFunctions, truth: Truth):
        self.size, self.functions, self.truth = (
            held_out.info.image_size,
            functions,
            truth,
        )
        names = (PSNR, SSIM, CYCLE, BACKGROUND, IDENTITY)
        # An image that is masked as a whole has no background.
        self.means = {
            name: RunningMean(name, may_lack=name == BACKGROUND) for name in names
        }

    def update(self, batch: Translated) -> Scores:
        """Adds what can be measured; PSNR or else the cycle gives the scores."""
        cycle = change(batch.images, batch.cycled)
        self.means[CYCLE].update(batch.rows, cycle)
        self._add_own(batch)
        known, truth = true_images(self.truth, batch, self.size)
        if not known.any():
            return Scores(RESTORED, -cycle)
        scores = np.full(len(known), np.nan)
        scores[known] = self._add_truth(batch.rows[known], truth, batch.first[known])
        return Scores(NEAR_TRUTH, scores)

    def results(self) -> list[Measurement]:
        """Those of the means that have a value."""
        return [mean.result() for mean in self.means.values() if mean.count]

    def _add_truth(
        self, rows: np.ndarray, truth: np.ndarray, outputs: np.ndarray
    ) -> np.ndarray:
        values = psnr(truth, outputs)
        self.means[PSNR].update(rows, values)
        if self.size >= SSIM_WINDOW:
            self.means[SSIM].update(rows, ssim(truth, outputs))
        return values

    def _add_own(self, batch: Translated) -> None:
        masks, embed = self.functions.masks, self.functions.embedding
        if masks is not None:
            values = background_change(batch.images, batch.first, masks(batch.images))
            self.means[BACKGROUND].update(batch.rows, values)
        if embed is not None:
            values = identity_similarity(batch.images, batch.first, embed)
            self.means[IDENTITY].update(batch.rows, values)
