"""Mirrored images, each by its own coin."""

import tensorflow as tf


def random_flips(images: tf.Tensor, seed: tf.Tensor | list) -> tf.Tensor:
    """Mirrors each image left to right with probability one half.

    Args:
        images: tensor (n, height, width, channels), n known.
        seed: two integers; the coins follow from them alone.

    Returns:
        Tensor like `images`.
    """
    chance = tf.random.stateless_uniform((images.shape[0], 1, 1, 1), seed=seed)
    return tf.where(chance < 0.5, tf.reverse(images, axis=[2]), images)
