"""The four portraits are synthetic and CC0.

Where their eyes, noses, and mouths are was read off enlargements by eye.
"""

import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stargan_tf.plugin import InputError, face_masks, heat_maps_of

pytest.importorskip("ai_edge_litert")

from stargan_tf_mediapipe import PROVIDER
from stargan_tf_mediapipe.detector import FaceDetector, _anchors, _blend
from stargan_tf_mediapipe.landmarks import LINES, landmarks_of
from stargan_tf_mediapipe.mesh import Crop, crop_around, cut
from stargan_tf_mediapipe.provider import MediaPipe

FACES = Path(__file__).parent / "faces"
# Pupils, tip of the nose, corners of the mouth: landmarks 96, 97, 54, 76, 82.
EYE_NOSE_MOUTH = {
    "female_2": [(50, 41), (73, 39), (61, 54), (52, 62), (72, 60)],
    "female_7": [(61.5, 42), (79.5, 46.5), (70, 55), (58.5, 62.5), (76, 65.5)],
    "male_4": [(42.5, 42.5), (62, 43), (50, 54), (44, 63.5), (59, 65)],
    "male_7": [(49, 52), (81, 52), (65, 68), (50.5, 84.5), (79.5, 84)],
}
# The number of each landmark in a mirrored image.
MIRRORED = np.array(
    [
        *range(32, -1, -1),
        *(46, 45, 44, 43, 42, 50, 49, 48, 47, 37, 36, 35, 34, 33, 41, 40, 39, 38),
        *(51, 52, 53, 54, 59, 58, 57, 56, 55),
        *(72, 71, 70, 69, 68, 75, 74, 73, 64, 63, 62, 61, 60, 67, 66, 65),
        *(82, 81, 80, 79, 78, 77, 76, 87, 86, 85, 84, 83),
        *(92, 91, 90, 89, 88, 95, 94, 93, 97, 96),
    ]
)


def portrait(name="male_7"):
    return Image.open(FACES / f"{name}.jpg")


def find(picture):
    return PROVIDER.find(np.asarray(picture.convert("RGB")))


def error(landmarks, expected):
    """The mean distance over the height of the face."""
    distances = np.linalg.norm(landmarks - expected, axis=-1)
    return distances.mean() / np.ptp(expected[:, 1])


def meadow(width, height):
    """A picture without a face."""
    random = np.random.default_rng(1)
    colors = random.integers(0, 256, (height // 16 + 1, width // 16 + 1, 3), np.uint8)
    return Image.fromarray(colors).resize((width, height), Image.Resampling.BICUBIC)


def test_the_entry_point_is_the_provider_and_importing_it_is_cheap():
    (point,) = entry_points(group="stargan_tf.landmarks", name="mediapipe")
    assert point.load() is PROVIDER
    code = (
        "import sys, stargan_tf_mediapipe\n"
        "heavy = {'tensorflow', 'keras', 'ai_edge_litert'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", EYE_NOSE_MOUTH)
def test_landmarks_are_where_one_sees_them(name):
    (landmarks,) = find(portrait(name))
    assert landmarks.dtype == np.float32
    assert landmarks.shape == (98, 2)
    found = landmarks[[96, 97, 54, 76, 82]]
    assert np.abs(found - EYE_NOSE_MOUTH[name]).max() < 3


def test_a_mirrored_portrait_has_mirrored_landmarks():
    (landmarks,) = find(portrait())
    (mirrored,) = find(portrait().transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    mirrored = mirrored[MIRRORED]
    mirrored[:, 0] = 127 - mirrored[:, 0]
    assert error(mirrored, landmarks) < 0.02


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (200, 150), (1500, 40)])
def test_no_face(size):
    assert find(meadow(*size)).shape == (0, 98, 2)
    assert find(Image.new("RGB", size)).shape == (0, 98, 2)


def test_two_faces_the_larger_one_first():
    photo = meadow(400, 200)
    photo.paste(portrait("female_2").resize((96, 96)), (10, 40))
    photo.paste(portrait("male_7"), (220, 30))
    large, small = find(photo)
    (expected,) = find(portrait("male_7"))
    assert error(large - (220, 30), expected) < 0.02
    (expected,) = find(portrait("female_2"))
    assert error(small - (10, 40), expected * 0.75) < 0.02


@pytest.mark.parametrize("angle", [-45, 20, 60])
def test_a_rotated_face(angle):
    photo = meadow(256, 256)
    photo.paste(portrait(), (64, 64))
    (upright,) = find(photo)
    (turned,) = find(photo.rotate(angle, Image.Resampling.BICUBIC))
    turn = np.deg2rad(angle)
    matrix = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    assert error(turned, (upright - 127.5) @ matrix + 127.5) < 0.03


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_gray_and_cmyk_photos(mode):
    (expected,) = find(portrait())
    content = io.BytesIO()
    portrait().convert(mode).save(content, "JPEG", quality=95)
    (landmarks,) = find(Image.open(content))
    assert error(landmarks, expected) < 0.02


@pytest.mark.parametrize("size", [(320, 240), (1024, 600)])
def test_a_face_of_20_pixels(size):
    (expected,) = find(portrait())
    scale = 20 / np.ptp(expected[:, 1])
    side = round(128 * scale)
    photo = meadow(*size)
    photo.paste(portrait().resize((side, side)), (181, 97))
    (landmarks,) = find(photo)
    assert error((landmarks - (181, 97) + 0.5) * 128 / side - 0.5, expected) < 0.06


def test_a_large_photo():
    (expected,) = find(portrait())
    (landmarks,) = find(portrait().resize((3000, 3000), Image.Resampling.BICUBIC))
    assert error((landmarks + 0.5) * 128 / 3000 - 0.5, expected) < 0.01


def test_threads_share_the_provider():
    pictures = [portrait(name) for name in EYE_NOSE_MOUTH] * 2
    expected = [find(picture) for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        for landmarks, alone in zip(pool.map(find, pictures), expected, strict=True):
            np.testing.assert_array_equal(landmarks, alone)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((8, 8, 3)),
        np.zeros((8, 8), np.uint8),
        np.zeros((8, 8, 4), np.uint8),
        np.zeros((0, 8, 3), np.uint8),
        [[1]],
    ],
)
def test_what_is_no_image_is_refused(image):
    with pytest.raises(InputError, match=r"uint8 array.*Received: .*Convert a"):
        PROVIDER.find(image)


def test_without_litert_the_error_names_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(ImportError, match=r"pip install .stargan-tf-mediapipe\[litert"):
        MediaPipe().find(np.zeros((8, 8, 3), np.uint8))


@pytest.mark.parametrize("is_traced", [False, True])
def test_masks_of_a_batch(is_traced):
    import tensorflow as tf

    pictures = [portrait("male_7"), meadow(128, 128), portrait("male_4")]
    images = np.stack([np.float32(p) / 127.5 - 1 for p in pictures])
    provider = tf.function(PROVIDER) if is_traced else PROVIDER
    masks = np.array(provider(tf.constant(images)))
    assert masks.shape == (3, 128, 128, 2)
    assert not masks[1].any()
    for k in (0, 2):
        (landmarks,) = find(pictures[k])
        expected = face_masks(heat_maps_of(landmarks[None], 128), 128)[0]
        np.testing.assert_allclose(masks[k], expected, atol=0.02)
        # The tip of the nose belongs to both masks, a corner of the image to none.
        x, y = np.rint(landmarks[54]).astype(int)
        assert (masks[k, y, x] > 0.5).all() and not masks[k, 2, 2].any()


def test_anchors_stand_in_the_order_of_the_network():
    anchors = _anchors()
    assert anchors.shape == (896, 2)
    numbers = [0, 1, 2, 32, 511, 512, 517, 518, 895]
    centers = [(4, 4), (4, 4), (12, 4), (4, 12), (124, 124)]
    centers += [(8, 8), (8, 8), (24, 8), (120, 120)]
    np.testing.assert_array_equal(anchors[numbers], centers)


def test_overlapping_boxes_are_blended_by_score():
    points = np.zeros((3, 8, 2))
    points[0, :2] = [(0, 0), (10, 10)]
    points[1, :2] = [(2, 2), (12, 12)]
    points[2, :2] = [(40, 40), (50, 50)]
    one, other = _blend(points, np.array([0.9, 0.3, 0.8]))
    np.testing.assert_allclose(one.box, [(0.5, 0.5), (10.5, 10.5)])
    assert (one.score, other.score) == (0.9, 0.8)


def test_a_face_that_a_tile_cuts_is_found_once():
    photo = meadow(512, 512)
    photo.paste(portrait().resize((64, 64)), (100, 220))
    faces = [
        face for level in FaceDetector().levels(np.asarray(photo)) for face in level
    ]
    centers = np.array([face.box.mean(axis=0) for face in faces])
    assert len(faces)
    assert np.ptp(centers, axis=0).max() < 5


def test_a_crop_is_level_and_continues_the_image():
    crop = crop_around(np.array([(10, 20), (30, 60)]), np.array([(0, 0), (0, 5)]))
    assert crop.side == 60
    np.testing.assert_allclose(crop.center, (20, 40))
    # The eyes are upright, and so is the crop's x axis.
    np.testing.assert_allclose(crop.to_image(np.array([1, 0.5])), (20, 70))
    image = np.asarray(meadow(192, 192))
    whole = Crop(np.array([96, 96]), 192, 0)
    np.testing.assert_allclose(cut(image, whole), image, atol=1e-9)
    shifted = cut(image, Crop(np.array([-96, 96]), 192, 0))
    np.testing.assert_allclose(shifted, np.repeat(image[:, :1], 192, axis=1), atol=1e-9)


def test_landmarks_stand_at_equal_distances_on_the_lines():
    mesh = np.random.default_rng(0).uniform(size=(468, 2))
    landmarks = landmarks_of(mesh)
    assert np.isfinite(landmarks).all()
    assert {n for numbers, _ in LINES for n in numbers} == set(range(96))
    for numbers, line in LINES:
        ends = landmarks[[numbers[0], numbers[-1]]]
        np.testing.assert_allclose(ends, mesh[[line[0], line[-1]]], rtol=1e-6)
    mesh[[30, *LINES[0][1]]] = [(k, 0) for k in (0, *np.linspace(0, 1, 23) ** 2)]
    contour = landmarks_of(mesh)[:33, 0]
    np.testing.assert_allclose(contour, np.arange(33) / 32, atol=1e-6)
