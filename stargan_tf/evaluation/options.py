"""What an evaluation measures, how, and what its numbers are called.

Free of NumPy and TensorFlow, so that options are checked before either starts.
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
# Those that need no downloaded weights.
DEFAULT_METRICS = (CLASSIFICATION, UNCHANGED)
# The ways to compute FID and KID, and their Inception weights; distances of two ways
# are not comparable. The first equals clean-fid's mode "clean", with the Inception of
# 2015 as in TTUR and StyleGAN; the second is that of the paper's official code.
STANDARD = "standard"
PROTOCOLS = {STANDARD: "inception_2015", "stargan_v2": "inception_imagenet"}
# Sizes of the classifier, and for how many batches each is trained.
CLASSIFIER_STEPS = {"tiny": 500, "small": 2000, "resnet18": 4000}


@dataclass(frozen=True)
class EvaluationOptions:
    """What to measure, and how.

    Args:
        metrics: some of `METRICS`, as a tuple or, with commas between, as a text.
        protocol: of FID and KID: `"standard"` or `"stargan_v2"`.
        lpips_network: `"alex"` or `"vgg"`.
        classifier: size of the classifier: `"tiny"`, `"small"` or `"resnet18"`.
        classifier_steps: batches it is trained on; None for what suits its size.
        count: held-out images of each task at most, evenly spread; None for all.
        outputs: translations of each image, for models with styles.
        batch_size: images that a network sees at once; no result depends on it.
        seed: of latent codes, references, the classifier, KID's sample and the
            resamples of intervals.
        healthy: of `"detection"`: the domain that is not ill.

    Raises:
        InputError: if a metric or protocol does not exist, or a number is too small.
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
            raise InputError(f"Name at least one metric. {near_names('', METRICS)}")
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
    """What only the user knows about the images; each may be missing.

    Args:
        truth: (name of a held-out image, label (number of domains,), image size) →
            uint8 image (s, s, 3) that a perfect translation gives, or None.
        masks: uint8 images (n, s, s, 3) → (n, s, s), above one half where a
            translation may draw.
        embedding: uint8 images (n, s, s, 3) → vectors (n, d) that tell who it is.
        lesions: of `"detection"`: (name of a held-out image, image size) → where it is
            ill, (height, width): 0 where it is not, other numbers for kinds of
            lesions; None where nobody knows.
        group: of `"detection"`: name of a held-out image → whose it is, such as the
            patient.
    """

    truth: "Callable[[str, np.ndarray, int], np.ndarray | None] | None" = None
    masks: "Callable[[np.ndarray], np.ndarray] | None" = None
    embedding: "Callable[[np.ndarray], np.ndarray] | None" = None
    lesions: "Callable[[str, Size], np.ndarray | None] | None" = None
    group: Callable[[str], str] | None = None


def check_known(name: str, known: Collection[str], noun: str) -> None:
    """InputError, with the names that are nearest, unless a name is known."""
    if name not in known:
        raise InputError(f"There is no {noun} '{name}'. {near_names(name, known)}")


@dataclass(frozen=True)
class Number:
    """How a number is presented.

    `metric` measures it; `short` heads a column; `meaning` is one line; `form` is the
    format of a value, `%` for a share.
    """

    metric: str
    short: str
    meaning: str
    form: str
    more_is_better: bool = False

    @property
    def arrow(self) -> str:
        """Which way is better."""
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
    "fid": Number(FID, "FID", "distance of the features' distributions", ".2f"),
    "kid": Number(
        KID, "KID", "the features' distance, unbiased; for few images", ".4f"
    ),
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
    """How a number such as `fid` or `latent_fid` is presented; None if unknown."""
    key = next((key for key in NUMBERS if name.endswith(key)), None)
    if key is None:
        return None
    guide = name.removesuffix(key).rstrip("_")
    return replace(NUMBERS[key], short=f"{guide} {NUMBERS[key].short}".strip())


def heading(name: str) -> str:
    """A number's short name and which way is better; of unknown numbers the name."""
    number = find_number(name)
    return f"{number.short} {number.arrow}" if number else name


def formatted(name: str, value: float | None) -> str:
    """A number's value as people read it; a dash for None."""
    if value is None:
        return "–"
    number = find_number(name)
    if number is not None and number.form == "%":
        return f"{100 * value:.1f}\N{NO-BREAK SPACE}%"
    return f"{value:{number.form if number else '.4g'}}"


def is_better(name: str, value: float, than: float) -> bool:
    """Whether a number's value is better than another; NaN is worse than any."""
    if math.isnan(value) or math.isnan(than):
        return not math.isnan(value)
    number = find_number(name)
    return value > than if number and number.more_is_better else value < than
