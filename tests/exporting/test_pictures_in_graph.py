"""Files in the graph become the same pixels as by Pillow."""

import io
import struct
import zlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from stargan_tf.data.pictures import as_square, read_picture
from stargan_tf.exporting import pictures_in_graph as pictures

SIDE = 16


@pytest.fixture(scope="module")
def graph():
    """graph(file, fit, crop_size) → pixels; traced as in an export."""
    made = {}

    def run(content, fit="crop", crop_size=None):
        if (fit, crop_size) not in made:
            made[fit, crop_size] = tf.function(
                lambda files: pictures.decode(files, (SIDE, SIDE), fit, crop_size)
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


def decodes_webp():
    try:
        tf.io.decode_image(encoded(soft(), "WEBP"))
    except tf.errors.InvalidArgumentError:
        return False
    return True


webp = pytest.mark.skipif(not decodes_webp(), reason="TensorFlow does not decode WebP")


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
        pytest.param("RGB", "WEBP", marks=webp),
        pytest.param("RGBA", "WEBP", marks=webp),
    ],
)
def test_kinds(graph, mode, kind):
    options = {"lossless": mode == "RGBA"} if kind == "WEBP" else {}
    check_same(graph, encoded(soft(mode), kind, **options))


def test_palettes_and_animations(graph):
    frames = [soft().quantize(16), soft().rotate(90).quantize(16)]
    check_same(graph, encoded(frames[0], "PNG", transparency=3))
    options = {"save_all": True, "append_images": frames[1:]}
    animation = encoded(frames[0], "GIF", **options)
    check_same(graph, animation)
    # The decoder would take memory for all images; this one has 4 billion pixels.
    last = animation.rindex(b"\0,") + 2
    huge = animation[:last] + b"\0\0\0\0" + b"\xff" * 4 + animation[last + 8 :]
    np.testing.assert_array_equal(graph(huge), graph(animation))


def test_fits(graph):
    for size in ((61, 44), (44, 61), (9, 200), (16, 16), (5, 5)):
        file = encoded(soft(size=size), "PNG")
        check_same(graph, file)
        check_same(graph, file, fit="stretch")
        check_same(graph, file, "stretch", 31)


def turned(orientation, maker="a maker"):
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = maker, orientation
    return exif.tobytes()


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_photographs_are_turned(graph, orientation, kind):
    check_same(graph, encoded(soft(), kind, exif=turned(orientation)))


@webp
@pytest.mark.parametrize("orientation", range(1, 9))
def test_webp_photographs_are_turned(graph, orientation):
    # Uneven chunks are padded; the EXIF data are behind the pixels.
    exif = turned(orientation, "a maker" + "s" * (orientation % 2))
    noisy = Image.effect_noise((400, 300), 99).convert("RGB")
    noisy.paste(soft(size=(200, 300)))
    profile = {"icc_profile": b"x" * 129, "xmp": b"y" * 7}
    for bare in (exif, exif[6:]):
        file = encoded(noisy, "WEBP", lossless=True, exif=bare, **profile)
        assert file.index(b"EXIF") > 65_536
        check_same(graph, file)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", pytest.param("WEBP", marks=webp)])
def test_exif_the_other_way_round_and_broken(graph, kind):
    options = {"lossless": True} if kind == "WEBP" else {}
    entry = struct.pack(">HHIHH", 0x0112, 3, 1, 8, 0)
    big = b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 1) + entry + b"\0\0\0\0"
    broken = (b"Exif\0\0", b"Exif\0\0MM\0*\xff\xff\xff\xff", big[:-8])
    check_same(graph, encoded(soft(), kind, exif=big, **options))
    plain = graph(encoded(soft(), kind, **options))
    for exif in broken:
        found = graph(encoded(soft(), kind, exif=exif, **options))
        np.testing.assert_array_equal(found, plain)


@webp
def test_chunks_that_lie(graph):
    file = encoded(soft(), "WEBP", lossless=True, exif=b"Exif\0\0II*\0", xmp=b"x")
    plain = graph(file)
    chunk = file.index(b"EXIF")
    for size in (0, 1, 2**31, 2**32 - 1):
        lying = file[: chunk + 4] + struct.pack("<I", size) + file[chunk + 8 :]
        np.testing.assert_array_equal(graph(lying), plain)
    lying = file.replace(b"EXIF", b"what")
    for size in (2**31, 2**32 - 1):
        lying = lying[: chunk + 4] + struct.pack("<I", size) + lying[chunk + 8 :]
        np.testing.assert_array_equal(graph(lying), plain)


def png_header(width, height):
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    checksum = struct.pack(">I", zlib.crc32(chunk))
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + checksum


def jpeg_header(kind, width, height):
    frame = struct.pack(">HBHHB", 17, 8, height, width, 3)
    frame += b"".join(bytes([number, 0x11, 0]) for number in (1, 2, 3))
    scan = struct.pack(">HB", 12, 3) + bytes([1, 0, 2, 0, 3, 0, 0, 63, 0])
    return b"\xff\xd8\xff" + bytes([kind]) + frame + b"\xff\xda" + scan


def gif_header(screen, image, blocks=b""):
    head = b"GIF89a" + struct.pack("<HHBBB", screen, screen, 0, 0, 0)
    return head + blocks + b"," + struct.pack("<HHHHBB", 0, 0, image, image, 0, 2)


def webp_header(chunk, rest):
    body = b"WEBP" + chunk + struct.pack("<I", len(rest)) + rest
    return b"RIFF" + struct.pack("<I", len(body)) + body


LOSSY = b"\x30\x01\x00\x9d\x01\x2a" + struct.pack("<HH", 12_000, 9_000) + bytes(10)
LOSSLESS = b"/" + struct.pack("<I", 11_999 + (8_999 << 14)) + bytes(15)
CANVAS = bytes(4) + bytes([0xDF, 0x2E, 0, 0x27, 0x23, 0]) + bytes(10)
TOO_MANY = "more than 89,478,485 pixels"


@pytest.mark.parametrize(
    ("junk", "message"),
    [
        (b"", "Input is empty|Unknown image file format"),
        (b"no picture", "Unknown image file format"),
        (b"\xff\xd8\xff" + b"\xe0" * 30, "JPEG"),
        (b"GIF89a" + b"\xff" * 20, "GIF|pixels"),
        (png_header(10, 10), "PNG"),
        (png_header(20_000, 20_000), TOO_MANY),
        (png_header(2**32 - 1, 2**32 - 1), TOO_MANY),
        (b"BM" + bytes(16) + struct.pack("<ii", 20_000, -20_000), TOO_MANY),
        (jpeg_header(0xC0, 20_000, 20_000), TOO_MANY),
        (jpeg_header(0xC2, 65_000, 65_000), TOO_MANY),
        (gif_header(1, 60_000), TOO_MANY),
        (gif_header(1, 60_000, b"!\xf9\4\0\0\0\0\0"), TOO_MANY),
        (gif_header(60_000, 1, b"!\0\0" * 40_000), "Unknown image file format"),
        (b"GIF89a" + struct.pack("<HH", 9, 9), "Unknown image file format"),
        (webp_header(b"VP8 ", LOSSY), TOO_MANY),
        (webp_header(b"VP8L", LOSSLESS), TOO_MANY),
        (webp_header(b"VP8X", CANVAS), TOO_MANY),
        (webp_header(b"ALPH", LOSSY), "Unknown image file format"),
        (b"\xff\x0a" + bytes(40), "Unknown image file format"),
        (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(40), "Unknown image file format"),
        (encoded(Image.new("L", (9, 9)), "TIFF"), "Unknown image file format"),
        (encoded(Image.new("L", (3000, 3000)), "JPEG") + b"\xff\xda" * 200, TOO_MANY),
        (
            encoded(soft(), "WEBP", save_all=True, append_images=[soft().rotate(90)]),
            "still WebP",
        ),
    ],
)
def test_what_is_no_picture(graph, junk, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        graph(junk)
