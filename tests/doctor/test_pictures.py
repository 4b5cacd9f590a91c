import numpy as np
import pytest
from PIL import Image

from stargan_tf.data.registry import load_dataset
from stargan_tf.data.source import UnreadableImage
from stargan_tf.doctor.pictures import (
    CMYK,
    GRAY,
    RGB,
    color_of,
    difference_hash,
    look_at,
    pixel_digest,
)


def look(path):
    return look_at(path.name, "train", 0, path=path)


def test_a_copy_in_another_format_has_the_same_pixels_and_another_content(write):
    png, bmp = look(write("a.png", 1)), look(write("b.bmp", 1))
    assert png.pixels == bmp.pixels and png.content != bmp.content
    assert png.outline == bmp.outline
    assert png.pixels != look(write("c.png", 2)).pixels


def test_equal_bytes_have_equal_content(write):
    one, other = write("a.png", 1), write("b.png", 1)
    assert one.read_bytes() == other.read_bytes()
    assert look(one).content == look(other).content


@pytest.mark.parametrize(
    ("name", "mode", "expected"),
    [
        ("a.png", "RGB", RGB),
        ("a.png", "L", GRAY),
        ("a.png", "1", GRAY),
        ("a.jpg", "L", GRAY),
        ("a.jpg", "CMYK", CMYK),
    ],
)
def test_color_of_a_file(write, name, mode, expected):
    assert look(write(name, 1, mode)).color == expected


def test_gray_within_jpegs_rounding_is_gray_and_one_red_corner_is_not():
    gray = np.full((100, 100, 3), 90, np.uint8)
    gray[:, :, 1] += 4
    assert color_of(Image.fromarray(gray)) == GRAY
    gray[:5, :5, 0] = 255
    assert color_of(Image.fromarray(gray)) == RGB


def test_size_is_that_of_the_file(write):
    assert look(write("a.png", 1, size=(20, 12))).size == (20, 12)


def loaded(source, split, row):
    return look_at(source.names[row], split, row, source)


def test_a_broken_file_has_a_problem(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"no picture")
    picture = look(path)
    assert "unknown image format" in picture.problem and picture.size is None


def test_a_loaded_image_has_neither_size_nor_content(source):
    picture = loaded(source([[1, 0], [0, 1]], first=5), "held_out", 1)
    assert (picture.name, picture.split, picture.row) == ("6.png", "held_out", 1)
    assert picture.size is None and picture.content == b"" and picture.problem is None
    broken = loaded(source([[1, 0]], broken=[0]), "train", 0)
    assert "broken" in broken.problem


def test_only_unreadable_pictures_are_forgiven(source):
    def load(row):
        raise UnreadableImage("gone") if row else RuntimeError("a defect")

    images = source([[1, 0], [0, 1]])
    object.__setattr__(images, "load", load)
    assert loaded(images, "train", 1).problem == "gone"
    with pytest.raises(RuntimeError):
        loaded(images, "train", 0)


def test_pixels_of_another_shape_are_other_pixels():
    wide, high = (Image.new("RGB", size, "red") for size in ((4, 2), (2, 4)))
    assert pixel_digest(wide) != pixel_digest(high)


def test_difference_hash_of_known_pictures():
    ramp = np.repeat(np.arange(9, dtype=np.uint8)[None, :, None] * 20, 8, axis=0)
    rising = Image.fromarray(np.repeat(ramp, 3, axis=2))
    assert difference_hash(rising) == 2**64 - 1
    assert difference_hash(rising.transpose(Image.Transpose.FLIP_LEFT_RIGHT)) == 0
    assert difference_hash(rising.resize((90, 80), Image.Resampling.NEAREST)) == (
        2**64 - 1
    )


@pytest.mark.parametrize("intensity", [None, "window:0,800"])
def test_gray_images_of_a_gray_data_set_lack_no_color(intensity):
    source = load_dataset("drawn_scans", "held_out", 32, intensity=intensity)
    picture = look_at(source.names[0], "held_out", 0, source)
    assert picture.color == "rgb" and picture.problem is None
