"""Random resized crops: a box per image, and the resize of what is in it.

The box is cut before the image is resized, and the resize is antialiased, in the
order of the official code. Nothing is rounded to whole pixels or to uint8 in between.
"""

import tensorflow as tf

AREA = (0.8, 1.0)
ASPECT = (0.9, 1.1)
# Boxes that do not fit are drawn again, in one go; after so many the whole image is
# taken, which happens once in a thousand.
TRIES = 10


def random_boxes(count: int, probability: float, seed: tf.Tensor) -> tf.Tensor:
    """Draws what is cut out of each image.

    With `probability` a box of 0.8 to 1 of the area, whose aspect is 0.9 to 1.1 times
    the image's (torchvision's `RandomResizedCrop`); otherwise the whole image.

    Args:
        count: number of images.
        probability: share of the images that are cropped, in [0, 1].
        seed: two integers; the boxes follow from them alone.

    Returns:
        float32 tensor (count, 4): top, left, height and width as shares of the image.
    """
    seeds = tf.random.split(seed, 2)
    height, width = _sides(count, seeds[0])
    chance, across, down = tf.unstack(
        tf.random.stateless_uniform((3, count), seeds[1], dtype=tf.float32)
    )
    boxes = tf.stack([down * (1 - height), across * (1 - width), height, width], axis=1)
    whole = tf.constant([0.0, 0.0, 1.0, 1.0])
    return tf.where(chance[:, tf.newaxis] < probability, boxes, whole)


def _sides(count: int, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Heights and widths (count,), the first of `TRIES` that lie within the image."""
    area, aspect = tf.unstack(tf.random.stateless_uniform((2, count, TRIES), seed))
    area = AREA[0] + (AREA[1] - AREA[0]) * area
    low, high = tf.math.log(ASPECT[0]), tf.math.log(ASPECT[1])
    aspect = tf.exp(low + (high - low) * aspect)
    sides = tf.stack([tf.sqrt(area / aspect), tf.sqrt(area * aspect)], axis=-1)
    fits = tf.reduce_all(sides <= 1, axis=-1)
    first = tf.argmax(tf.cast(fits, tf.int32), axis=1)
    chosen = tf.gather(sides, first, axis=1, batch_dims=1)
    chosen = tf.where(tf.reduce_any(fits, axis=1, keepdims=True), chosen, 1.0)
    return chosen[:, 0], chosen[:, 1]


def resize_boxes(images: tf.Tensor, boxes: tf.Tensor, size: int) -> tf.Tensor:
    """Cuts a box out of each image and resizes it, antialiased bilinear.

    Args:
        images: uint8 tensor (n, side, side, 3), side known.
        boxes: float32 tensor (n, 4) as `random_boxes` gives it.
        size: side of the result.

    Returns:
        float32 tensor (n, size, size, 3), in [0, 255].
    """
    side = images.shape[1]

    def resize(pair: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        image, box = pair
        scale = size / (box[2:] * side)
        return tf.raw_ops.ScaleAndTranslate(
            images=image[tf.newaxis],
            size=[size, size],
            scale=scale,
            translation=-box[:2] * side * scale,
            kernel_type="triangle",
            antialias=True,
        )[0]

    spec = tf.TensorSpec((size, size, 3), tf.float32)
    return tf.map_fn(resize, (images, boxes), fn_output_signature=spec)
