"""What to measure, and how; it can be checked before TensorFlow starts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stargan_tf.errors import InputError, near_names
from stargan_tf.evaluation.protocols import STANDARD, fid_protocol

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
