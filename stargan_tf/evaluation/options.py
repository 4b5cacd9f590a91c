"""What an evaluation measures, how, and what its numbers are called.

Free of NumPy and TensorFlow, so that options are checked before either starts.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stargan_tf.errors import InputError, near_names

if TYPE_CHECKING:
    import numpy as np

FID, KID, LPIPS = "fid", "kid", "lpips"
CLASSIFICATION, UNCHANGED = "classification", "unchanged"
METRICS = (FID, KID, LPIPS, CLASSIFICATION, UNCHANGED)
# Those that need no downloaded weights.
DEFAULT_METRICS = (CLASSIFICATION, UNCHANGED)
# Sizes of the classifier, and for how many batches each is trained.
CLASSIFIER_STEPS = {"tiny": 500, "small": 2000, "resnet18": 4000}


@dataclass(frozen=True)
class FidProtocol:
    """One way from images to features; distances of two ways are not comparable.

    Args:
        name: what results are labeled with.
        weights: name of the Inception weights, see `weights.SOURCES`.
        tensorflow_pools: whether the network pools as the TensorFlow original of
            2015 does: averages leave the padding out, and the last block takes
            maxima. Otherwise it is torchvision's graph.
        resize: `"bicubic"` once to 299 pixels in floating point (clean-fid), or
            `"bilinear_uint8"` to 299 pixels with rounding, as Pillow resizes photos.
        shift: subtracted from the gray levels 0…255, one number for each channel.
        scale: what they are divided by afterwards.
    """

    name: str
    weights: str
    tensorflow_pools: bool
    resize: str
    shift: tuple[float, float, float]
    scale: tuple[float, float, float]


# Equals clean-fid's mode "clean": the Inception of 2015-12-05 as in TTUR and StyleGAN.
STANDARD = FidProtocol(
    name="standard",
    weights="inception_2015",
    tensorflow_pools=True,
    resize="bicubic",
    shift=(128.0, 128.0, 128.0),
    scale=(128.0, 128.0, 128.0),
)
# As the official code of that paper computes it.
OFFICIAL = FidProtocol(
    name="stargan_v2",
    weights="inception_imagenet",
    tensorflow_pools=False,
    resize="bilinear_uint8",
    shift=(0.485 * 255, 0.456 * 255, 0.406 * 255),
    scale=(0.229 * 255, 0.224 * 255, 0.225 * 255),
)
PROTOCOLS = {protocol.name: protocol for protocol in (STANDARD, OFFICIAL)}


def fid_protocol(name: str) -> FidProtocol:
    """The protocol of that name; InputError if there is none."""
    if name not in PROTOCOLS:
        raise InputError(
            f"There is no FID protocol '{name}'. {near_names(name, PROTOCOLS)}"
        )
    return PROTOCOLS[name]


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
class UserFunctions:
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
    """Metric names with commas between, such as `"fid,lpips"`, each once."""
    names = (name.strip() for name in text.split(","))
    return tuple(dict.fromkeys(name for name in names if name))


@dataclass(frozen=True)
class Number:
    """How a number is presented.

    Args:
        metric: the metric that measures it.
        short: heading of a column.
        meaning: one line that explains it.
        form: format of the value; `%` for a share.
        more_is_better: or else less is.
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


NUMBERS = {
    "classification_error": Number(
        CLASSIFICATION,
        "error",
        "translations in which a classifier does not see the target",
        "%",
    ),
    "kept_label_error": Number(
        CLASSIFICATION,
        "others wrong",
        "wrong answers at all labels but the target",
        "%",
    ),
    "fid": Number(FID, "FID", "distance of the features' distributions", ".2f"),
    "kid": Number(
        KID, "KID", "the features' distance, unbiased; for few images", ".4f"
    ),
    "lpips_diversity": Number(
        LPIPS, "diversity", "LPIPS between the translations of one image", ".3f", True
    ),
    "lpips_to_source": Number(
        LPIPS, "LPIPS moved", "LPIPS between image and translation", ".3f"
    ),
    "lpips_to_truth": Number(
        LPIPS, "LPIPS to truth", "LPIPS between translation and true image", ".3f"
    ),
    "psnr_to_truth": Number(
        UNCHANGED, "PSNR", "translation against the true image, in dB", ".1f", True
    ),
    "ssim_to_truth": Number(
        UNCHANGED, "SSIM", "translation against the true image", ".3f", True
    ),
    "cycle_error": Number(
        UNCHANGED, "cycle", "gray levels lost on the way there and back", ".1f"
    ),
    "same_domain_change": Number(
        UNCHANGED, "same label", "gray levels changed though the label stays", ".1f"
    ),
    "background_change": Number(
        UNCHANGED, "background", "gray levels changed outside of the masks", ".1f"
    ),
    "identity_similarity": Number(
        UNCHANGED,
        "identity",
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
    """Whether one value of a number is better than another; NaN is worse than any.

    Args:
        name: of the number, with or without its guide.
        value: the one.
        than: the other.
    """
    if math.isnan(value) or math.isnan(than):
        return not math.isnan(value)
    number = find_number(name)
    return value > than if number and number.more_is_better else value < than
