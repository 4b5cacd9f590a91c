"""What is kept of one set of images for FID and KID."""

import numpy as np

from stargan_tf.errors import InputError
from stargan_tf.evaluation.feature_sample import FeatureSample
from stargan_tf.evaluation.feature_statistics import FeatureStatistics

SAMPLE_LIMIT = 5000


class FeatureSummary:
    """Mean and covariance for FID, a sample for KID, and the protocol's name.

    Args:
        protocol: name of the protocol that the features come from.
        width: length of a feature vector.
        sample_limit: most vectors kept for KID.
        seed: decides which vectors are kept if there are more.
    """

    def __init__(
        self,
        protocol: str,
        width: int = 2048,
        sample_limit: int = SAMPLE_LIMIT,
        seed: int = 0,
    ):
        self.protocol = protocol
        self.statistics = FeatureStatistics(width)
        self.sample = FeatureSample(width, sample_limit, seed)

    @property
    def count(self) -> int:
        """Number of images seen."""
        return self.statistics.count

    def update(self, features: np.ndarray, images: np.ndarray | None = None) -> None:
        """Adds a batch.

        Args:
            features: float array (n, width), from a `FeatureExtractor`.
            images: int array (n,), the number of the image that each was made of;
                None if each is an image of its own.

        Raises:
            InputError: if a feature is not a number.
        """
        if not np.isfinite(features).all():
            raise InputError(
                "Features must be finite. Received: NaN or infinity; the images or "
                "the model's weights are broken."
            )
        features = np.asarray(features, np.float32)
        self.statistics.update(features)
        self.sample.update(features, images)

    def state(self) -> dict[str, np.ndarray]:
        """Everything accumulated, as arrays for `numpy.savez`."""
        parts = {"statistics": self.statistics, "sample": self.sample}
        arrays = {
            f"{name}/{key}": array
            for name, part in parts.items()
            for key, array in part.state().items()
        }
        return {"protocol": np.array(self.protocol), **arrays}

    @classmethod
    def from_state(cls, state: dict[str, np.ndarray]) -> "FeatureSummary":
        """The inverse of `state`.

        Args:
            state: the arrays, also as `numpy.load` gives them.
        """

        def part(name: str) -> dict[str, np.ndarray]:
            start = f"{name}/"
            return {
                key[len(start) :]: state[key] for key in state if key.startswith(start)
            }

        summary = cls(str(state["protocol"]), width=0)
        summary.statistics = FeatureStatistics.from_state(part("statistics"))
        summary.sample = FeatureSample.from_state(part("sample"))
        return summary


def check_comparable(real: FeatureSummary, fake: FeatureSummary, name: str) -> None:
    """Refuses two summaries that no distance should be computed between.

    Args:
        real: of the real images.
        fake: of the translations.
        name: the metric, for the message.

    Raises:
        InputError: if their protocols differ, or one has fewer than two images.
    """
    if real.protocol != fake.protocol:
        raise InputError(
            f"{name} needs both sets under one protocol. Received: "
            f"'{real.protocol}' and '{fake.protocol}'"
        )
    if min(real.count, fake.count) < 2:
        raise InputError(
            f"{name} needs at least 2 images on each side. Received: {real.count} "
            f"real and {fake.count} translated"
        )
