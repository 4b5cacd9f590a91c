"""A uniform random sample of features that come in batches."""

import numpy as np


class FeatureSample:
    """Keeps at most `limit` feature vectors, each with the same probability.

    Each vector draws a number that depends on the seed and on its position alone; the
    smallest numbers stay. So the batch size does not matter, and up to `limit` vectors
    the order does not either.

    Args:
        width: length of a feature vector.
        limit: most vectors to keep; 5,000 of width 2,048 take 40 MB.
        seed: decides which stay.
    """

    def __init__(self, width: int, limit: int = 5000, seed: int = 0):
        self.limit, self.seed, self.seen = limit, seed, 0
        self.features = np.zeros((0, width), np.float32)
        self.images = np.zeros(0, np.int64)
        self._draws = np.zeros(0)

    def update(self, features: np.ndarray, images: np.ndarray | None = None) -> None:
        """Adds a batch.

        Args:
            features: array (n, width).
            images: int array (n,), the number of the image that each was made of;
                None if each is an image of its own.
        """
        if images is None:
            images = self.seen + np.arange(len(features))
        draws = np.concatenate([self._draws, self._draw(len(features))])
        images = np.concatenate([self.images, images])
        features = np.concatenate([self.features, features.astype(np.float32)])
        if len(draws) > self.limit:
            kept = np.sort(np.argpartition(draws, self.limit)[: self.limit])
            draws, images, features = draws[kept], images[kept], features[kept]
        self._draws, self.images, self.features = draws, images, features

    def _draw(self, number: int) -> np.ndarray:
        bits = np.random.PCG64(self.seed)
        bits.advance(self.seen)
        self.seen += number
        return np.random.Generator(bits).random(number)

    def state(self) -> dict[str, np.ndarray]:
        """Everything accumulated, as arrays for `numpy.savez`."""
        return {
            "limit": np.array(self.limit),
            "seed": np.array(self.seed),
            "seen": np.array(self.seen),
            "images": self.images,
            "features": self.features,
            "draws": self._draws,
        }

    @classmethod
    def from_state(cls, state: dict[str, np.ndarray]) -> "FeatureSample":
        """The inverse of `state`.

        Args:
            state: the arrays.
        """
        features = np.array(state["features"])
        sample = cls(features.shape[1], int(state["limit"]), int(state["seed"]))
        sample.seen = int(state["seen"])
        sample.features, sample._draws = features, np.array(state["draws"])
        # Files of before 2026-11-27 are of real images, each of its own.
        sample.images = np.array(state.get("images", np.arange(len(features))))
        return sample
