"""Pictures to what the generator takes, and back."""

import numpy as np
import pytest
from PIL import Image

from stargan_tf.data.pictures import square_pixels
from stargan_tf.data.source import UnreadableImage
from stargan_tf.translation.pictures import Fitting


def gradient(path, width, height, exif=None):
    columns = np.linspace(0, 255, width)[None, :, None]
    pixels = np.broadcast_to(columns, (height, width, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(path, **({"exif": exif} if exif else {}))
    return path


@pytest.mark.parametrize(
    ("width", "height", "shape"),
    [(64, 64, (16, 16, 3)), (200, 50, (16, 16, 3)), (5, 3, (16, 16, 3))],
)
def test_crop_gives_the_model_its_square(tmp_path, width, height, shape):
    fitted = Fitting(16).read(gradient(tmp_path / "a.png", width, height))
    assert fitted.image.shape == shape and fitted.image.dtype == np.uint8


@pytest.mark.parametrize("fit", ["crop", "stretch"])
@pytest.mark.parametrize("crop_size", [None, 30])
@pytest.mark.parametrize(("width", "height"), [(67, 64), (64, 65), (200, 51)])
def test_the_model_gets_what_training_saw(tmp_path, width, height, crop_size, fit):
    pixels = np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    fitted = Fitting(16, fit, crop_size=crop_size).read(tmp_path / "a.png")
    expected = square_pixels(tmp_path / "a.png", 16, crop_size, fit)
    assert np.array_equal(fitted.image, expected)


def test_crop_is_centred_and_as_large_as_asked_for(tmp_path):
    path = gradient(tmp_path / "a.png", 200, 100)
    assert Fitting(16).read(path).box == (50, 0, 150, 100)
    assert Fitting(16, crop_size=60).read(path).box == (70, 20, 130, 80)
    assert Fitting(16, crop_size=999).read(path).box == (50, 0, 150, 100)


@pytest.mark.parametrize(
    ("width", "height", "shape"),
    [
        (100, 100, (16, 16)),
        (200, 100, (16, 32)),
        (90, 130, (24, 16)),
        (10, 8, (16, 20)),
    ],
)
def test_keep_shows_the_whole_picture(tmp_path, width, height, shape):
    path = gradient(tmp_path / "a.png", width, height)
    fitted = Fitting(16, fit="keep").read(path)
    assert fitted.image.shape == (*shape, 3)
    assert fitted.box == (0, 0, width, height)


def test_keep_refuses_a_strip(tmp_path):
    path = gradient(tmp_path / "strip.png", 900, 100)
    with pytest.raises(UnreadableImage, match=r"strip.png.*900x100.*--fit crop"):
        Fitting(16, fit="keep").read(path)
    assert Fitting(16).read(path).image.shape == (16, 16, 3)


def test_a_turned_photo_comes_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # The camera was held at the right: rotate by 270 degrees.
    path = gradient(tmp_path / "a.jpg", 64, 32, exif)
    fitted = Fitting(16, fit="keep", size="original").read(path)
    assert fitted.image.shape == (32, 16, 3)
    assert fitted.original.size == (32, 64)


def test_model_size_is_the_output_itself(tmp_path):
    fitted = Fitting(16).read(gradient(tmp_path / "a.png", 64, 32))
    output = np.full((16, 16, 3), 7, np.uint8)
    assert np.array_equal(fitted.restore(output), output)


def test_original_size_pastes_the_square_back(tmp_path):
    path = gradient(tmp_path / "a.png", 200, 100)
    fitted = Fitting(16, size="original").read(path)
    result = np.asarray(fitted.restore(np.full((16, 16, 3), 7, np.uint8)))
    before = np.asarray(fitted.original)
    assert result.shape == (100, 200, 3)
    # Outside nothing changed, inside everything; above and below there is no seam to
    # hide, left and right the two fade into each other.
    assert np.array_equal(result[:, :50], before[:, :50])
    assert np.array_equal(result[:, 150:], before[:, 150:])
    assert (result[:, 60:140] == 7).all()
    fading = result[50, 140:150, 0].astype(int)
    assert (np.diff(fading) >= 0).all() and 150 < fading[-1] < 189


def test_original_size_of_a_whole_picture_has_no_soft_edge(tmp_path):
    path = gradient(tmp_path / "a.png", 50, 30)
    fitted = Fitting(16, fit="keep", size="original").read(path)
    result = np.asarray(fitted.restore(np.full_like(fitted.image, 7)))
    assert result.shape == (30, 50, 3) and (result == 7).all()


def test_restoring_what_was_fitted_keeps_the_picture(tmp_path):
    path = gradient(tmp_path / "a.png", 100, 60)
    fitted = Fitting(60, size="original").read(path)
    assert np.array_equal(fitted.restore(fitted.image), fitted.original)


def test_a_broken_file_is_unreadable(tmp_path):
    (tmp_path / "a.png").write_bytes(b"not a picture")
    with pytest.raises(UnreadableImage, match=r"a\.png"):
        Fitting(16).read(tmp_path / "a.png")
