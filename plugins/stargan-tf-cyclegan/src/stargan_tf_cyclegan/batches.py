"""CycleGAN's batches: as many images of each of two domains, unpaired."""

import numpy as np
import tensorflow as tf

from stargan_tf.plugin import InputError, LabeledImages, subset, training_batches
from stargan_tf_cyclegan import check_two_domains

_LARGEST_SEED = 2**31 - 1  # of `training_batches`


def unpaired_batches(
    source: LabeledImages, batch_size: int = 1, *, seed: int = 0, **options
) -> tf.data.Dataset:
    """Endless batches for `CycleGAN.fit`.

    Each domain is shuffled by itself: within an epoch of a domain each of its images
    comes once. The stream from `start_step=k` equals that from 0 without its first k
    batches.

    Args:
        source: training images of two one-hot domains.
        batch_size: images of each domain per batch, at least 1.
        seed: integer in [0, 2³¹); decides orders and flips.
        **options: `start_step`, `flip`, `cache` and `part`, see `training_batches`.

    Returns:
        Dataset of `(image, reference)`: images of the first domain and of the second,
        each float32 `(batch_size, h, w, c)` in [-1, 1].

    Raises:
        InputError: if an argument is out of range, there are not exactly two one-hot
            domains, or a domain has no image.
    """
    check_two_domains(source.info)
    streams = []
    # The second seed always differs: the sum of both is odd.
    for number, order in enumerate((seed, _LARGEST_SEED - seed)):
        rows = np.flatnonzero(source.labels[:, number])
        if not len(rows):
            raise InputError(
                "Each of the two domains needs a training image. Received: no image of "
                f"'{source.info.domains[number]}' in '{source.info.name}'. Add images, "
                "or choose other domains with --attributes A,B."
            )
        images = subset(source, rows)
        streams.append(training_batches(images, batch_size, seed=order, **options))

    # Nothing here branches on a tensor.
    @tf.autograph.experimental.do_not_convert
    def without_labels(first, second):
        return first[0], second[0]

    return tf.data.Dataset.zip(tuple(streams)).map(without_labels).prefetch(1)
