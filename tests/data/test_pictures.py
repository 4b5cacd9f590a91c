import io
import os
import struct
from zlib import crc32

import numpy as np
import pytest
from PIL import EpsImagePlugin, Image

from stargan_tf.data import pictures
from stargan_tf.data.pictures import read_picture, side_of_file, square_pixels
from stargan_tf.data.source import UnreadableImage
from stargan_tf.doctor.pictures import look_at

GRADIENT = np.linspace(0, 255, 12 * 16).reshape(12, 16).astype(np.uint8)
COLOURS = np.stack([GRADIENT, GRADIENT[::-1], GRADIENT[:, ::-1]], axis=-1)
RGB = Image.fromarray(COLOURS)


def save(tmp_path, name, image, **options):
    path = tmp_path / name
    image.save(path, **options)
    return path


@pytest.mark.parametrize(
    ("name", "tolerance"),
    [
        ("a.png", 0),
        ("a.bmp", 0),
        ("a.tiff", 0),
        ("a.JPG", 40),
        ("a.jpeg", 40),
        ("a.webp", 40),
    ],
)
def test_formats(tmp_path, name, tolerance):
    options = {"quality": 100} if tolerance else {}
    picture = read_picture(save(tmp_path, name, RGB, **options))
    assert picture.mode == "RGB"
    error = np.abs(np.asarray(picture).astype(int) - COLOURS)
    assert error.max() <= tolerance and error.mean() <= tolerance / 8


def test_first_frame_of_an_animation(tmp_path):
    red, blue = (Image.new("RGB", (6, 6), colour) for colour in ("red", "blue"))
    for name in ("a.gif", "a.png", "a.webp"):
        options = {"lossless": True} if name == "a.webp" else {}
        path = save(tmp_path, name, red, save_all=True, append_images=[blue], **options)
        assert read_picture(path).getpixel((3, 3)) == (255, 0, 0), name


def test_grey(tmp_path):
    path = save(tmp_path, "a.png", Image.fromarray(GRADIENT))
    np.testing.assert_array_equal(np.asarray(read_picture(path))[..., 1], GRADIENT)
    path = save(tmp_path, "b.png", Image.fromarray(GRADIENT > 99))
    np.testing.assert_array_equal(
        np.asarray(read_picture(path))[..., 2], (GRADIENT > 99) * np.uint8(255)
    )


def test_transparency_is_laid_on_white(tmp_path):
    clear = Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    clear.putpixel((1, 1), (255, 0, 0, 255))
    clear.putpixel((2, 2), (0, 0, 0, 51))
    picture = read_picture(save(tmp_path, "a.png", clear))
    assert picture.getpixel((0, 0)) == (255, 255, 255)
    assert picture.getpixel((1, 1)) == (255, 0, 0)
    assert picture.getpixel((2, 2)) == (204, 204, 204)
    grey = Image.new("LA", (4, 4), (0, 0))
    assert read_picture(save(tmp_path, "b.png", grey)).getpixel((0, 0)) == (255,) * 3
    keyed = save(tmp_path, "c.png", Image.new("RGB", (4, 4)), transparency=(0, 0, 0))
    assert read_picture(keyed).getpixel((0, 0)) == (255,) * 3


def test_palette(tmp_path):
    palette = RGB.quantize(16)
    path = save(tmp_path, "a.png", palette)
    np.testing.assert_array_equal(
        np.asarray(read_picture(path)), np.asarray(palette.convert("RGB"))
    )
    first = palette.getpixel((0, 0))
    for name in ("b.png", "b.gif"):
        path = save(tmp_path, name, palette, transparency=first)
        assert read_picture(path).getpixel((0, 0)) == (255, 255, 255), name


def test_cmyk(tmp_path):
    ink = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    for name in ("a.jpg", "a.tif"):
        red, green, blue = read_picture(save(tmp_path, name, ink)).getpixel((4, 4))
        assert red > 250 and green < 5 and blue < 5, name


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_sixteen_bits_are_scaled_not_clipped(tmp_path, name):
    deep = np.array([[0, 257, 32768, 65535]], np.uint16).repeat(2, axis=0)
    picture = np.asarray(read_picture(save(tmp_path, name, Image.fromarray(deep))))
    np.testing.assert_array_equal(picture[0, :, 0], [0, 1, 128, 255])
    assert picture.shape == (2, 4, 3)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation(tmp_path, orientation):
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = RGB.transpose(undo[orientation]) if orientation > 1 else RGB
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = read_picture(save(tmp_path, "a.png", stored, exif=exif))
    np.testing.assert_array_equal(np.asarray(picture), COLOURS)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_broken_exif_does_not_lose_the_picture(tmp_path):
    path = save(tmp_path, "a.jpg", RGB, exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff")
    assert read_picture(path).size == RGB.size


@pytest.mark.parametrize("crop_size", [None, 9, 10, 500])
def test_crop_then_antialiased_resize_as_pillow(photograph, crop_size):
    path = photograph("a.png", size=(33, 47))
    side = min(crop_size or 33, 33)
    left, top = round((33 - side) / 2), round((47 - side) / 2)
    with Image.open(path) as image:
        box = image.crop((left, top, left + side, top + side))
    expected = np.asarray(box.resize((8, 8), Image.Resampling.BILINEAR))
    np.testing.assert_array_equal(square_pixels(path, 8, crop_size), expected)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.bmp", "a.gif"])
def test_truncated(photograph, name):
    path = photograph(name, size=(64, 64))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(UnreadableImage, match=name):
        read_picture(path)


def test_empty_missing_and_foreign_files(tmp_path):
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.jpg").write_text("not a picture")
    (tmp_path / "folder.jpg").mkdir()
    for name, reason in {
        "empty.jpg": "the file is empty",
        "text.jpg": "unknown image format",
        "missing.jpg": "No such file",
        "folder.jpg": "It is a folder",
    }.items():
        with pytest.raises(UnreadableImage, match=f"{name}: .*({reason})"):
            read_picture(tmp_path / name)


def png_head(width, height):
    """A PNG that promises many pixels and holds none."""
    size = struct.pack(">II5B", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", size), (b"IDAT", b""), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data))
        + kind
        + data
        + struct.pack(">I", crc32(kind + data))
        for kind, data in chunks
    )


@pytest.mark.parametrize("size", [(13_378, 13_378), (60_000, 60_000)])
def test_decompression_bomb(tmp_path, size):
    (tmp_path / "bomb.png").write_bytes(png_head(*size))
    message = r"bomb\.png: more pixels than the limit of 178,956,970"
    with pytest.raises(UnreadableImage, match=message):
        read_picture(tmp_path / "bomb.png")
    assert side_of_file(tmp_path / "bomb.png") == 0


def test_pillow_warns_of_no_photograph_that_is_read(tmp_path, monkeypatch):
    assert Image.MAX_IMAGE_PIXELS == pictures.MAX_PIXELS  # warnings are errors here
    path, limit = save(tmp_path, "a.png", RGB), RGB.width * RGB.height
    for place, name in ((Image, "MAX_IMAGE_PIXELS"), (pictures, "MAX_PIXELS")):
        monkeypatch.setattr(place, name, limit)
    np.testing.assert_array_equal(np.asarray(read_picture(path)), COLOURS)
    assert square_pixels(path, 8, fit="stretch").shape == (8, 8, 3)
    assert side_of_file(path) == 12
    monkeypatch.setattr(pictures, "MAX_PIXELS", limit - 1)
    with pytest.raises(UnreadableImage, match="more pixels than the limit"):
        read_picture(path)


def test_an_eps_file_named_jpg_starts_no_other_program(tmp_path, monkeypatch):
    called = tmp_path / "called"
    program = tmp_path / "bin" / "gs"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ntouch {called}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    # Looked for again, as in a fresh process.
    monkeypatch.setattr(EpsImagePlugin, "gs_binary", None)
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\nshowpage\n"
    (tmp_path / "evil.jpg").write_bytes(eps)
    readers = (read_picture, lambda p: read_picture(io.BytesIO(p.read_bytes()), "x"))
    for read in readers:
        with pytest.raises(UnreadableImage, match="unknown image format"):
            read(tmp_path / "evil.jpg")
    assert side_of_file(tmp_path / "evil.jpg") == 0
    assert look_at("evil.jpg", "", 0, path=tmp_path / "evil.jpg").problem
    assert not called.exists()


@pytest.mark.parametrize("name", ["a.ico", "a.tga", "a.psd", "a.pcx", "a.dds"])
def test_other_formats_of_pillow_are_not_tried(tmp_path, name):
    if name == "a.psd":
        (tmp_path / name).write_bytes(b"8BPS\0\1" + bytes(60))
    else:
        save(tmp_path, name, RGB)
    (tmp_path / name).rename(tmp_path / "a.png")
    with pytest.raises(UnreadableImage, match="unknown image format"):
        read_picture(tmp_path / "a.png")


def test_a_format_is_known_by_its_bytes(tmp_path):
    path = save(tmp_path, "a.bmp", RGB).rename(tmp_path / "a.jpg")
    np.testing.assert_array_equal(np.asarray(read_picture(path)), COLOURS)


def test_only_regular_files_are_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "link.jpg").symlink_to(tmp_path / "pipe.jpg")
    (tmp_path / "ring.jpg").symlink_to(tmp_path / "ring.jpg")
    (tmp_path / "zero.jpg").symlink_to("/dev/zero")
    for name, reason in {
        "pipe.jpg": "a pipe, not a file",
        "link.jpg": "a pipe, not a file",
        "ring.jpg": "Too many levels of symbolic links",
        "zero.jpg": "a device, not a file",
    }.items():
        with pytest.raises(UnreadableImage, match=f"{name}: .*{reason}"):
            read_picture(tmp_path / name)
        assert side_of_file(tmp_path / name) == 0


def test_floats_are_refused_by_name(tmp_path):
    path = save(tmp_path, "a.tif", Image.fromarray(GRADIENT.astype(np.float32)))
    with pytest.raises(UnreadableImage, match="32-bit floats"):
        read_picture(path)
