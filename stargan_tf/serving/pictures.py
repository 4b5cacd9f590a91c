"""Picture files inside of the graph: decoding, the square, encoding.

The same as `data.pictures` up to rounding, EXIF rotation included, with these
exceptions: clear parts of GIFs are black, BMPs with a palette are read as grey.
"""

import tensorflow as tf

from stargan_tf.data.fit import CROP
from stargan_tf.serving.picture_header import UNKNOWN, PictureHeader

# Half of what Pillow reads of local files: decoding and resizing takes 16 bytes for
# each pixel, and a server does it for several strangers at once.
MAX_PIXELS = 89_478_485
FORMATS = "Unknown image file format. Send a JPEG, PNG, GIF, BMP or still WebP file."


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
        uint8 (n, size, size, 3). What is no picture in one of the `FORMATS`, or has
        more than `MAX_PIXELS`, is INVALID_ARGUMENT before it is decoded.
    """

    def one(content):
        used = _used(_decoded(content), fit, crop_size)
        square = tf.image.resize(used, (size, size), "bilinear", antialias=True)
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


def _decoded(content):
    """One file as uint8 RGB, upright."""
    header = PictureHeader(content)
    pixels, content = header.still()
    message = f"A picture has more than {MAX_PIXELS:,} pixels. Received:"
    fits = tf.debugging.Assert(pixels <= MAX_PIXELS, [message, pixels])
    known = tf.debugging.Assert(pixels != UNKNOWN, [FORMATS])
    with tf.control_dependencies([fits, known]):
        content = tf.identity(content)

    def jpeg():
        # TensorFlow's default is faster, and several grey levels off.
        exact = "INTEGER_ACCURATE"
        return tf.io.decode_jpeg(content, channels=3, dct_method=exact)

    def other():
        image = tf.io.decode_image(content, expand_animations=False)
        return _as_rgb(tf.ensure_shape(image, (None, None, None)))

    image = _upright(tf.cond(header.is_jpeg, jpeg, other), header.orientation())
    return tf.ensure_shape(image, (None, None, 3))


def _upright(image, orientation):
    """What EXIF's orientation asks for."""
    transposed = tf.where(orientation >= 5, [1, 0, 2], [0, 1, 2])
    mirrored = tf.reduce_any(orientation == [2, 3, 6, 7])
    upside_down = tf.reduce_any(orientation == [3, 4, 7, 8])
    rows, columns = (tf.where(flip, -1, 1) for flip in (upside_down, mirrored))
    return tf.transpose(image, transposed)[::rows, ::columns]


def _as_rgb(image):
    """Grey, grey with alpha, RGB or RGBA as RGB; what is clear is white."""
    channels = tf.shape(image)[-1]
    grey = channels <= 2
    colours = tf.gather(image, tf.where(grey, [0, 0, 0], [0, 1, 2]), axis=-1)
    has_alpha = tf.equal(channels % 2, 0)
    return tf.cond(
        has_alpha, lambda: _on_white(colours, image[..., -1:]), lambda: colours
    )


def _on_white(colours, alpha):
    opaque = tf.cast(alpha, tf.float32) / 255.0
    mixed = tf.cast(colours, tf.float32) * opaque + 255.0 * (1.0 - opaque)
    return tf.cast(tf.round(mixed), tf.uint8)


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
