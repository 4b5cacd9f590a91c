"""Picture files inside of the graph: decoding, the square, encoding.

The same as `data.pictures`, up to rounding, with two exceptions: EXIF rotation is not
applied and CMYK is what TensorFlow's decoder makes of it, since the graph has no
operations for them.
"""

import tensorflow as tf

from stargan_tf.data.fit import CROP


def to_float(images):
    """uint8 in [0, 255] as float32 in [-1, 1]."""
    return tf.cast(images, tf.float32) / 127.5 - 1.0


def to_uint8(images):
    """Float images in [-1, 1] as uint8, clipped and rounded."""
    levels = tf.round((tf.clip_by_value(images, -1.0, 1.0) + 1.0) * 127.5)
    return tf.cast(levels, tf.uint8)


def decode(encoded, size, fit, crop_size):
    """Files as the squares that the model takes.

    Args:
        encoded: string (n,), whole files.
        size: side of the result in pixels.
        fit: see `data.fit.used_box`.
        crop_size: likewise.

    Returns:
        uint8 (n, size, size, 3). What is no picture is INVALID_ARGUMENT.
    """

    def one(content):
        image = _on_white(
            tf.io.decode_image(content, channels=0, expand_animations=False)
        )
        square = tf.image.resize(
            _used(image, fit, crop_size), (size, size), "bilinear", antialias=True
        )
        levels = tf.clip_by_value(tf.round(square), 0.0, 255.0)
        return tf.ensure_shape(tf.cast(levels, tf.uint8), (size, size, 3))

    return tf.map_fn(one, encoded, fn_output_signature=tf.uint8)


def encode(images):
    """Images as PNG files.

    Args:
        images: uint8 (n, height, width, 3).

    Returns:
        string (n,).
    """
    return tf.map_fn(tf.io.encode_png, images, fn_output_signature=tf.string)


def _on_white(image):
    """Grey, grey with alpha, RGB or RGBA as float RGB; what is clear is white."""
    channels = tf.shape(image)[-1]
    pixels = tf.cast(image, tf.float32)
    clear = tf.equal(channels % 2, 0)  # 2 or 4: the last one is alpha.
    opaque = tf.ones_like(pixels[..., :1])
    alpha = tf.where(clear, pixels[..., -1:] / 255.0, opaque)
    colours = tf.where(clear, channels - 1, channels)
    columns = tf.where(tf.equal(colours, 1), [0, 0, 0], [0, 1, 2])
    colour = tf.gather(pixels, columns, axis=-1)
    return tf.round(colour * alpha + 255.0 * (1.0 - alpha))


def _used(image, fit, crop_size):
    """The part of the picture that is used; see `data.fit.used_box`."""
    height, width = tf.shape(image)[0], tf.shape(image)[1]
    if crop_size is None and fit != CROP:
        return image
    side = tf.minimum(height, width)
    side = side if crop_size is None else tf.minimum(side, crop_size)
    top, left = (
        tf.cast(tf.round(tf.cast(free - side, tf.float64) / 2), tf.int32)
        for free in (height, width)
    )
    return image[top : top + side, left : left + side]
