"""What to measure, and how; it can be checked before TensorFlow starts."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stargan_tf.errors import InputError, near_names

if TYPE_CHECKING:
    import numpy as np


# The ways to compute FID and KID, by name; numbers of two ways never mix.


@dataclass(frozen=True)
class FidProtocol:
    """One way from images to features.

    Args:
        name: what results are labelled with.
        weights: name of the Inception weights, see `weight_sources`.
        tensorflow_pools: whether the network pools as the TensorFlow original of
            2015 does: averages leave the padding out, and the last block takes
            maxima. Otherwise it is torchvision's graph.
        resize: `"bicubic"` once to 299 pixels in floating point (clean-fid), or
            `"bilinear_uint8"` to 299 pixels with rounding, as Pillow resizes photos.
        shift: subtracted from the grey levels 0…255, one number for each channel.
        scale: what they are divided by afterwards.
        description: one sentence for people.
    """

    name: str
    weights: str
    tensorflow_pools: bool
    resize: str
    shift: tuple[float, float, float]
    scale: tuple[float, float, float]
    description: str


STANDARD = FidProtocol(
    name="standard",
    weights="inception_2015",
    tensorflow_pools=True,
    resize="bicubic",
    shift=(128.0, 128.0, 128.0),
    scale=(128.0, 128.0, 128.0),
    description=(
        "Inception of 2015-12-05 as in TTUR, StyleGAN and clean-fid, with clean-fid's "
        "bicubic resize in floating point; equals clean-fid's mode 'clean'."
    ),
)

STARGAN_V2 = FidProtocol(
    name="stargan_v2",
    weights="inception_imagenet",
    tensorflow_pools=False,
    resize="bilinear_uint8",
    shift=(0.485 * 255, 0.456 * 255, 0.406 * 255),
    scale=(0.229 * 255, 0.224 * 255, 0.225 * 255),
    description=(
        "The official StarGAN v2 code's: torchvision's ImageNet Inception, Pillow's "
        "bilinear resize of 8-bit pixels, ImageNet mean and deviation. Real images "
        "are the target domain's training images; 10 translations of each source."
    ),
)

PROTOCOLS = {protocol.name: protocol for protocol in (STANDARD, STARGAN_V2)}


def fid_protocol(name: str) -> FidProtocol:
    """The protocol of that name.

    Args:
        name: `"standard"` or `"stargan_v2"`.

    Returns:
        The protocol.

    Raises:
        InputError: if there is none.
    """
    if name not in PROTOCOLS:
        raise InputError(
            f"There is no FID protocol '{name}'. {near_names(name, PROTOCOLS)}"
        )
    return PROTOCOLS[name]


FID, KID, LPIPS = "fid", "kid", "lpips"
CLASSIFICATION, UNCHANGED = "classification", "unchanged"
METRICS = (FID, KID, LPIPS, CLASSIFICATION, UNCHANGED)
# Those that need no downloaded weights.
DEFAULT_METRICS = (CLASSIFICATION, UNCHANGED)
# Sizes of the classifier, and for how many batches each is trained.
CLASSIFIER_STEPS = {"tiny": 500, "small": 2000, "resnet18": 4000}


@dataclass(frozen=True)
class EvaluationOptions:
    """What to measure, and how.

    Args:
        metrics: some of `METRICS`.
        protocol: of FID and KID: `"standard"` or `"stargan_v2"`.
        lpips_network: `"alex"` or `"vgg"`.
        classifier: size of the classifier: `"tiny"`, `"small"` or `"resnet18"`.
        classifier_steps: batches it is trained on; None for what suits its size.
        count: held-out images of each task at most, evenly spread; None for all.
        outputs: translations of each image, for models with styles.
        batch_size: images that a network sees at once; no result depends on it.
        seed: of latent codes, references, the classifier, KID's sample and the
            resamples of intervals.

    Raises:
        InputError: if a metric or protocol does not exist, or a number is too small.
    """

    metrics: tuple[str, ...] = DEFAULT_METRICS
    protocol: str = STANDARD.name
    lpips_network: str = "alex"
    classifier: str = "small"
    classifier_steps: int | None = None
    count: int | None = None
    outputs: int = 10
    batch_size: int = 32
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.metrics:
            raise InputError(f"Name at least one metric. {near_names('', METRICS)}")
        for name in self.metrics:
            if name not in METRICS:
                raise InputError(
                    f"There is no metric '{name}'. {near_names(name, METRICS)}"
                )
        fid_protocol(self.protocol)
        if self.classifier not in CLASSIFIER_STEPS:
            raise InputError(
                f"There is no classifier of size '{self.classifier}'. "
                f"{near_names(self.classifier, CLASSIFIER_STEPS)}"
            )
        for name in ("classifier_steps", "count", "outputs", "batch_size"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"{name} must be at least 1. Received: {value}")
        if self.seed < 0:
            raise InputError(f"seed must be 0 or more. Received: {self.seed}")


@dataclass(frozen=True)
class OwnFunctions:
    """What only the user knows about the images; each may be missing.

    Args:
        truth: (name of a held-out image, label (number of domains,), image size) →
            uint8 image (s, s, 3) that a perfect translation gives, or None.
        masks: uint8 images (n, s, s, 3) → (n, s, s), above one half where a
            translation may draw.
        embedding: uint8 images (n, s, s, 3) → vectors (n, d) that tell who it is.
    """

    truth: "Callable[[str, np.ndarray, int], np.ndarray | None] | None" = None
    masks: "Callable[[np.ndarray], np.ndarray] | None" = None
    embedding: "Callable[[np.ndarray], np.ndarray] | None" = None


def read_metrics(text: str) -> tuple[str, ...]:
    """Metric names with commas between, each once.

    Args:
        text: such as `"fid,lpips"`.
    """
    names = (name.strip() for name in text.split(","))
    return tuple(dict.fromkeys(name for name in names if name))


# How an evaluation's numbers are called and written, on screens and in reports.

# Where more is better; of every other number less is.
HIGHER_IS_BETTER = (
    "psnr_to_truth",
    "ssim_to_truth",
    "lpips_diversity",
    "identity_similarity",
)


@dataclass(frozen=True)
class NumberName:
    """One number for people.

    Args:
        short: heading of a column.
        meaning: one line that explains it.
        form: format of the value; `%` for a share.
    """

    short: str
    meaning: str
    form: str


NUMBERS = {
    "classification_error": NumberName(
        "error", "translations in which a classifier does not see the target", "%"
    ),
    "kept_label_error": NumberName(
        "others wrong", "wrong answers at all labels but the target", "%"
    ),
    "fid": NumberName("FID", "distance of the features' distributions", ".2f"),
    "kid": NumberName("KID", "the features' distance, unbiased; for few images", ".4f"),
    "lpips_diversity": NumberName(
        "diversity", "LPIPS between the translations of one image", ".3f"
    ),
    "lpips_to_source": NumberName(
        "LPIPS moved", "LPIPS between image and translation", ".3f"
    ),
    "lpips_to_truth": NumberName(
        "LPIPS to truth", "LPIPS between translation and true picture", ".3f"
    ),
    "psnr_to_truth": NumberName(
        "PSNR", "translation against the true picture, in dB", ".1f"
    ),
    "ssim_to_truth": NumberName("SSIM", "translation against the true picture", ".3f"),
    "cycle_error": NumberName(
        "cycle", "grey levels lost on the way there and back", ".1f"
    ),
    "same_domain_change": NumberName(
        "same label", "grey levels changed though the label stays", ".1f"
    ),
    "background_change": NumberName(
        "background", "grey levels changed outside of the masks", ".1f"
    ),
    "identity_similarity": NumberName(
        "identity", "cosine between the embeddings before and after", ".3f"
    ),
}

# What each metric measures.
METRIC_NUMBERS = {
    FID: ("fid",),
    KID: ("kid",),
    LPIPS: ("lpips_diversity", "lpips_to_source", "lpips_to_truth"),
    CLASSIFICATION: ("classification_error", "kept_label_error"),
    UNCHANGED: (
        *("psnr_to_truth", "ssim_to_truth", "cycle_error", "same_domain_change"),
        *("background_change", "identity_similarity"),
    ),
}


def number_name(name: str) -> NumberName:
    """How a number is called; one with its guide is known by its ending.

    Args:
        name: such as `"fid"` or `"latent_fid"`.
    """
    known = next((key for key in NUMBERS if name.endswith(key)), None)
    if known is None:
        return NumberName(name, name, ".4g")
    guide = name.removesuffix(known).rstrip("_")
    found = NUMBERS[known]
    if not guide:
        return found
    return NumberName(f"{guide} {found.short}", found.meaning, found.form)


def is_known(name: str) -> bool:
    """Whether a number is one of an evaluation, so that it is known what is better.

    Args:
        name: with or without its guide.
    """
    return name.endswith(tuple(NUMBERS))


def written(name: str, value: float | None) -> str:
    """The value as people read it.

    Args:
        name: of the number.
        value: the value; None for none.
    """
    if value is None:
        return "–"
    form = number_name(name).form
    return f"{100 * value:.1f}\N{NO-BREAK SPACE}%" if form == "%" else f"{value:{form}}"


def direction(name: str) -> str:
    """Which way is better: an arrow up or down.

    Args:
        name: of the number.
    """
    return "↑" if name.endswith(HIGHER_IS_BETTER) else "↓"


def is_better(name: str, value: float, than: float) -> bool:
    """Whether one value of a number is better than another.

    NaN is worse than any value.

    Args:
        name: of the number, with or without its guide.
        value: the one.
        than: the other.
    """
    if math.isnan(value) or math.isnan(than):
        return not math.isnan(value)
    return value > than if name.endswith(HIGHER_IS_BETTER) else value < than
