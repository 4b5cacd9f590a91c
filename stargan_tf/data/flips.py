"""Mirrored images, each by its own coin."""

import tensorflow as tf

from stargan_tf.data.batch_part import WHOLE, BatchPart


def random_flips(
    images: tf.Tensor,
    seed: tf.Tensor | list,
    part: BatchPart = WHOLE,
    groups: int = 1,
) -> tf.Tensor:
    """Mirrors each image left to right with probability one half.

    Args:
        images: tensor (n, height, width, channels), n known.
        seed: two integers; the coins follow from them alone.
        part: which part of the batch the images are.
        groups: how many batches of images there are, one after another.

    Returns:
        Tensor like `images`.
    """
    shape = (images.shape[0] * part.count, 1, 1, 1)
    chance = part.of(tf.random.stateless_uniform(shape, seed=seed), groups)
    # Not tf.where over all of them: that takes longer than all else but decoding.
    mirrored = tf.where(tf.reshape(chance, [-1]) < 0.5)
    flipped = tf.reverse(tf.gather_nd(images, mirrored), axis=[2])
    return tf.tensor_scatter_nd_update(images, mirrored, flipped)
