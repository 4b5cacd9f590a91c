"""What the first bytes of a picture file say, inside of the graph."""

import tensorflow as tf

_HEAD = 65_536  # EXIF data is one JPEG segment, which is shorter, near the start.
_PADDING = 32
_EXIF = tuple(b"Exif\0\0")
_ORIENTATION, _ENTRY, _MOST_ENTRIES = 0x0112, 12, 512


class PictureHeader:
    """The head of a file, read as numbers; bytes beyond its end are 0.

    Args:
        content: string scalar, the whole file.
    """

    def __init__(self, content):
        head = tf.io.decode_raw(tf.strings.substr(content, 0, _HEAD), tf.uint8)
        head = tf.pad(head, [[0, _PADDING]])
        self._content, self._bytes = content, tf.cast(head, tf.int32)
        self._last = tf.size(self._bytes) - 1

    @property
    def is_jpeg(self):
        """Whether the file is a JPEG."""
        return self._starts_with(b"\xff\xd8\xff")

    def num_pixels(self):
        """Width times height, int64; 0 in formats that are not known here."""
        sides = tf.cond(self.is_jpeg, self._jpeg_sides, self._other_sides)
        return tf.reduce_prod(tf.abs(tf.cast(sides, tf.int64)))

    def orientation(self):
        """EXIF's number of how the picture lies, 1 (upright) to 8; 1 without EXIF."""
        matches = [
            self._bytes[place : -_PADDING + place] == value
            for place, value in enumerate(_EXIF)
        ]
        places = tf.where(tf.reduce_all(tf.stack(matches), axis=0))[:, 0]
        return tf.cond(
            tf.size(places) > 0,
            lambda: self._orientation(tf.cast(places[0], tf.int32) + len(_EXIF)),
            lambda: 1,
        )

    def _orientation(self, start):
        """From a TIFF header: byte order, 42, place of the first table of entries."""
        big = self._at(start) == ord("M")
        table = start + self._number(start + 4, 4, big)
        count = tf.minimum(self._number(table, 2, big), _MOST_ENTRIES)
        entries = table + 2 + _ENTRY * tf.range(count)
        tags, values = (self._number(entries + i, 2, big) for i in (0, 8))
        sound = (tags == _ORIENTATION) & (values >= 1) & (values <= 8)
        return tf.reduce_max(tf.concat([tf.where(sound, values, 1), [1]], axis=0))

    def _jpeg_sides(self):
        return tf.image.extract_jpeg_shape(self._content)[:2]

    def _other_sides(self):
        unknown = tf.zeros(2, tf.int32)
        kinds = (
            (b"\x89PNG", (16, 20), 4, True),
            (b"GIF8", (6, 8), 2, False),
            (b"BM", (18, 22), 4, False),
        )
        for magic, places, width, big in kinds:
            sides = tf.stack([self._number(i, width, big) for i in places])
            unknown = tf.where(self._starts_with(magic), sides, unknown)
        return unknown

    def _starts_with(self, magic):
        return tf.reduce_all(self._bytes[: len(magic)] == tuple(magic))

    def _number(self, place, width, big):
        """Unsigned numbers of `width` bytes; those of 4 bytes may come out negative."""
        digits = [self._at(place + i) for i in range(width)]
        lowest_last = sum(d * 256**i for i, d in enumerate(reversed(digits)))
        lowest_first = sum(d * 256**i for i, d in enumerate(digits))
        return tf.where(big, lowest_last, lowest_first)

    def _at(self, place):
        return tf.gather(self._bytes, tf.clip_by_value(place, 0, self._last))
