"""The options of an evaluation, and the names and formats of its numbers.

This module imports neither NumPy nor TensorFlow, so that options are checked before
either is loaded.
"""

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stargan_tf.errors import InputError, near_names

if TYPE_CHECKING:
    import numpy as np

    from stargan_tf.data.info import Size

FID, KID, LPIPS = "fid", "kid", "lpips"
CLASSIFICATION, UNCHANGED = "classification", "unchanged"
DETECTION = "detection"
METRICS = (FID, KID, LPIPS, CLASSIFICATION, UNCHANGED, DETECTION)
# Metrics that need no downloaded weights.
DEFAULT_METRICS = (CLASSIFICATION, UNCHANGED)
# Protocols of FID and KID, and their Inception weights; values of different protocols
# are not comparable. "standard" equals clean-fid's mode "clean", with the Inception of
# 2015 as in TTUR and StyleGAN; "stargan_v2" is that of the paper's official code.
STANDARD = "standard"
PROTOCOLS = {STANDARD: "inception_2015", "stargan_v2": "inception_imagenet"}
# Size of the classifier → number of training steps.
CLASSIFIER_STEPS = {"tiny": 500, "small": 2000, "resnet18": 4000}


@dataclass(frozen=True)
class EvaluationOptions:
    """The options of an evaluation.

    Args:
        metrics: names from `METRICS`, as a sequence or a comma-separated string.
        protocol: protocol of FID and KID: `"standard"` or `"stargan_v2"`.
        lpips_network: network of LPIPS: `"alex"` or `"vgg"`.
        classifier: size of the classifier: `"tiny"`, `"small"`, or `"resnet18"`.
        classifier_steps: training steps of the classifier. Defaults to a number that
            depends on its size.
        count: maximum number of held-out images per task, evenly spaced; None for all.
        outputs: number of translations per image, for models with styles.
        batch_size: number of images per call of a network; does not affect results.
        seed: seed of latent codes, references, the classifier, the sample of KID, and
            the resamples of confidence intervals.
        healthy: for `"detection"`: name of the healthy domain.

    Raises:
        InputError: if a metric, protocol, or classifier is unknown, or a number is too
            small.
    """

    metrics: str | Sequence[str] = DEFAULT_METRICS
    protocol: str = STANDARD
    lpips_network: str = "alex"
    classifier: str = "small"
    classifier_steps: int | None = None
    count: int | None = None
    outputs: int = 10
    batch_size: int = 32
    seed: int = 0
    healthy: str = "healthy"

    def __post_init__(self) -> None:
        names = self.metrics
        if isinstance(names, str):
            names = [name.strip() for name in names.split(",")]
        names = tuple(dict.fromkeys(name for name in names if name))
        object.__setattr__(self, "metrics", names)
        if not self.metrics:
            raise InputError(
                "metrics must name at least one metric. Received: none. "
                f"{near_names('', METRICS)}"
            )
        for name in self.metrics:
            check_known(name, METRICS, "metric")
        check_known(self.protocol, PROTOCOLS, "FID protocol")
        check_known(self.classifier, CLASSIFIER_STEPS, "classifier of size")
        for name in ("classifier_steps", "count", "outputs", "batch_size"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"{name} must be at least 1. Received: {value}")
        if self.seed < 0:
            raise InputError(f"seed must be 0 or more. Received: {self.seed}")


@dataclass(frozen=True)
class UserFunctions:
    """The user's functions for additional metrics; each one is optional.

    Args:
        truth: function that returns the correct translation: (name of a held-out image,
            label (number of domains,), image size) → uint8 image (height, width, 3),
            or None if unknown.
        masks: function that returns where a translation may change the image: uint8
            images (n, height, width, 3) → (n, height, width), above 0.5 for pixels that
            may change.
        embedding: function that returns vectors that identify a person: uint8 images
            (n, height, width, 3) → (n, d).
        lesions: for `"detection"`: function that returns the lesions: (name of a
            held-out image, image size) → (height, width), 0 for healthy pixels, other
            numbers for types of lesions; None if unknown.
        group: for `"detection"`: function from the name of a held-out image to its
            group, such as the patient.
    """

    truth: "Callable[[str, np.ndarray, int], np.ndarray | None] | None" = None
    masks: "Callable[[np.ndarray], np.ndarray] | None" = None
    embedding: "Callable[[np.ndarray], np.ndarray] | None" = None
    lesions: "Callable[[str, Size], np.ndarray | None] | None" = None
    group: Callable[[str], str] | None = None


def check_known(name: str, known: Collection[str], noun: str) -> None:
    """Raises InputError, with similar names, unless a name is known."""
    if name not in known:
        raise InputError(f"There is no {noun} '{name}'. {near_names(name, known)}")


@dataclass(frozen=True)
class Number:
    """The presentation of a number.

    Args:
        metric: the metric that measures it, one of `METRICS`.
        short: heading of its column.
        meaning: description in one line.
        value_format: format specification of its values; `%` for a fraction.
        more_is_better: whether larger values are better.
    """

    metric: str
    short: str
    meaning: str
    value_format: str
    more_is_better: bool = False

    @property
    def arrow(self) -> str:
        """Arrow in the direction of better values."""
        return "↑" if self.more_is_better else "↓"


# Headings are the keys in words, so that a number has the same name everywhere.
NUMBERS = {
    "classification_error": Number(
        CLASSIFICATION,
        "classification error",
        "translations in which a classifier does not see the target",
        "%",
    ),
    "kept_label_error": Number(
        CLASSIFICATION,
        "kept-label error",
        "wrong answers at all labels but the target",
        "%",
    ),
    "fid": Number(FID, "FID", "distance between distributions of features", ".2f"),
    "kid": Number(KID, "KID", "unbiased distance of features, for few images", ".4f"),
    "lpips_diversity": Number(
        LPIPS,
        "LPIPS diversity",
        "LPIPS between the translations of one image",
        ".3f",
        True,
    ),
    "lpips_to_source": Number(
        LPIPS, "LPIPS to source", "LPIPS between image and translation", ".3f"
    ),
    "lpips_to_truth": Number(
        LPIPS, "LPIPS to truth", "LPIPS between translation and true image", ".3f"
    ),
    "psnr_to_truth": Number(
        UNCHANGED,
        "PSNR to truth",
        "translation against the true image, in dB",
        ".1f",
        True,
    ),
    "ssim_to_truth": Number(
        UNCHANGED, "SSIM to truth", "translation against the true image", ".3f", True
    ),
    "cycle_error": Number(
        UNCHANGED, "cycle error", "gray levels lost on the way there and back", ".1f"
    ),
    "same_domain_change": Number(
        UNCHANGED,
        "same-domain change",
        "gray levels changed though the label stays",
        ".1f",
    ),
    "background_change": Number(
        UNCHANGED,
        "background change",
        "gray levels changed outside of the masks",
        ".1f",
    ),
    "image_auc": Number(
        DETECTION,
        "image AUC",
        "ill images have higher scores than healthy ones",
        ".3f",
        True,
    ),
    "group_auc": Number(
        DETECTION,
        "group AUC",
        "the same of patients, by highest score",
        ".3f",
        True,
    ),
    "pixel_auc": Number(
        DETECTION, "pixel AUC", "AUC of the ill images' pixels", ".3f", True
    ),
    "pixel_precision": Number(
        DETECTION,
        "pixel precision",
        "average precision of the ill images' pixels",
        ".3f",
        True,
    ),
    "lesion_dice": Number(
        DETECTION,
        "lesion Dice",
        "overlap of candidates and lesions, best threshold",
        ".3f",
        True,
    ),
    "lesion_sensitivity": Number(
        DETECTION,
        "lesion sensitivity",
        "lesions found, one false positive an image",
        "%",
        True,
    ),
    "identity_similarity": Number(
        UNCHANGED,
        "identity similarity",
        "cosine between the embeddings before and after",
        ".3f",
        True,
    ),
}


def find_number(name: str) -> Number | None:
    """Returns the presentation of a number such as `fid` or `latent_fid`, or None."""
    key = next((key for key in NUMBERS if name.endswith(key)), None)
    if key is None:
        return None
    guide = name.removesuffix(key).rstrip("_")
    return replace(NUMBERS[key], short=f"{guide} {NUMBERS[key].short}".strip())


def heading(name: str) -> str:
    """Returns a number's short name and arrow, or its name if it is unknown."""
    number = find_number(name)
    return f"{number.short} {number.arrow}" if number else name


def formatted(name: str, value: float | None) -> str:
    """Formats a number's value; a dash for None."""
    if value is None:
        return "–"
    number = find_number(name)
    if number is not None and number.value_format == "%":
        return f"{100 * value:.1f}\N{NO-BREAK SPACE}%"
    return f"{value:{number.value_format if number else '.4g'}}"


def is_better(name: str, value: float, than: float) -> bool:
    """Whether a number's value is better than another; NaN is worse than any value."""
    if math.isnan(value) or math.isnan(than):
        return not math.isnan(value)
    number = find_number(name)
    return value > than if number and number.more_is_better else value < than
