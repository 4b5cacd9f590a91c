"""The metrics: each starts a meter for a task, which watches its translations go by."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import tensorflow as tf

from stargan_tf.data.info import ONE_HOT, DatasetInfo
from stargan_tf.data.intensity import valid_pixels
from stargan_tf.errors import InputError
from stargan_tf.evaluation.cache import RealStatistics
from stargan_tf.evaluation.classifier import (
    ClassifierFeatures,
    LabelClassifier,
    classifier_of,
)
from stargan_tf.evaluation.fid import (
    FeatureSummary,
    frechet_inception_distance,
    kernel_inception_distance,
)
from stargan_tf.evaluation.inception import FeatureExtractor
from stargan_tf.evaluation.lpips import Lpips
from stargan_tf.evaluation.measures import (
    Measurement,
    RunningMean,
    judged,
)
from stargan_tf.evaluation.options import (
    FID,
    KID,
    NUMBERS,
    EvaluationOptions,
    UserFunctions,
)
from stargan_tf.evaluation.results import Scores
from stargan_tf.evaluation.tasks import (
    LABEL,
    OWN,
    REFERENCE,
    Subject,
    Task,
    Translated,
    Truth,
    image_batches,
    subsample,
    true_images,
)

SSIM_WINDOW = 11
DISTANCES = {FID: frechet_inception_distance, KID: kernel_inception_distance}


class Meter:
    """Measures one task; keeps statistics, no images."""

    def update(self, batch: Translated) -> Scores | None:
        """Takes a batch in; gives scores if this metric can tell good from bad."""
        raise NotImplementedError

    def results(self) -> list[Measurement]:
        """The task's numbers."""
        raise NotImplementedError


class Metric:
    """One of `stargan_tf.evaluation.options.METRICS`, with its networks."""

    def prepare(self, tasks: Sequence[Task]) -> None:
        """Does what is done once; InputError if the data does not suffice."""

    def start(self, task: Task) -> Meter | None:
        """A meter for a task; None where the metric has nothing to say."""
        raise NotImplementedError

    def on_real_images(self) -> list[Measurement]:
        """Numbers of the real images, to compare with."""
        return []

    def overall(self) -> list[Measurement]:
        """Numbers of all tasks together, when they are done."""
        return []


class MeansMeter(Meter):
    """Means over images of numbers that a function adds for each batch.

    Args:
        measure: (batch, add) → scores or None; `add(name, rows, values)` adds values.
        protocol: of the measurements.
    """

    def __init__(
        self,
        measure: Callable[[Translated, Callable], Scores | None],
        protocol: str | None = None,
    ):
        self.measure, self.protocol = measure, protocol
        self.means: dict[str, RunningMean] = {}

    def update(self, batch: Translated) -> Scores | None:
        """Adds a number for each image."""
        return self.measure(batch, self._add)

    def results(self) -> list[Measurement]:
        """The means that have a value."""
        means = (self.means[name] for name in NUMBERS if name in self.means)
        return [mean.result() for mean in means if mean.count]

    def _add(self, name: str, rows: np.ndarray, values: np.ndarray) -> None:
        if name not in self.means:
            self.means[name] = RunningMean(name, self.protocol)
        self.means[name].update(rows, values)


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
        self.real: list[RunningMean] = []

    def prepare(self, tasks: Sequence[Task]) -> None:
        """Trains the classifier, or finds it in the cache; tries it on real images."""
        if self.real:
            return
        options, held_out = self.options, self.subject.held_out
        self.classifier = classifier_of(self.subject.train, options)
        info, name = held_out.info, "classification_error_real"
        names = [name, *(f"{name}/{domain}" for domain in info.domains)]
        whole, *each = real = [RunningMean(name, share=True) for name in names]
        rows = subsample(np.arange(len(held_out)), options.count)
        for places, images in image_batches(held_out, rows, options.batch_size):
            seen, logits = rows[places], self.classifier.logits(images)
            wrong, answers = judged(info, logits, held_out.labels[seen])
            whole.update(seen, wrong.sum(axis=1), answers.sum(axis=1))
            for column, mean in enumerate(each):
                mean.update(seen, wrong[:, column], answers[:, column])
        self.real = real

    def start(self, task: Task) -> "ClassificationMeter | None":
        """A meter, unless the task changes nothing."""
        if task.guide == OWN:
            return None
        return ClassificationMeter(self.classifier, self.subject.held_out.info, task)

    def on_real_images(self) -> list[Measurement]:
        """The error on real held-out images: over all, and of each label."""
        whole, *each = self.real
        return [whole.result(), *(mean.result() for mean in each if mean.count)]


class ClassificationMeter(Meter):
    """Counts wrong answers on one task's translations."""

    def __init__(self, classifier: LabelClassifier, info: DatasetInfo, task: Task):
        self.classifier, self.info, self.task = classifier, info, task
        self.target = RunningMean("classification_error", share=True)
        self.others = RunningMean("kept_label_error", share=True)

    def update(self, batch: Translated) -> Scores:
        """Adds an answer for each translation; the first ones give the scores."""
        logits = self.classifier.logits(batch.flat)
        rows = np.repeat(batch.rows, self.task.outputs)
        labels = np.repeat(batch.labels, self.task.outputs, axis=0)
        wrong, answers = judged(self.info, logits, labels)
        column = self.task.column
        self.target.update(rows, wrong[:, column], answers[:, column])
        if self.info.label_type != ONE_HOT:
            wrong, answers = (np.delete(x, column, axis=1) for x in (wrong, answers))
            self.others.update(rows, wrong.sum(axis=1), answers.sum(axis=1))
        probability = self._of_target(logits[:: self.task.outputs].astype(np.float64))
        return Scores("how sure the classifier is of the target", probability, ".1%")

    def results(self) -> list[Measurement]:
        """The error at the target and, with binary labels, at the others."""
        others = [self.others.result()] if self.others.count else []
        return [self.target.result(), *others]

    def _of_target(self, logits: np.ndarray) -> np.ndarray:
        """Probability that the classifier gives to the target."""
        target = logits[:, self.task.column]
        if self.info.label_type == ONE_HOT:
            return 1.0 / np.exp(logits - target[:, np.newaxis]).sum(axis=1)
        return 1.0 / (1.0 + np.exp(target if self.task.value == 0.0 else -target))


class FeatureMetric(Metric):
    """FID, KID or both against the target's real images, from the same features.

    They are Inception's for pictures in RGB; for other images, of which KID alone is
    known, those of a classifier of the data set.

    Args:
        subject: its training images are the real ones.
        options: `metrics`, `protocol`, `batch_size` and `seed` are used; for images
            other than RGB what says which classifier.

    Raises:
        InputError: if the protocol's weights are nowhere.
    """

    def __init__(self, subject: Subject, options: EvaluationOptions):
        self.names = [name for name in options.metrics if name in DISTANCES]
        self.train, self.options, self.seed = subject.train, options, options.seed
        self.real = None
        if subject.train.info.is_plain:
            self._extract_with(FeatureExtractor(options.protocol))

    def _extract_with(self, extractor: FeatureExtractor | ClassifierFeatures) -> None:
        self.extractor, options = extractor, self.options
        self.real = RealStatistics(
            self.train, extractor, options.batch_size, options.seed
        )

    def prepare(self, tasks: Sequence[Task]) -> None:
        """Computes the real images' statistics, or finds them in the cache."""
        if self.real is None:
            classifier = classifier_of(self.train, self.options)
            size = self.options.classifier
            self._extract_with(ClassifierFeatures(classifier, size))
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
        unreadable: number of further real images that were left out.
    """

    def __init__(self, metric: FeatureMetric, real: FeatureSummary, unreadable: int):
        self.metric, self.real, self.unreadable = metric, real, unreadable
        self.fake = metric.extractor.summary(seed=metric.seed)

    def update(self, batch: Translated) -> None:
        """Adds all translations of the batch."""
        self.fake.update(self.metric.extractor(batch.flat))

    def results(self) -> list[Measurement]:
        """FID, KID or both."""
        results = [DISTANCES[name](self.real, self.fake) for name in self.metric.names]
        if not self.unreadable:
            return results
        more = f"{self.unreadable} training images of a target could not be read."
        return [replace(r, note=f"{r.note or ''} {more}".strip()) for r in results]


class LpipsMetric(Metric):
    """Diversity of styles; for labels, distance to the source and to the truth.

    Args:
        subject: model and data.
        options: `lpips_network` is used.
        truth: gives true translations where they are known.

    Raises:
        InputError: if the network's weights are nowhere.

    Reference: Choi et al. 2020 (StarGAN v2), appendix C: 10 outputs, 45 pairs.
    """

    def __init__(
        self, subject: Subject, options: EvaluationOptions, truth: Truth | None = None
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

    def start(self, task: Task) -> Meter | None:
        """A meter of the kind that suits the task."""
        if task.guide == OWN:
            return None
        measure = self._distances if task.guide == LABEL else self._diversity
        return MeansMeter(measure, self.lpips.protocol)

    def _diversity(self, batch: Translated, add: Callable) -> None:
        add("lpips_diversity", batch.rows, self.lpips.diversity(batch.outputs))

    def _distances(self, batch: Translated, add: Callable) -> None:
        distances = self.lpips.distance(batch.images, batch.first)
        add("lpips_to_source", batch.rows, distances)
        known, truth = true_images(self.truth, batch)
        if known.any():
            distances = self.lpips.distance(truth, batch.first[known])
            add("lpips_to_truth", batch.rows[known], distances)


class UnchangedMetric(Metric):
    """Cycle, same-domain change; truth, background and identity where they are known.

    All look at the first translation of each image.

    Args:
        functions: the user's masks and embedding.
        truth: gives true translations.
    """

    def __init__(self, functions: UserFunctions, truth: Truth | None = None):
        self.functions, self.truth = functions, truth

    def start(self, task: Task) -> Meter:
        """A meter of the kind that suits the task."""
        if task.guide == OWN:
            return MeansMeter(self._same_domain)
        return MeansMeter(self._measure)

    def _same_domain(self, batch: Translated, add: Callable) -> None:
        add("same_domain_change", batch.rows, change(batch.images, batch.first))

    def _measure(self, batch: Translated, add: Callable) -> Scores:
        before, after, rows = batch.images, batch.first, batch.rows
        cycle = change(before, batch.cycled)
        add("cycle_error", rows, cycle)
        if self.functions.masks:
            masks = self.functions.masks(before)
            outside = background_change(before, after, masks)
            # An image that is masked as a whole has no background.
            some = ~np.isnan(outside)
            add("background_change", rows[some], outside[some])
        if self.functions.embedding:
            embed = self.functions.embedding
            add("identity_similarity", rows, identity_similarity(before, after, embed))
        # A style has no single truth.
        truth = self.truth if batch.task.guide == LABEL else None
        known, truth = true_images(truth, batch)
        if not known.any():
            return Scores("cycle error, negative", -cycle)
        scores = np.full(len(known), np.nan)
        scores[known] = psnr(truth, after[known])
        add("psnr_to_truth", rows[known], scores[known])
        if min(truth.shape[1:3]) >= SSIM_WINDOW:
            add("ssim_to_truth", rows[known], ssim(truth, after[known]))
        return Scores("PSNR to the true image, dB", scores)


def psnr(truth: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Peak signal-to-noise ratio in dB; capped at 100 dB where images are equal.

    Args:
        truth: the images that should have come out, (n, h, w, c): uint8, or float32
            in [-1, 1].

    Returns:
        float array (n,).
    """
    if truth.dtype == np.uint8 or valid_pixels(truth).all():
        _check_pair(truth, images)
        found = tf.image.psnr(truth, images, max_val=_span(truth)).numpy()
    else:
        errors = np.nanmean(_difference(truth, images) ** 2, axis=(1, 2, 3))
        found = 20 * np.log10(255 / np.sqrt(np.maximum(errors, 1e-12)))
    return np.minimum(found, 100.0)


def ssim(truth: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Structural similarity, 1 where images are equal (Wang et al. 2004).

    Args:
        truth: as of `psnr`, at least 11 pixels wide.

    Returns:
        float array (n,).
    """
    _check_pair(truth, images)
    if min(truth.shape[1:3]) < SSIM_WINDOW:
        raise InputError(
            f"SSIM needs images of at least {SSIM_WINDOW}×{SSIM_WINDOW} pixels. "
            f"Received: {truth.shape[1]}×{truth.shape[2]}"
        )
    span = _span(truth)
    if truth.dtype != np.uint8:
        # Equal in both where there is no data.
        gaps = ~valid_pixels(truth)
        truth, images = (np.where(gaps, np.float32(-1), x) for x in (truth, images))
    return tf.image.ssim(truth, images, max_val=span, filter_size=SSIM_WINDOW).numpy()


def _span(images: np.ndarray) -> int:
    """From the smallest to the largest value: of uint8, or of [-1, 1]."""
    return 255 if images.dtype == np.uint8 else 2


def change(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Mean absolute difference in gray levels, 0 … 255; of measured images likewise.

    The cycle error is `change(x, G(G(x, c), c_x))`, the same-domain change
    `change(x, G(x, c_x))`.

    Args:
        before: images (n, h, w, c): uint8, or float32 in [-1, 1].
        after: images of the same shape.

    Returns:
        float array (n,).
    """
    return np.nanmean(_difference(before, after), axis=(1, 2, 3))


def background_change(
    before: np.ndarray, after: np.ndarray, may_change: np.ndarray
) -> np.ndarray:
    """`change`, over the pixels outside a mask alone.

    Args:
        before: images (n, h, w, c): uint8, or float32 in [-1, 1].
        after: images of the same shape.
        may_change: bool or 0…1 array (n, h, w); above one half where the translation
            is allowed to draw.

    Returns:
        float array (n,); NaN for an image that has no pixel outside its mask.
    """
    may_change = np.asarray(may_change)
    if may_change.shape != before.shape[:3] or may_change.dtype.kind not in "bfiu":
        raise InputError(
            f"Masks must be numbers of shape {before.shape[:3]}. Received: "
            f"{may_change.dtype} of shape {may_change.shape}"
        )
    difference = _difference(before, after)
    counted = (may_change <= 0.5)[..., np.newaxis] & ~np.isnan(difference)
    values = counted.sum(axis=(1, 2, 3))
    total = np.sum(difference, axis=(1, 2, 3), where=counted)
    return np.where(values, total / np.maximum(values, 1), np.nan)


def identity_similarity(
    before: np.ndarray,
    after: np.ndarray,
    embed: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """Cosine of the angle between the embeddings of two images, in [-1, 1].

    Args:
        before: images (n, h, w, c): uint8, or float32 in [-1, 1].
        embed: uint8 images (n, h, w, 3) → vectors (n, d), such as a face recognition
            network with its own resizing and scaling.

    Returns:
        float array (n,).
    """
    _check_pair(before, after)
    first, second = (_unit(embed(images), len(images)) for images in (before, after))
    return np.sum(first * second, axis=1)


def _difference(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """In gray levels, (n, h, w, c); NaN where measured images have no data."""
    _check_pair(before, after)
    difference = before.astype(np.float64) - after.astype(np.float64)
    difference = np.abs(difference) * (255 / _span(before))
    if before.dtype == np.uint8:
        return difference
    return np.where(valid_pixels(before), difference, np.nan)


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
    types = {first.dtype, second.dtype}
    if types not in ({np.dtype(np.uint8)}, {np.dtype(np.float32)}):
        raise InputError(
            "Two batches of images must be uint8, or float32 in [-1, 1]. Received: "
            f"{first.dtype} and {second.dtype}"
        )
    if first.shape != second.shape:
        raise InputError(
            "Two batches of images must have one shape. "
            f"Received: {first.shape} and {second.shape}"
        )
