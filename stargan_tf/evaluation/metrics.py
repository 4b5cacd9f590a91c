"""What a translation should have left alone, in all the ways that are possible."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import tensorflow as tf

from stargan_tf.data.info import ONE_HOT, DatasetInfo
from stargan_tf.data.source import LabelledImages
from stargan_tf.errors import InputError
from stargan_tf.evaluation.cache import RealStatistics
from stargan_tf.evaluation.classifier import LabelClassifier, cached_classifier
from stargan_tf.evaluation.fid import (
    FeatureSummary,
    frechet_inception_distance,
    kernel_inception_distance,
)
from stargan_tf.evaluation.inception import FeatureExtractor
from stargan_tf.evaluation.lpips import Lpips
from stargan_tf.evaluation.measures import (
    ClassificationError,
    Measurement,
    RunningMean,
)
from stargan_tf.evaluation.options import (
    CLASSIFIER_STEPS,
    FID,
    KID,
    EvaluationOptions,
    OwnFunctions,
)
from stargan_tf.evaluation.tasks import (
    LABEL,
    OWN,
    REFERENCE,
    Meter,
    Metric,
    Scores,
    Subject,
    Task,
    Translated,
    Truth,
    image_batches,
    no_picture,
    spread,
    true_images,
)

# What a translation should have left alone: one number for each image.

SSIM_WINDOW = 11


def psnr(truth: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Peak signal-to-noise ratio in dB; capped at 100 dB where images are equal.

    Args:
        truth: the images that should have come out.
        images: the images that did.

    Returns:
        float array (n,).
    """
    _check_pair(truth, images)
    return np.minimum(tf.image.psnr(truth, images, max_val=255).numpy(), 100.0)


def ssim(truth: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Structural similarity, 1 where images are equal (Wang et al. 2004).

    Args:
        truth: the images that should have come out, at least 11 pixels wide.
        images: the images that did.

    Returns:
        float array (n,).
    """
    _check_pair(truth, images)
    if min(truth.shape[1:3]) < SSIM_WINDOW:
        raise InputError(
            f"SSIM needs images of at least {SSIM_WINDOW}×{SSIM_WINDOW} pixels. "
            f"Received: {truth.shape[1]}×{truth.shape[2]}"
        )
    return tf.image.ssim(truth, images, max_val=255, filter_size=SSIM_WINDOW).numpy()


def change(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Mean absolute difference in grey levels, 0 … 255.

    The cycle error is `change(x, G(G(x, c), c_x))`, the same-domain change
    `change(x, G(x, c_x))`.

    Args:
        before: images.
        after: images of the same shape.

    Returns:
        float array (n,).
    """
    _check_pair(before, after)
    return _difference(before, after).mean(axis=(1, 2))


def background_change(
    before: np.ndarray, after: np.ndarray, may_change: np.ndarray
) -> np.ndarray:
    """`change`, over the pixels outside a mask alone.

    Args:
        before: images.
        after: images of the same shape.
        may_change: bool or 0…1 array (n, h, w); above one half where the translation
            is allowed to draw.

    Returns:
        float array (n,); NaN for an image that has no pixel outside its mask.
    """
    _check_pair(before, after)
    may_change = np.asarray(may_change)
    if may_change.shape != before.shape[:3] or may_change.dtype.kind not in "bfiu":
        raise InputError(
            f"Masks must be numbers of shape {before.shape[:3]}. Received: "
            f"{may_change.dtype} of shape {may_change.shape}"
        )
    outside = may_change <= 0.5
    pixels = outside.sum(axis=(1, 2))
    total = np.sum(_difference(before, after) * outside, axis=(1, 2))
    return np.where(pixels, total / np.maximum(pixels, 1), np.nan)


def identity_similarity(
    before: np.ndarray,
    after: np.ndarray,
    embed: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """Cosine of the angle between the embeddings of two images, in [-1, 1].

    Args:
        before: images.
        after: their translations.
        embed: uint8 images (n, h, w, 3) → vectors (n, d), such as a face recognition
            network with its own resizing and scaling.

    Returns:
        float array (n,).
    """
    _check_pair(before, after)
    first, second = (_unit(embed(images), len(images)) for images in (before, after))
    return np.sum(first * second, axis=1)


def _difference(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    difference = before.astype(np.float64) - after.astype(np.float64)
    return np.abs(difference).mean(axis=-1)


def _unit(vectors: np.ndarray, count: int) -> np.ndarray:
    vectors = np.asarray(vectors)
    if vectors.ndim != 2 or vectors.dtype.kind not in "fiu" or len(vectors) != count:
        raise InputError(
            f"An embedding must be an array of {count} vectors of numbers. Received: "
            f"{vectors.dtype} of shape {vectors.shape}"
        )
    vectors = vectors.astype(np.float64)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.maximum(lengths, np.finfo(np.float64).tiny)


def _check_pair(first: np.ndarray, second: np.ndarray) -> None:
    for images in (first, second):
        if images.dtype != np.uint8:
            raise InputError(f"Images must be uint8. Received: {images.dtype}")
    if first.shape != second.shape:
        raise InputError(
            "Two batches of images must have one shape. "
            f"Received: {first.shape} and {second.shape}"
        )


# How often a classifier of real images does not see what a translation should show.

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


# FID and KID of translations against real images of their target.

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


# LPIPS: how diverse the translations are, or how near they are to source and truth.

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
