"""Image files in a graph: size checks, decoding, cropping, and encoding.

Up to rounding, the results equal those of `data.pictures`, including EXIF rotation,
with two exceptions: transparent GIF pixels become black, and BMP files with a palette
are read as gray.

TensorFlow's decoders allocate memory for the size that a file claims to have.
Therefore, the size of every file is checked before it is decoded.
"""

from functools import cache

import tensorflow as tf

from stargan_tf.data.info import RGB
from stargan_tf.data.options import CROP
from stargan_tf.limits import MAX_SERVED_PIXELS

FORMATS = "Unknown image file format. Send a JPEG, PNG, GIF, BMP, or still WebP file."
UNKNOWN = -1  # Number of pixels of a file that must not be decoded.
_HEAD = 65_536  # Longer than a JPEG segment with EXIF data, which is near the start.
_PADDING = 32
_EXIF = b"Exif\0\0"
_TIFF = (b"MM\0*", b"II*\0")  # The start of EXIF data, by byte order.
_ORIENTATION, _ENTRY, _MOST_ENTRIES = 0x0112, 12, 512
# Scans of a JPEG that count as one pass over its pixels; progressive files have 10.
_SCANS = 20
# Enough for a first image of 16 MB; more could keep the loop busy for hours.
_MOST_BLOCKS = 65_536


def to_uint8(images):
    """Float images in [-1, 1] as uint8, clipped and rounded."""
    levels = tf.round((tf.clip_by_value(images, -1.0, 1.0) + 1.0) * 127.5)
    return tf.cast(levels, tf.uint8)


def decode(encoded, size, fit, crop_size):
    """Decodes, crops, and resizes image files.

    Args:
        encoded: string (n,), the contents of the files.
        size: height and width of the result in pixels.
        fit: see `Preparation`.
        crop_size: see `Preparation`.

    Returns:
        uint8 (n, *size, 3). Files in other `FORMATS`, or with more than
        `MAX_SERVED_PIXELS`, are INVALID_ARGUMENT before they are decoded.
    """
    square = _square(size, fit, crop_size)
    return tf.map_fn(square, encoded, fn_output_signature=tf.uint8)


def encode(images):
    """Encodes images as PNG files.

    Args:
        images: uint8 (n, height, width, 3).

    Returns:
        string (n,).
    """
    return tf.map_fn(tf.io.encode_png, images, fn_output_signature=tf.string)


@cache
def _square(size, fit, crop_size):
    """A function of one file, shared by signatures: tracing it takes a second."""

    @tf.function(input_signature=[tf.TensorSpec((), tf.string)], autograph=False)
    def square(content):
        used = _used(_decoded(content), fit, crop_size, size)
        resized = tf.image.resize(used, size, "bilinear", antialias=True)
        levels = tf.clip_by_value(tf.round(resized), 0.0, 255.0)
        return tf.ensure_shape(tf.cast(levels, tf.uint8), (*size, RGB))

    return square


def _decoded(content):
    """One file as uint8 RGB, upright."""
    header = _Header(content)
    pixels, content = header.still()
    message = f"An image has more than {MAX_SERVED_PIXELS:,} pixels. Received:"
    fits = tf.debugging.Assert(pixels <= MAX_SERVED_PIXELS, [message, pixels])
    known = tf.debugging.Assert(pixels != UNKNOWN, [FORMATS])
    with tf.control_dependencies([fits, known]):
        content = tf.identity(content)

    def jpeg():
        # TensorFlow's default is faster, but differs by several gray levels.
        exact = "INTEGER_ACCURATE"
        return tf.io.decode_jpeg(content, channels=3, dct_method=exact)

    def other():
        image = tf.io.decode_image(content, expand_animations=False)
        return _as_rgb(tf.ensure_shape(image, (None, None, None)))

    image = _upright(tf.cond(header.is_jpeg, jpeg, other), header.orientation())
    return tf.ensure_shape(image, (None, None, 3))


def _upright(image, orientation):
    transposed = tf.where(orientation >= 5, [1, 0, 2], [0, 1, 2])
    mirrored = tf.reduce_any(orientation == [2, 3, 6, 7])
    upside_down = tf.reduce_any(orientation == [3, 4, 7, 8])
    rows, columns = (tf.where(flip, -1, 1) for flip in (upside_down, mirrored))
    return tf.transpose(image, transposed)[::rows, ::columns]


def _as_rgb(image):
    """Gray, gray with alpha, RGB, or RGBA as RGB, blended with white."""
    channels = tf.shape(image)[-1]
    columns = tf.where(channels <= 2, [0, 0, 0], [0, 1, 2])
    colors = tf.gather(image, columns, axis=-1)

    def on_white():
        opaque = tf.cast(image[..., -1:], tf.float32) / 255.0
        mixed = tf.cast(colors, tf.float32) * opaque + 255.0 * (1.0 - opaque)
        return tf.cast(tf.round(mixed), tf.uint8)

    return tf.cond(tf.equal(channels % 2, 0), on_white, lambda: colors)


def _used(image, fit, crop_size, size):
    """The crop of the image that is used; see `data.options.used_box`."""
    if crop_size is None and fit != CROP:
        return image
    whole = tf.shape(image)[:2]
    scale = tf.reduce_min(tf.cast(whole, tf.float64) / tf.constant(size, tf.float64))
    if crop_size is not None:
        scale = tf.minimum(scale, crop_size / min(size))

    def rounded(number):
        return tf.cast(tf.round(number), tf.int32)

    down, across = tf.unstack(rounded(tf.constant(size, tf.float64) * scale))
    top, left = tf.unstack(rounded(tf.cast(whole - [down, across], tf.float64) / 2))
    return image[top : top + down, left : left + across]


class _Header:
    """The header of a file, read as numbers; bytes beyond its end are 0."""

    def __init__(self, content):
        head = tf.io.decode_raw(tf.strings.substr(content, 0, _HEAD), tf.uint8)
        head = tf.pad(head, [[0, _PADDING]])
        self._content, self._bytes = content, tf.cast(head, tf.int64)
        self._last = tf.size(head, tf.int64) - 1
        self.is_jpeg = self._starts_with(b"\xff\xd8\xff")

    def still(self):
        """(number of pixels, content to decode)."""
        return tf.cond(
            self.is_jpeg,
            lambda: (self._jpeg_pixels(), self._content),
            lambda: tf.cond(
                self._starts_with(b"GIF8"),
                self._first_of_gif,
                lambda: (self._pixels(), self._content),
            ),
        )

    def orientation(self):
        """The orientation from EXIF, 1 (upright) to 8; 1 without EXIF."""
        exif = tf.cond(
            self.is_jpeg,
            self._exif_of_jpeg,
            lambda: tf.cond(
                self._is_webp(b"VP8X"), self._exif_of_webp, self._exif_of_png
            ),
        )
        return _Header(exif)._orientation()

    def _exif_of_jpeg(self):
        """EXIF data, from its TIFF header on; empty if there is none."""
        head = tf.strings.substr(self._content, 0, _HEAD)
        return _behind(head, _EXIF, len(_EXIF))

    def _exif_of_png(self):
        # With the header, which is unlikely to occur in compressed pixels.
        exif = [_behind(self._content, b"eXIf" + start, 4) for start in _TIFF]
        return tf.strings.join(exif)

    def _exif_of_webp(self):
        # The chunk's name is followed by its size, 4 bytes.
        exif = _behind(self._content, b"EXIF", 8)
        prefix = tf.strings.substr(exif, 0, len(_EXIF)) == _EXIF
        return tf.strings.substr(exif, tf.where(prefix, len(_EXIF), 0), _HEAD)

    def _orientation(self):
        """From a TIFF header: byte order, 42, position of the table of entries."""
        big = self._at(0) == ord("M")
        table = self._number(4, 4, big)
        count = tf.minimum(self._number(table, 2, big), _MOST_ENTRIES)
        entries = table + 2 + _ENTRY * tf.range(count)
        tags, values = (self._number(entries + i, 2, big) for i in (0, 8))
        valid = (tags == _ORIENTATION) & (values >= 1) & (values <= 8)
        return tf.reduce_max(tf.concat([tf.where(valid, values, 1), [1]], axis=0))

    def _jpeg_pixels(self):
        """The pixels of a JPEG; a multiple of them for an excessive number of scans."""
        scans = tf.size(tf.strings.split(self._content, b"\xff\xda"), tf.int64) - 1
        sides = tf.image.extract_jpeg_shape(self._content)[:2]
        return tf.reduce_prod(tf.cast(sides, tf.int64)) * (1 + scans // _SCANS)

    def _pixels(self):
        """The pixels of PNG, BMP, and WebP files."""
        width, height = self._number(18, 4, False), self._number(22, 4, False)
        bitmap = width * tf.minimum(height, 2**32 - height)  # Top down: negative.
        png = self._number(16, 4, True) * self._number(20, 4, True)
        lossy = [self._number(place, 2, False) % 2**14 for place in (26, 28)]
        packed = self._number(21, 4, False)
        lossless = [packed % 2**14 + 1, packed // 2**14 % 2**14 + 1]
        canvas = [self._number(place, 3, False) + 1 for place in (24, 27)]
        is_still = self._at(20) // 2 % 2 == 0
        total = tf.constant(UNKNOWN, tf.int64)
        for known, pixels in (
            (self._starts_with(b"\x89PNG") & self._starts_with(b"IHDR", 12), png),
            (self._starts_with(b"BM"), bitmap),
            (self._is_webp(b"VP8 "), tf.reduce_prod(lossy)),
            (self._is_webp(b"VP8L"), tf.reduce_prod(lossless)),
            (self._is_webp(b"VP8X") & is_still, tf.reduce_prod(canvas)),
        ):
            # The product of two 32-bit sides may overflow.
            pixels = tf.where(pixels < 0, tf.int64.max, pixels)
            total = tf.where(known, pixels, total)
        return total

    def _first_of_gif(self):
        """(pixels of the first image, the file truncated after it).

        The decoder would allocate memory for all images of an animation, which may be
        larger than the file's header says.
        """
        content = tf.cast(tf.io.decode_raw(self._content, tf.uint8), tf.int32)
        length = tf.size(content)

        def at(place):
            return content[tf.minimum(place, length - 1)]

        def table(flags):  # Bytes of a color table.
            return tf.where(flags >= 128, 3 * 2 ** (flags % 8 + 1), 0)

        def step(place, in_data, width, height):
            """One block, which begins at `place`, or its next chunk of data."""
            first = at(place)
            is_image = ~in_data & (first == ord(","))
            is_extension = ~in_data & (first == ord("!"))
            width = tf.where(is_image, at(place + 5) + 256 * at(place + 6), width)
            height = tf.where(is_image, at(place + 7) + 256 * at(place + 8), height)
            is_over = tf.where(in_data, (first == 0) & (width >= 0), False)
            bytes_used = tf.where(is_image, 11 + table(at(place + 9)), 2)
            bytes_used = tf.where(in_data, 1 + first, bytes_used)
            known = in_data | is_image | is_extension
            place = tf.where(known, place + bytes_used, length)
            in_data = is_image | is_extension | (in_data & (first != 0))
            return is_over, place, in_data, width, height

        is_over, place, _, width, height = tf.while_loop(
            lambda is_over, place, *_: ~is_over & (place < length),
            lambda _, *state: step(*state),
            (False, 13 + table(at(10)), False, UNKNOWN, UNKNOWN),
            maximum_iterations=_MOST_BLOCKS,
            parallel_iterations=1,
        )
        # Truncated files are left to the decoder, but not those with too many blocks.
        known = (width >= 0) & (is_over | (place >= length))
        pixels = tf.cast(width, tf.int64) * tf.cast(height, tf.int64)
        cut = tf.strings.substr(self._content, 0, tf.minimum(place, length)) + b";"
        return tf.where(known, pixels, tf.constant(UNKNOWN, tf.int64)), cut

    def _is_webp(self, chunk):
        return self._starts_with(b"RIFF") & self._starts_with(b"WEBP" + chunk, 8)

    def _starts_with(self, magic, place=0):
        return tf.reduce_all(self._bytes[place : place + len(magic)] == tuple(magic))

    def _number(self, place, width, big):
        """An unsigned number of `width` bytes."""
        digits = [self._at(place + i) for i in range(width)]
        lowest_last = sum(d * 256**i for i, d in enumerate(reversed(digits)))
        lowest_first = sum(d * 256**i for i, d in enumerate(digits))
        return tf.where(big, lowest_last, lowest_first)

    def _at(self, place):
        place = tf.maximum(tf.cast(place, tf.int64), 0)
        return tf.gather(self._bytes, tf.minimum(place, self._last))


def _behind(content, mark, skipped):
    """The content after `skipped` bytes from the first `mark`, or ""."""
    before = tf.strings.split(content, mark, maxsplit=1)[0]
    start = tf.strings.length(before) + skipped
    start = tf.minimum(start, tf.strings.length(content))
    return tf.strings.substr(content, start, _HEAD)
