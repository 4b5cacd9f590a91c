"""Mean and covariance of features that come in batches, in float64."""

import numpy as np


class FeatureStatistics:
    """Accumulates the mean and the scatter matrix of feature vectors.

    Neither the batch size nor the order changes the result by more than rounding.

    Args:
        width: length of a feature vector.
    """

    def __init__(self, width: int):
        self.count = 0
        self.mean = np.zeros(width)
        self.scatter = np.zeros((width, width))

    def update(self, features: np.ndarray) -> None:
        """Adds a batch.

        Args:
            features: array (n, width).
        """
        features = np.asarray(features, np.float64)
        if not len(features):
            return
        total = self.count + len(features)
        centre = features.mean(axis=0)
        shift, features = centre - self.mean, features - centre
        # Chan, Golub and LeVeque (1979): merges without losing digits.
        self.scatter += features.T @ features
        self.scatter += np.outer(shift, shift * (self.count * len(features) / total))
        self.mean += shift * (len(features) / total)
        self.count = total

    def covariance(self) -> np.ndarray:
        """The unbiased covariance (width, width); needs two vectors or more."""
        return self.scatter / (self.count - 1)

    def state(self) -> dict[str, np.ndarray]:
        """Everything accumulated, as arrays for `numpy.savez`."""
        return {
            "count": np.array(self.count),
            "mean": self.mean.copy(),
            "scatter": self.scatter.copy(),
        }

    @classmethod
    def from_state(cls, state: dict[str, np.ndarray]) -> "FeatureStatistics":
        """The inverse of `state`.

        Args:
            state: the arrays.
        """
        statistics = cls(len(state["mean"]))
        statistics.count = int(state["count"])
        statistics.mean = np.array(state["mean"])
        statistics.scatter = np.array(state["scatter"])
        return statistics
