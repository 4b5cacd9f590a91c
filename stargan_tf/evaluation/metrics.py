"""The metrics of an evaluation: a `Metric` starts a `Meter` for each task."""

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
    wrong_answers,
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
    """Accumulates the statistics of a metric for a task."""

    def update(self, batch: Translated) -> Scores | None:
        """Adds a batch; returns scores of its images if the metric can rank them."""
        raise NotImplementedError

    def results(self) -> list[Measurement]:
        """Returns the numbers of the task."""
        raise NotImplementedError


class Metric:
    """The base class of metrics, which hold networks and statistics of real images."""

    def prepare(self, tasks: Sequence[Task]) -> None:
        """Prepares the evaluation of the tasks.

        Raises:
            InputError: if the data is not sufficient.
        """

    def start(self, task: Task) -> Meter | None:
        """Returns a meter for a task, or None if the metric does not apply to it."""
        raise NotImplementedError

    def on_real_images(self) -> list[Measurement]:
        """Returns numbers of real images, for comparison."""
        return []

    def overall(self) -> list[Measurement]:
        """Returns numbers of all tasks together, after the last task."""
        return []


class MeansMeter(Meter):
    """Accumulates means of values that a function computes for each batch.

    Args:
        measure: function (batch, add) → scores or None, which calls `add(name, rows,
            values)` to add values.
        protocol: protocol of the measurements.
    """

    def __init__(
        self,
        measure: Callable[[Translated, Callable], Scores | None],
        protocol: str | None = None,
    ):
        self.measure, self.protocol = measure, protocol
        self.means: dict[str, RunningMean] = {}

    def update(self, batch: Translated) -> Scores | None:
        """Adds the values of a batch; returns its scores."""
        return self.measure(batch, self._add)

    def results(self) -> list[Measurement]:
        """Returns the means of all numbers that have values."""
        means = (self.means[name] for name in NUMBERS if name in self.means)
        return [mean.result() for mean in means if mean.count]

    def _add(self, name: str, rows: np.ndarray, values: np.ndarray) -> None:
        if name not in self.means:
            self.means[name] = RunningMean(name, self.protocol)
        self.means[name].update(rows, values)


class ClassificationMetric(Metric):
    """The error of a classifier, trained on real images, on translated images.

    Args:
        subject: model and data.
        options: evaluation options, of which `classifier`, `classifier_steps`,
            `count`, `seed`, and `batch_size` are used.

    Reference: StarGAN (Choi et al. 2018), section 5.4.
    """

    def __init__(self, subject: Subject, options: EvaluationOptions):
        self.subject, self.options = subject, options
        self.classifier: LabelClassifier | None = None
        self.real: list[RunningMean] = []

    def prepare(self, tasks: Sequence[Task]) -> None:
        """Trains the classifier or loads it from the cache; tests it on real images."""
        if self.real:
            return
        options, held_out = self.options, self.subject.held_out
        self.classifier = classifier_of(self.subject.train, options)
        info, name = held_out.info, "classification_error_real"
        names = [name, *(f"{name}/{domain}" for domain in info.domains)]
        whole, *each = real = [RunningMean(name, share=True) for name in names]
        rows = subsample(np.arange(len(held_out)), options.count)
        for places, images in image_batches(held_out, rows, options.batch_size):
            batch, logits = rows[places], self.classifier.logits(images)
            wrong, answers = wrong_answers(info, logits, held_out.labels[batch])
            whole.update(batch, wrong.sum(axis=1), answers.sum(axis=1))
            for column, mean in enumerate(each):
                mean.update(batch, wrong[:, column], answers[:, column])
        self.real = real

    def start(self, task: Task) -> "ClassificationMeter | None":
        """Returns a meter, or None if the target is the image's own label."""
        if task.guide == OWN:
            return None
        return ClassificationMeter(self.classifier, self.subject.held_out.info, task)

    def on_real_images(self) -> list[Measurement]:
        """Returns the error on real held-out images, overall and per label."""
        whole, *each = self.real
        return [whole.result(), *(mean.result() for mean in each if mean.count)]


class ClassificationMeter(Meter):
    """Counts classification errors on the translations of a task."""

    def __init__(self, classifier: LabelClassifier, info: DatasetInfo, task: Task):
        self.classifier, self.info, self.task = classifier, info, task
        self.target = RunningMean("classification_error", share=True)
        self.others = RunningMean("kept_label_error", share=True)

    def update(self, batch: Translated) -> Scores:
        """Adds a batch; scores are those of the first translation of each image."""
        logits = self.classifier.logits(batch.flat)
        rows = np.repeat(batch.rows, self.task.outputs)
        labels = np.repeat(batch.labels, self.task.outputs, axis=0)
        wrong, answers = wrong_answers(self.info, logits, labels)
        column = self.task.column
        self.target.update(rows, wrong[:, column], answers[:, column])
        if self.info.label_type != ONE_HOT:
            wrong, answers = (np.delete(x, column, axis=1) for x in (wrong, answers))
            self.others.update(rows, wrong.sum(axis=1), answers.sum(axis=1))
        probability = self._of_target(logits[:: self.task.outputs].astype(np.float64))
        return Scores("the classifier's probability of the target", probability, ".1%")

    def results(self) -> list[Measurement]:
        """Returns the error on the target and, with binary labels, on other labels."""
        others = [self.others.result()] if self.others.count else []
        return [self.target.result(), *others]

    def _of_target(self, logits: np.ndarray) -> np.ndarray:
        """The classifier's probability of the target."""
        target = logits[:, self.task.column]
        if self.info.label_type == ONE_HOT:
            return 1.0 / np.exp(logits - target[:, np.newaxis]).sum(axis=1)
        return 1.0 / (1.0 + np.exp(target if self.task.value == 0.0 else -target))


class FeatureMetric(Metric):
    """FID and KID between translations and the real images of the target.

    Features are those of Inception for RGB images. For other images, which support only
    KID, features are those of a classifier of the data set.

    Args:
        subject: model and data; the training images are the real images.
        options: evaluation options, of which `metrics`, `protocol`, `batch_size`, and
            `seed` are used, and those of the classifier for images other than RGB.

    Raises:
        InputError: if the weights of the protocol cannot be loaded.
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
        """Computes statistics of the real images, or finds them in the cache."""
        if self.real is None:
            classifier = classifier_of(self.train, self.options)
            size = self.options.classifier
            self._extract_with(ClassifierFeatures(classifier, size))
        self.real.prepare((t.column, t.value) for t in tasks if t.guide != OWN)

    def start(self, task: Task) -> "FeatureMeter | None":
        """Returns a meter, or None if the target is the image's own label."""
        if task.guide == OWN:
            return None
        target = (task.column, task.value)
        real = self.real.of(target)
        return FeatureMeter(self, real, len(self.real.rows(target)) - real.count)


class FeatureMeter(Meter):
    """Accumulates the features of the translations of a task.

    Args:
        metric: the metric, which has the feature extractor.
        real: statistics of the target's real images.
        unreadable: number of real images that could not be read.
    """

    def __init__(self, metric: FeatureMetric, real: FeatureSummary, unreadable: int):
        self.metric, self.real, self.unreadable = metric, real, unreadable
        self.fake = metric.extractor.summary(seed=metric.seed)

    def update(self, batch: Translated) -> None:
        """Adds all translations of the batch."""
        self.fake.update(self.metric.extractor(batch.flat))

    def results(self) -> list[Measurement]:
        """Returns FID, KID, or both."""
        results = [DISTANCES[name](self.real, self.fake) for name in self.metric.names]
        if not self.unreadable:
            return results
        more = f"{self.unreadable} training images of a target could not be read."
        return [replace(r, note=f"{r.note or ''} {more}".strip()) for r in results]


class LpipsMetric(Metric):
    """LPIPS: diversity of styles; for labels, distance to source and true image.

    Args:
        subject: model and data.
        options: evaluation options, of which `lpips_network` is used.
        truth: function that returns the true translation, if known.

    Raises:
        InputError: if the weights of the network cannot be loaded.

    Reference: Choi et al. 2020 (StarGAN v2), appendix C: 10 outputs, 45 pairs.
    """

    def __init__(
        self, subject: Subject, options: EvaluationOptions, truth: Truth | None = None
    ):
        self.held_out, self.truth = subject.held_out, truth
        self.lpips = Lpips(options.lpips_network)

    def prepare(self, tasks: Sequence[Task]) -> None:
        """Raises InputError if there are too few references or outputs."""
        for task in tasks:
            if task.guide in (LABEL, OWN):
                continue
            references = int(self.held_out.labels[:, task.column].sum())
            if task.guide == REFERENCE and references < 2:
                raise InputError(
                    "The diversity of references needs at least 2 held-out images "
                    f"per domain. Received: {references} of '{task.target}'. Add "
                    "images, increase --held_out, or remove lpips."
                )
            if task.outputs < 2:
                raise InputError(
                    "Diversity needs at least 2 outputs per image. "
                    f"Received: outputs={task.outputs}"
                )

    def start(self, task: Task) -> Meter | None:
        """Returns a meter of distances (labels) or of diversity (styles)."""
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
    """What a translation should not change: cycle, same domain, background, identity.

    If true translations are known, it also compares with these. All numbers use the
    first translation of each image.

    Args:
        functions: the user's functions, of which `masks` and `embedding` are used.
        truth: function that returns the true translation, if known.
    """

    def __init__(self, functions: UserFunctions, truth: Truth | None = None):
        self.functions, self.truth = functions, truth

    def start(self, task: Task) -> Meter:
        """Returns a meter of the same-domain change, or of all other numbers."""
        if task.guide == OWN:
            return MeansMeter(self._same_domain)
        return MeansMeter(self._measure)

    def _same_domain(self, batch: Translated, add: Callable) -> None:
        some = _have_data(batch.images)
        values = change(batch.images, batch.first)
        add("same_domain_change", batch.rows[some], values[some])

    def _measure(self, batch: Translated, add: Callable) -> Scores:
        before, after, rows = batch.images, batch.first, batch.rows
        cycle = change(before, batch.cycled)
        some = _have_data(before)
        add("cycle_error", rows[some], cycle[some])
        if self.functions.masks:
            masks = self.functions.masks(before)
            outside = background_change(before, after, masks)
            # An image that is completely masked has no background.
            some = ~np.isnan(outside)
            add("background_change", rows[some], outside[some])
        if self.functions.embedding:
            embed = self.functions.embedding
            add("identity_similarity", rows, identity_similarity(before, after, embed))
        # A style has no unique true translation.
        truth = self.truth if batch.task.guide == LABEL else None
        known, truth = true_images(truth, batch)
        some = _have_data(truth)
        truth = truth[some]
        known[known] = some
        if not known.any():
            return Scores("cycle error, negative", -cycle)
        scores = np.full(len(known), np.nan)
        scores[known] = psnr(truth, after[known])
        add("psnr_to_truth", rows[known], scores[known])
        if min(truth.shape[1:3]) >= SSIM_WINDOW:
            add("ssim_to_truth", rows[known], ssim(truth, after[known]))
        return Scores("PSNR to the true image, dB", scores)


def psnr(truth: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Computes the peak signal-to-noise ratio in dB, at most 100 dB.

    Args:
        truth: true images (n, height, width, c), uint8 or float32 in [-1, 1].
        images: images of the same shape and type.

    Returns:
        float array (n,); NaN for images without any data.
    """
    if truth.dtype == np.uint8 or valid_pixels(truth).all():
        _check_pair(truth, images)
        ratios = tf.image.psnr(truth, images, max_val=_span(truth)).numpy()
    else:
        errors = _means(_difference(truth, images) ** 2)
        ratios = 20 * np.log10(255 / np.sqrt(np.maximum(errors, 1e-12)))
    return np.minimum(ratios, 100.0)


def ssim(truth: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Computes the structural similarity, 1 for equal images.

    Args:
        truth: true images (n, height, width, c), uint8 or float32 in [-1, 1], with
            sides of at least 11 pixels.
        images: images of the same shape and type.

    Returns:
        float array (n,).

    Raises:
        InputError: if the images are too small, or differ in shape or type.

    Reference: Wang et al. 2004, "Image Quality Assessment: From Error Visibility to
        Structural Similarity".
    """
    _check_pair(truth, images)
    if min(truth.shape[1:3]) < SSIM_WINDOW:
        raise InputError(
            f"SSIM needs images of at least {SSIM_WINDOW}×{SSIM_WINDOW} pixels. "
            f"Received: {truth.shape[1]}×{truth.shape[2]}"
        )
    span = _span(truth)
    if truth.dtype != np.uint8:
        # Pixels without data are set to the same value in both.
        gaps = ~valid_pixels(truth)
        truth, images = (np.where(gaps, np.float32(-1), x) for x in (truth, images))
    return tf.image.ssim(truth, images, max_val=span, filter_size=SSIM_WINDOW).numpy()


def _span(images: np.ndarray) -> int:
    """Range of values: 255 for uint8, 2 for [-1, 1]."""
    return 255 if images.dtype == np.uint8 else 2


def change(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Computes the mean absolute difference in gray levels, from 0 to 255.

    The cycle error is `change(x, G(G(x, c), c_x))`; the same-domain change is
    `change(x, G(x, c_x))`.

    Args:
        before: images (n, height, width, c), uint8 or float32 in [-1, 1].
        after: images of the same shape and type.

    Returns:
        float array (n,); NaN for images without any data.
    """
    return _means(_difference(before, after))


def background_change(
    before: np.ndarray, after: np.ndarray, may_change: np.ndarray
) -> np.ndarray:
    """Computes `change` over the pixels outside a mask.

    Args:
        before: images (n, height, width, c), uint8 or float32 in [-1, 1].
        after: images of the same shape and type.
        may_change: masks (n, height, width), bool or in [0, 1]; above 0.5 for pixels
            that the translation may change.

    Returns:
        float array (n,); NaN for images without pixels outside the mask.

    Raises:
        InputError: if the masks have another shape or are not numbers.
    """
    may_change = np.asarray(may_change)
    if may_change.shape != before.shape[:3] or may_change.dtype.kind not in "bfiu":
        raise InputError(
            f"Masks must be numbers of shape {before.shape[:3]}. Received: "
            f"{may_change.dtype} of shape {may_change.shape}"
        )
    counted = (may_change <= 0.5)[..., np.newaxis]
    return _means(np.where(counted, _difference(before, after), np.nan))


def identity_similarity(
    before: np.ndarray,
    after: np.ndarray,
    embed: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """Computes the cosine similarity of embeddings of two images, in [-1, 1].

    Args:
        before: images (n, height, width, c), uint8 or float32 in [-1, 1].
        after: images of the same shape and type.
        embed: function from uint8 images (n, height, width, 3) to vectors (n, d), such
            as a face recognition network with its preprocessing.

    Returns:
        float array (n,).

    Raises:
        InputError: if the embeddings are not n vectors of numbers.
    """
    _check_pair(before, after)
    first, second = (_unit(embed(images), len(images)) for images in (before, after))
    return np.sum(first * second, axis=1)


def _means(values: np.ndarray) -> np.ndarray:
    """The mean of each image's values that are not NaN; NaN if all are."""
    counted = ~np.isnan(values)
    total = np.sum(values, axis=(1, 2, 3), where=counted)
    count = counted.sum(axis=(1, 2, 3))
    return np.where(count, total / np.maximum(count, 1), np.nan)


def _have_data(images: np.ndarray) -> np.ndarray:
    """Which images have pixels with data, bool (n,)."""
    if images.dtype == np.uint8:
        return np.ones(len(images), bool)
    return valid_pixels(images).any(axis=(1, 2, 3))


def _difference(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Absolute difference in gray levels, (n, h, w, c); NaN for pixels without data."""
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
            f"Embeddings must be a numeric array of {count} vectors. Received: "
            f"{vectors.dtype} of shape {vectors.shape}"
        )
    vectors = vectors.astype(np.float64)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.maximum(lengths, np.finfo(np.float64).tiny)


def _check_pair(first: np.ndarray, second: np.ndarray) -> None:
    types = {first.dtype, second.dtype}
    if types not in ({np.dtype(np.uint8)}, {np.dtype(np.float32)}):
        raise InputError(
            "Both batches of images must be uint8, or both float32 in [-1, 1]. "
            f"Received: {first.dtype} and {second.dtype}"
        )
    if first.shape != second.shape:
        raise InputError(
            "Both batches of images must have the same shape. "
            f"Received: {first.shape} and {second.shape}"
        )
