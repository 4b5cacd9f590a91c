"""Positions of images by domain, drawn so that every domain comes as often."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from stargan_tf.data.decoded_images import DecodedImages
from stargan_tf.data.image_store import ImageStore
from stargan_tf.data.info import ONE_HOT, DatasetInfo
from stargan_tf.errors import InputError

NEEDED = 2


class DomainSampler:
    """Draws images of balanced domains, with replacement.

    A domain is drawn first, then one of its images: each image has the weight
    1 / (images of its domain), as in the official balanced sampler.

    Args:
        store: the images.
        info: the meaning of its labels; one-hot.

    Raises:
        InputError: if there is only one domain, or a domain has fewer than two
            images that can be read.
    """

    def __init__(self, store: ImageStore, info: DatasetInfo):
        classes = store.labels.argmax(axis=1)
        groups = [np.flatnonzero(classes == d) for d in range(len(info.domains))]
        _check(store, info, groups)
        counts = [len(group) for group in groups]
        self.num_domains = len(groups)
        self._order = tf.constant(np.concatenate(groups), tf.int64)
        self._counts = tf.constant(counts, tf.int64)
        self._starts = tf.cumsum(self._counts, exclusive=True)

    def draw(self, count: int, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Draws pairs of images.

        Args:
            count: number of pairs.
            seed: two integers; the pairs follow from them alone.

        Returns:
            The domains, int32 (count,), and the positions of two different images of
            each, int64 (2, count).
        """
        # Double precision: a product with the number of images must reach each.
        chance, one, other = tf.unstack(
            tf.random.stateless_uniform((3, count), seed, dtype=tf.float64)
        )
        domains = _below(chance, self.num_domains)
        sizes = tf.gather(self._counts, domains)
        first = _below(one, sizes)
        second = (first + 1 + _below(other, sizes - 1)) % sizes
        places = tf.gather(self._starts, domains) + tf.stack([first, second])
        return tf.cast(domains, tf.int32), tf.gather(self._order, places)


def check_one_hot(info: DatasetInfo) -> None:
    """Raises InputError unless every image belongs to one of several domains."""
    if info.label_type != ONE_HOT:
        raise InputError(
            f"StarGAN v2 takes images of one domain each; '{info.name}' has binary "
            "attributes. Make domains of them: load_dataset(…, attributes=('Male',), "
            "one_hot=True), or --dataset folder with one sub-folder per domain."
        )
    if len(info.domains) < 2:
        raise InputError(
            f"StarGAN v2 needs at least two domains; '{info.name}' has only "
            f"'{info.domains[0]}'. Add a domain."
        )


def _below(chance: tf.Tensor, limit: tf.Tensor | int) -> tf.Tensor:
    """Numbers in [0, 1) as whole ones in [0, limit)."""
    limit = tf.cast(limit, tf.int64)
    return tf.cast(chance * tf.cast(limit, tf.float64), tf.int64)


def _check(store: ImageStore, info: DatasetInfo, groups: Sequence[np.ndarray]) -> None:
    found = {
        domain: _readable(store, group)
        for domain, group in zip(info.domains, groups, strict=True)
    }
    few = [f"'{domain}' has {n}" for domain, n in found.items() if n < NEEDED]
    if few:
        raise InputError(
            f"Each domain needs at least {NEEDED} readable training images, not "
            f"counting held-out ones: one is the other's second reference. Received: "
            f"in '{info.name}', {', '.join(few)}. Add images or leave the domain out."
        )


def _readable(store: ImageStore, group: np.ndarray) -> int:
    # Without the cache a picture is known to be readable only when it is decoded.
    if isinstance(store, DecodedImages):
        return store.readable(group, NEEDED)
    return len(group)
