"""Alignment: the official numbers, and photos of every kind."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, ImageDraw

from stargan_tf.errors import InputError
from stargan_tf.faces import align, mean_shape
from tests.faces import drawn
from tests.faces.landmark_golden import ARRAYS, images

SOURCE, REFERENCE = (ARRAYS[f"align_{name}"] for name in ("source", "reference"))


# === The official numbers ===


def test_the_transform_is_the_official_one():
    matrix = align.similarity(SOURCE, REFERENCE)
    np.testing.assert_allclose(matrix, ARRAYS["align_matrix"], atol=1e-4)
    # The official code pads before it warps: 128 pixels, half of the side. Its means
    # are exactly those of float32, and its rotation differs from ours, of float64, by
    # 8e-7. As far from the origin as the padded face is, that makes 2e-4 of a shift of
    # 140 pixels, but the landmarks themselves stay within 1e-4.
    padded = align.similarity(SOURCE + 128, REFERENCE)
    expected = ARRAYS["align_matrix_padded"]
    np.testing.assert_allclose(padded, expected, rtol=2e-6, atol=1e-6)
    np.testing.assert_allclose(
        align.apply(padded, SOURCE + 128),
        align.apply(expected, SOURCE + 128),
        atol=1e-4,
    )


def test_the_crop_is_the_official_one():
    photo = Image.fromarray((images()[0] * 127.5 + 127.5).astype(np.uint8))
    crop = align.crop_face(photo, align.similarity(SOURCE, REFERENCE), 256)
    difference = np.asarray(crop)[::4, ::4] - ARRAYS["align_warped"].astype(np.float32)
    assert np.abs(difference).mean() < 2


@pytest.mark.parametrize("left", [-128, 128])
@pytest.mark.parametrize("top", [-128, 128])
def test_what_lies_beyond_the_border_is_the_official_padding(left, top):
    photo = Image.fromarray((images()[0] * 127.5 + 127.5).astype(np.uint8))
    crop = align.crop_face(photo, drawn.placed(x=-left, y=-top), 256)
    quarter = [
        slice(None, 64) if place < 0 else slice(64, None) for place in (top, left)
    ]
    difference = np.asarray(crop)[::4, ::4] - ARRAYS["align_padded"][tuple(quarter)]
    assert np.abs(difference.astype(np.float32)).mean() < 1


# === Geometry ===


@pytest.mark.parametrize("image_size", [64, 256, 512])
@pytest.mark.parametrize("degrees", [0, 35, -120])
def test_a_similarity_of_the_shape_comes_back_to_it(image_size, degrees):
    face = drawn.placed(0.7, degrees, 150, 90)
    points = align.apply(face, drawn.SHAPE)
    matrix = align.similarity(points, drawn.SHAPE, image_size)
    expected = (drawn.SHAPE + 0.5) * image_size / 256 - 0.5
    np.testing.assert_allclose(align.apply(matrix, points), expected, atol=1e-6)
    assert align.scale_of(matrix) == pytest.approx(image_size / 256 / 0.7)


@pytest.mark.parametrize("points", [np.zeros((98, 2)), np.full((98, 2), 7.5)])
def test_landmarks_that_are_one_point(points):
    with pytest.raises(InputError, match="98 different points"):
        align.similarity(points, drawn.SHAPE)


def test_the_crop_of_celeba_hq():
    """Of an upright face that the appendix' formulas are easily worked out for."""
    points = np.zeros((98, 2))
    points[list(align.LEFT_EYE)] = (100, 100)
    points[list(align.RIGHT_EYE)] = (164, 100)
    points[[76, 82]] = (110, 170), (154, 170)
    # x' = 64, y' = -70, the center is (132, 107), the side max(256, 252).
    matrix = mean_shape.celeba_hq_crop(points)
    np.testing.assert_allclose(matrix, drawn.placed(1.0, x=-4.5, y=20.5), atol=1e-12)


def test_the_mean_shape_is_one_of_turned_faces():
    faces = [
        align.apply(drawn.placed(scale, degrees, 20, 40), drawn.SHAPE)
        for scale, degrees in ((0.3, 10), (2.0, -30), (1.0, 90))
    ]
    once = mean_shape.mean_shape([drawn.SHAPE])
    np.testing.assert_allclose(mean_shape.mean_shape(faces), once, atol=1e-6)
    # The one that ships is such a mean, up to the spread of real faces.
    assert np.abs(once - drawn.SHAPE).mean() < 1


# === Pixels ===


def gradient(width, height):
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    pixels = np.stack([x, y, x + y], axis=-1) * 255.0 / (width + height)
    return Image.fromarray(pixels.astype(np.uint8))


@pytest.mark.parametrize("side", [90, 300, 1000, 3000])
def test_a_crop_of_any_size_shows_the_same(side):
    """A face that fills a third of the photo, in photos of any resolution."""
    photo = gradient(side, side)
    face = drawn.placed(side / 768, 20, side / 3, side / 4)
    landmarks = align.apply(face, drawn.SHAPE)
    crop = align.crop_face(photo, align.similarity(landmarks, drawn.SHAPE, 128), 128)
    assert crop.size == (128, 128)
    place = align.apply(face, np.array([127.5, 127.5])) * 255 / 2 / side
    middle = np.asarray(crop)[63:65, 63:65, :2].mean(axis=(0, 1))
    np.testing.assert_allclose(middle, place, atol=1.5)


def test_fine_stripes_do_not_alias():
    """Stripes of one pixel become gray where the photo is made smaller."""
    pixels = np.zeros((1000, 1000, 3), np.uint8)
    pixels[:, ::2] = 255
    face = drawn.placed(3.1, 10, 100, 100)
    matrix = align.similarity(align.apply(face, drawn.SHAPE), drawn.SHAPE, 256)
    crop = np.asarray(align.crop_face(Image.fromarray(pixels), matrix, 256))
    assert np.abs(crop.astype(float) - 127.5).max() < 45


MEMORY = """
import resource
import numpy as np
from PIL import Image
from stargan_tf.faces import align
from tests.faces import drawn

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

photo = Image.new("RGB", (6000, 4000), (60, 90, 120))
mask = Image.new("L", (256, 256), 255)
before = peak()
# A tiny face, one that fills the photo, and one whose crop is far larger than it.
for scale in (0.05, 8.0, 200.0):
    matrix = np.linalg.inv(drawn.placed(scale, 20, 2000, 1500))
    crop = align.crop_face(photo, matrix, 256)
    align.put_back(photo, crop, mask, matrix)
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="measures memory as Linux does")
def test_the_memory_of_a_photo_of_24_megapixels():
    """Beyond the photo itself, room for one copy, its crop, and a mask as large."""
    done = subprocess.run(
        [sys.executable, "-c", MEMORY], check=True, capture_output=True, text=True
    )
    megabytes = int(done.stdout)
    assert megabytes < 4 * 72, done.stdout


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 3)])
def test_beyond_tiny_photos_all_is_mirrored(shape):
    photo = Image.new("RGB", shape, (10, 200, 30))
    crop = align.crop_face(photo, drawn.placed(0.8, 15, -40, 90), 64)
    assert np.abs(np.asarray(crop).astype(int) - (10, 200, 30)).max() <= 1


def test_beyond_the_border_it_is_mirrored_and_blurred():
    pixels = np.random.default_rng(0).integers(0, 255, (128, 128), np.uint8)
    photo = Image.fromarray(pixels)
    crop = np.asarray(align.crop_face(photo, drawn.placed(x=40), 128)).astype(int)
    np.testing.assert_array_equal(crop[:, 40:], pixels[:, :88])
    near, far = crop[:, 39], crop[:, 2]
    assert np.abs(near - pixels[:, 1]).mean() < 6
    assert far.std() < pixels.std() / 2


def test_a_crop_goes_back_where_it_was():
    photo = gradient(300, 200)
    matrix = drawn.placed(1.7, 25, -60, -170)
    crop = align.crop_face(photo, matrix, 256)
    inverted = Image.eval(crop, lambda value: 255 - value)
    mask = Image.new("L", (256, 256), 255)
    result = np.asarray(align.put_back(photo, inverted, mask, matrix)).astype(int)
    x, y = np.meshgrid(np.arange(300), np.arange(200))
    places = align.apply(matrix, np.stack([x, y], axis=-1).astype(float))
    inside = ((places > 3) & (places < 252)).all(axis=-1)
    outside = ((places < -2.2) | (places > 257.2)).any(axis=-1)  # By one pixel.
    before = np.asarray(photo).astype(int)
    assert inside.sum() > 10_000 and outside.sum() > 10_000
    np.testing.assert_array_equal(result[outside], before[outside])
    assert np.abs(result[inside] - (255 - before[inside])).mean() < 1


@pytest.mark.parametrize("scale", [0.07, 0.4, 1.0, 3.0])
def test_outside_of_the_face_each_pixel_stays(scale):
    """Faces of 20 to 900 pixels; what is pasted is at most a pixel larger."""
    rng = np.random.default_rng(1)
    photo = Image.fromarray(rng.integers(0, 255, (300, 400, 3), np.uint8))
    matrix = np.linalg.inv(drawn.placed(scale, -20, 150, 120))
    crop = Image.new("RGB", (256, 256), "red")
    result = align.put_back(photo, crop, Image.new("L", (256, 256), 255), matrix)
    x, y = np.meshgrid(np.arange(400), np.arange(300))
    places = align.apply(matrix, np.stack([x, y], axis=-1).astype(float))
    margin = 0.5 + max(1, 1 / scale)
    outside = ((places < -margin) | (places > 255 + margin)).any(axis=-1)
    inside = ((places > margin) & (places < 255 - margin)).all(axis=-1)
    assert inside.sum() > 100 and outside.sum() > 1000
    before, after = np.asarray(photo), np.asarray(result)
    np.testing.assert_array_equal(after[outside], before[outside])
    np.testing.assert_array_equal(
        after[inside], np.broadcast_to((255, 0, 0), after[inside].shape)
    )


def test_a_crop_beside_the_photo_changes_nothing():
    photo = gradient(60, 40)
    crop = Image.new("RGB", (64, 64), "red")
    mask = Image.new("L", (64, 64), 255)
    result = align.put_back(photo, crop, mask, drawn.placed(x=500))
    np.testing.assert_array_equal(np.asarray(result), np.asarray(photo))


def test_a_drawn_face_is_brought_to_the_shape():
    photo = drawn.photo((500, 400))
    drawn.draw(photo, drawn.placed(0.8, 30, 220, 60))
    (landmarks,) = align.find_faces(drawn.DRAWN, photo)
    matrix = align.similarity(landmarks, drawn.SHAPE, 256)
    crop = np.asarray(align.crop_face(photo, matrix, 256)).astype(int)
    upright = drawn.photo((256, 256))
    for x, y in drawn.SHAPE[[60, 72, 76, 82, 96, 97]]:
        ImageDraw.Draw(upright).circle((x, y), 2, (250, 220, 200))
    dots = np.asarray(upright)[..., 0] == 250
    assert crop[dots][:, 0].mean() > 200


# === What others give ===


class Broken:
    name = "broken"

    def __init__(self, result):
        self.result = result

    def find(self, image):
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (np.zeros((98, 2)), r"\(faces, 98, 2\). Received: shape \(98, 2\)"),
        (np.zeros((2, 68, 2)), r"Received: shape \(2, 68, 2\)"),
        (np.full((1, 98, 2), np.nan), "'broken' must return finite numbers"),
        (ImportError("It needs ai-edge-litert"), "needs ai-edge-litert"),
    ],
)
def test_a_provider_that_returns_something_else(result, message):
    with pytest.raises(InputError, match=message):
        align.find_faces(Broken(result), drawn.photo())


@pytest.mark.parametrize("shape", [(98, 2), (196,)])
def test_the_official_mean_shape_is_read(tmp_path, shape):
    path = tmp_path / "celeba_lm_mean.npz"
    np.savez(path, mean=REFERENCE.reshape(shape))
    np.testing.assert_array_equal(align.read_shape(path), REFERENCE)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No such file"),
        (b"", "not a zip archive"),
        ({"mean": np.zeros(136)}, r"'mean' has the shape \(136,\)"),
        ({"median": np.zeros(196)}, "mean is not a file in the archive"),
        ({"mean": np.full(196, np.inf)}, "points x, y"),
        ({"mean": np.array(["a"])}, "could not convert"),
    ],
)
def test_what_is_no_mean_shape_is_one_line(tmp_path, content, message):
    path = tmp_path / "shape.npz"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        np.savez(path, **content)
    with pytest.raises(InputError, match=message) as caught:
        align.read_shape(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
