"""Batches for CycleGAN: unpaired images of two domains."""

import numpy as np
import tensorflow as tf

from stargan_tf.plugin import InputError, LabeledImages, subset, training_batches
from stargan_tf_cyclegan import check_two_domains

_LARGEST_SEED = 2**31 - 1  # of `training_batches`


def unpaired_batches(
    source: LabeledImages, batch_size: int = 1, *, seed: int = 0, **options
) -> tf.data.Dataset:
    """Returns an infinite dataset of batches for `CycleGAN.fit`.

    The domains are shuffled independently: each image occurs once per epoch of its
    domain. With `start_step=k`, the dataset starts at batch k of the same sequence.

    Args:
        source: training images of two one-hot domains.
        batch_size: number of images per domain and batch, at least 1.
        seed: integer in [0, 2³¹), seed of the order and the flips.
        **options: `start_step`, `flip`, `cache`, and `part` of `training_batches`.

    Returns:
        `tf.data.Dataset` of (image, reference), images of the first and the second
        domain, each float32 (batch_size, height, width, channels) in [-1, 1].

    Raises:
        InputError: if an argument is out of range, there are not exactly two one-hot
            domains, or a domain has no image.
    """
    check_two_domains(source.info)
    streams = []
    # The two seeds always differ, because their sum is odd.
    for number, domain_seed in enumerate((seed, _LARGEST_SEED - seed)):
        rows = np.flatnonzero(source.labels[:, number])
        if not len(rows):
            raise InputError(
                "Each of the two domains requires a training image. Received: no image "
                f"of '{source.info.domains[number]}' in '{source.info.name}'. Add "
                "images or choose other domains with --attributes A,B."
            )
        images = subset(source, rows)
        batches = training_batches(images, batch_size, seed=domain_seed, **options)
        streams.append(batches)

    # The function does not branch on a tensor.
    @tf.autograph.experimental.do_not_convert
    def without_labels(first, second):
        return first[0], second[0]

    return tf.data.Dataset.zip(tuple(streams)).map(without_labels).prefetch(1)
