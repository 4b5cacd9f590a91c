"""Files in the graph become the same pixels as by Pillow."""

import io
import struct
import zlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from stargan_tf.data.pictures import as_square, read_picture
from stargan_tf.serving import pictures

SIDE = 16


@pytest.fixture(scope="module")
def graph():
    """graph(file, fit, crop_size) → pixels; traced as in an export."""
    made = {}

    def run(content, fit="crop", crop_size=None):
        if (fit, crop_size) not in made:
            made[fit, crop_size] = tf.function(
                lambda files: pictures.decode(files, SIDE, fit, crop_size)
            )
        return made[fit, crop_size](tf.constant([content]))[0].numpy()

    return run


def soft(mode="RGB", size=(61, 44)):
    """Soft spots: JPEG keeps them."""
    bands = len(Image.new(mode, (1, 1)).getbands())
    rng = np.random.default_rng(1)
    small = rng.integers(0, 256, (6, 8, bands), dtype=np.uint8)
    planes = [Image.fromarray(small[..., i]).resize(size) for i in range(bands)]
    return Image.merge(mode, planes) if bands > 1 else planes[0]


def encoded(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def check_same(graph, content, fit="crop", crop_size=None):
    picture = read_picture(io.BytesIO(content), "it")
    expected = as_square(picture, SIDE, crop_size, fit).astype(int)
    # Pillow rounds between rows and columns.
    assert np.abs(expected - graph(content, fit, crop_size)).max() <= 1


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("RGB", "PNG"),
        ("L", "PNG"),
        ("LA", "PNG"),
        ("RGBA", "PNG"),
        ("RGB", "JPEG"),
        ("L", "JPEG"),
        ("CMYK", "JPEG"),
        ("RGB", "BMP"),
        ("RGB", "GIF"),
    ],
)
def test_kinds(graph, mode, kind):
    check_same(graph, encoded(soft(mode), kind))


def test_palettes_and_animations(graph):
    frames = [soft().quantize(16), soft().rotate(90).quantize(16)]
    check_same(graph, encoded(frames[0], "PNG", transparency=3))
    options = {"save_all": True, "append_images": frames[1:]}
    check_same(graph, encoded(frames[0], "GIF", **options))


def test_fits(graph):
    for size in ((61, 44), (44, 61), (9, 200), (16, 16), (5, 5)):
        file = encoded(soft(size=size), "PNG")
        check_same(graph, file)
        check_same(graph, file, fit="stretch")
        check_same(graph, file, "stretch", 31)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photographs_are_turned(graph, orientation):
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "a maker", orientation
    check_same(graph, encoded(soft(), "JPEG", exif=exif.tobytes()))


def test_exif_the_other_way_round_and_broken(graph):
    entry = struct.pack(">HHIHH", 0x0112, 3, 1, 8, 0)
    big = b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 1) + entry + b"\0\0\0\0"
    broken = (b"Exif\0\0", b"Exif\0\0MM\0*\xff\xff\xff\xff", big[:-8])
    check_same(graph, encoded(soft(), "JPEG", exif=big))
    plain = graph(encoded(soft(), "JPEG"))
    for exif in broken:
        found = graph(encoded(soft(), "JPEG", exif=exif))
        np.testing.assert_array_equal(found, plain)


def png_header(width, height):
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    checksum = struct.pack(">I", zlib.crc32(chunk))
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + checksum


@pytest.mark.parametrize(
    ("junk", "message"),
    [
        (b"", "Input is empty|Unknown image file format"),
        (b"no picture", "Unknown image file format"),
        (b"\xff\xd8\xff" + b"\xe0" * 30, "JPEG"),
        (b"GIF89a" + b"\xff" * 20, "GIF|pixels"),
        (png_header(10, 10), "PNG"),
        (png_header(20_000, 20_000), "more than 89,478,485 pixels"),
        (b"GIF89a" + struct.pack("<HH", 60_000, 60_000), "more than 89,478,485"),
    ],
)
def test_what_is_no_picture(graph, junk, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        graph(junk)
