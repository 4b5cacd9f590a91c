"""Photos of faces, rotated, scaled, and cropped as CelebA-HQ's images are.

The landmarks of a face and a reference shape give a similarity transform, and one
resampling makes the crop. What the crop shows beyond the photo's border is mirrored,
and the blurrier the farther out. The way back puts a crop into its photo again.

Points and landmarks are x, y in pixels; the center of the first pixel is (0, 0).

`python -m stargan_tf.faces.align PROVIDER FOLDER OUTPUT.npz` computes a reference
shape from the photos in a folder. `mean_shape.npz` was made so, of synthetic portraits
(CC0) and with the provider `mediapipe`.
"""

import math
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageFilter

from stargan_tf.archives import open_arrays, write_arrays
from stargan_tf.errors import InputError

if TYPE_CHECKING:
    from stargan_tf.faces.providers import LandmarkProvider

NUM_LANDMARKS = 98
# In the order of WFLW: contour and pupil of either eye, and the corners of the mouth.
LEFT_EYE, RIGHT_EYE = (*range(60, 68), 96), (*range(68, 76), 97)
MOUTH = (76, 82)
ANCHORS = (*MOUTH, 96, 97)
# Side of the image in whose pixels a reference shape is given.
REFERENCE_SIDE = 256
MEAN_SHAPE = Path(__file__).with_name("mean_shape.npz")
# Beyond the photo's border, as shares of the crop's side: standard deviation of the
# blur, and the distance at which nothing is left of the sharp image.
BLUR, REACH = 0.016, 0.5
# The share of the sharp image falls with this power of the distance left.
FADING = 4


def find_faces(provider: "LandmarkProvider", photo: Image.Image) -> np.ndarray:
    """The landmarks of all faces in a photo.

    Args:
        provider: who finds them.
        photo: in RGB.

    Returns:
        float64 (faces, 98, 2), the largest face first.

    Raises:
        InputError: if the provider returns something else, or needs a package that is
            not installed.
    """
    try:
        found = np.asarray(provider.find(np.asarray(photo)), np.float64)
    except ImportError as error:
        raise InputError(str(error)) from error
    if found.shape[1:] != (NUM_LANDMARKS, 2) or not np.isfinite(found).all():
        raise InputError(
            f"The landmark provider '{provider.name}' must return finite numbers of "
            f"the shape (faces, {NUM_LANDMARKS}, 2). Received: shape {found.shape}. "
            "Update it, or use another one."
        )
    return found


def read_shape(path: Path = MEAN_SHAPE) -> np.ndarray:
    """Reads a reference shape: the array `mean` of an `.npz` file.

    `celeba_lm_mean.npz` of StarGAN v2's authors is such a file.

    Returns:
        float64 (98, 2), in pixels of a 256 × 256 image.

    Raises:
        InputError: if the file cannot be read, or holds something else.
    """
    try:
        with open_arrays(path) as arrays:
            shape = np.asarray(arrays["mean"], np.float64)
        if shape.size != 2 * NUM_LANDMARKS or not np.isfinite(shape).all():
            raise ValueError(f"its array 'mean' has the shape {shape.shape}")
    # Which error a damaged file raises depends on the byte.
    except Exception as error:
        reason = str(error).rstrip(".") or type(error).__name__
        raise InputError(
            f"A mean shape is an .npz file whose array 'mean' has {NUM_LANDMARKS} "
            f"points x, y. Received: {path}, and {reason}. Leave it out for the shape "
            "that comes with the package."
        ) from error
    return shape.reshape(NUM_LANDMARKS, 2)


def similarity(
    landmarks: np.ndarray, shape: np.ndarray, image_size: int = REFERENCE_SIDE
) -> np.ndarray:
    """The transform that brings a face to a reference shape.

    It brings the mean of all landmarks to that of the shape, turns the face's axis into
    that of the shape, and scales by the mean ratio of the distances of pupils and
    corners of the mouth from the mean.

    Args:
        landmarks: (98, 2).
        shape: (98, 2) in pixels of a 256 × 256 image.
        image_size: side of the crop to make, in pixels.

    Returns:
        float64 (3, 3): pixels of the photo → pixels of the crop.

    Raises:
        InputError: if the landmarks are all the same point.

    Reference: the axis is that of CelebA-HQ, see `celeba_hq_crop`; mean and scale are
        those of the official code of StarGAN v2 (Choi et al. 2020).
    """
    source = _complex(landmarks)
    target = (_complex(shape) + 0.5 + 0.5j) * image_size / REFERENCE_SIDE - 0.5 - 0.5j
    source_mean, target_mean = source.mean(), target.mean()
    anchors = list(ANCHORS)
    with np.errstate(all="ignore"):
        ratios = abs((target - target_mean)[anchors] / (source - source_mean)[anchors])
        turn = _axis(target) / _axis(source)
        factor = ratios.mean() * turn / abs(turn)
    if not np.isfinite(factor) or factor == 0:
        raise InputError(
            "Landmarks of a face are 98 different points. Received: points that give "
            "neither a size nor a direction. Use another landmark provider."
        )
    return _matrix(factor, target_mean - factor * source_mean)


def celeba_hq_crop(landmarks: np.ndarray) -> np.ndarray:
    """The transform that crops a face as CelebA-HQ's authors do, from this face alone.

    Args:
        landmarks: (98, 2).

    Returns:
        float64 (3, 3): pixels of the photo → pixels of a 256 × 256 crop.

    Reference: Progressive Growing of GANs (Karras et al. 2018), appendix C, with the
        means of the eyes' landmarks as the eyes.
    """
    points = _complex(landmarks)
    across, down, eyes = _eyes_and_mouth(points)
    side = max(4.0 * abs(across), 3.6 * abs(down))
    axis = _axis(points)
    factor = REFERENCE_SIDE / side * abs(axis) / axis
    middle = (REFERENCE_SIDE - 1) / 2 * (1 + 1j)
    return _matrix(factor, middle - factor * (eyes + 0.1 * down))


def mean_shape(faces: Iterable[np.ndarray]) -> np.ndarray:
    """The mean of the landmarks of faces, each within its `celeba_hq_crop`.

    Args:
        faces: landmarks (98, 2) of each.

    Returns:
        float64 (98, 2), in pixels of a 256 × 256 image.
    """
    crops = [apply(celeba_hq_crop(landmarks), landmarks) for landmarks in faces]
    return np.mean(crops, axis=0)


def apply(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Transforms points (…, 2) by a similarity (3, 3)."""
    return points @ matrix[:2, :2].T + matrix[:2, 2]


def scale_of(matrix: np.ndarray) -> float:
    """How much a similarity (3, 3) enlarges."""
    return math.hypot(matrix[0, 0], matrix[1, 0])


def crop_face(photo: Image.Image, matrix: np.ndarray, image_size: int) -> Image.Image:
    """Makes the crop of a face.

    Args:
        photo: in RGB or gray.
        matrix: (3, 3), pixels of the photo → pixels of the crop.
        image_size: side of the crop.
    """
    margin = math.ceil(3 * BLUR * image_size)  # that the blur looks into
    side = image_size + 2 * margin
    to_photo = np.linalg.inv(_of_corners(matrix)) @ _shift(-margin)
    crop = _resampled(photo, to_photo, (side, side), mirrored=True)
    share = _sharp_share(photo.size, to_photo, side, REACH * image_size)
    if share.min() < 1:
        blurred = np.asarray(crop.filter(ImageFilter.GaussianBlur(BLUR * image_size)))
        sharp = np.asarray(crop).astype(np.float64)
        share = share if sharp.ndim == 2 else share[..., None]
        mixed = blurred + (sharp - blurred) * share
        crop = Image.fromarray(np.rint(mixed).astype(np.uint8))
    return crop.crop((margin, margin, side - margin, side - margin))


def put_back(
    photo: Image.Image, crop: Image.Image, mask: Image.Image, matrix: np.ndarray
) -> Image.Image:
    """Lays a crop over the photo that it was made of.

    Args:
        photo: the photo.
        crop: the crop, changed or not, in the photo's mode.
        mask: gray, as large as the crop: how much of it is seen.
        matrix: as given to `crop_face`.

    Returns:
        A new image as large as the photo.
    """
    to_crop = _of_corners(matrix)
    corners = apply(np.linalg.inv(to_crop), _corners(crop.size))
    first = np.clip(np.floor(corners.min(axis=0)), 0, photo.size).astype(int)
    last = np.clip(np.ceil(corners.max(axis=0)), 0, photo.size).astype(int)
    result = photo.copy()
    if (last > first).all():
        size = tuple((last - first).tolist())
        place = to_crop @ _shift(*first)
        shown = _resampled(crop, place, size)
        result.paste(shown, tuple(first.tolist()), _resampled(mask, place, size))
    return result


def _complex(points: np.ndarray) -> np.ndarray:
    return points[..., 0] + 1j * np.asarray(points[..., 1], np.float64)


def _eyes_and_mouth(points: np.ndarray) -> tuple[complex, complex, complex]:
    """From eye to eye, from the eyes to the mouth, and the middle of the eyes."""
    left, right, mouth = (
        points[list(part)].mean() for part in (LEFT_EYE, RIGHT_EYE, MOUTH)
    )
    eyes = (left + right) / 2
    return right - left, mouth - eyes, eyes


def _axis(points: np.ndarray) -> complex:
    """The direction of the face's own x axis."""
    across, down, _ = _eyes_and_mouth(points)
    return across - 1j * down


def _matrix(factor: complex, shift: complex) -> np.ndarray:
    """The matrix of z → factor · z + shift, with z = x + iy."""
    a, b = factor.real, factor.imag
    return np.array([[a, -b, shift.real], [b, a, shift.imag], [0.0, 0.0, 1.0]])


def _shift(x: float, y: float | None = None) -> np.ndarray:
    return _matrix(1 + 0j, complex(x, x if y is None else y))


def _of_corners(matrix: np.ndarray) -> np.ndarray:
    """The same transform where (0, 0) is the corner of an image, as in Pillow."""
    return _shift(0.5) @ matrix @ _shift(-0.5)


def _corners(size: tuple[int, int]) -> np.ndarray:
    width, height = size
    return np.array([[0, 0], [width, 0], [0, height], [width, height]], np.float64)


def _resampled(
    image: Image.Image,
    to_image: np.ndarray,
    size: tuple[int, int],
    mirrored: bool = False,
) -> Image.Image:
    """Resamples an image once, bicubic; where it gets smaller, with antialiasing.

    Args:
        image: the image.
        to_image: (3, 3), places in the result → places in the image, from the corners.
        size: width and height of the result.
        mirrored: whether the image goes on beyond its border; else there is black.
    """
    step = scale_of(to_image)  # pixels of the image for one of the result
    # First by whole pixels, which is fast; at most four samples a side are left.
    shrink = max(1, int(step / 2))
    if shrink > 1:
        image = image.reduce(shrink)
        to_image = np.diag([1 / shrink, 1 / shrink, 1.0]) @ to_image
    samples = max(1, math.ceil(step / shrink - 0.01))
    if mirrored:
        image, to_image = _beyond_border(image, to_image, size)
    width, height = size
    coefficients = (to_image @ np.diag([1 / samples, 1 / samples, 1.0]))[:2].ravel()
    result = image.transform(
        (width * samples, height * samples),
        Image.Transform.AFFINE,
        coefficients.tolist(),
        Image.Resampling.BICUBIC,
    )
    return result.reduce(samples) if samples > 1 else result


def _beyond_border(
    image: Image.Image, to_image: np.ndarray, size: tuple[int, int]
) -> tuple[Image.Image, np.ndarray]:
    """The part of an image that a result shows, mirrored beyond its border."""
    corners = apply(to_image, _corners(size))
    # Bicubic interpolation looks two pixels farther.
    first = np.floor(corners.min(axis=0)).astype(int) - 3
    last = np.ceil(corners.max(axis=0)).astype(int) + 3
    columns, rows = (
        _mirrored(np.arange(start, end), length)
        for start, end, length in zip(first, last, image.size, strict=True)
    )
    left, top = int(columns.min()), int(rows.min())
    part = image.crop((left, top, int(columns.max()) + 1, int(rows.max()) + 1))
    pixels = np.asarray(part)[rows - top][:, columns - left]
    return Image.fromarray(pixels), _shift(*-first) @ to_image


def _mirrored(places: np.ndarray, length: int) -> np.ndarray:
    """Brings places beyond the ends of a line into it, without repeating the ends."""
    period = max(1, 2 * (length - 1))
    places = places % period
    return np.minimum(places, period - places)


def _sharp_share(
    size: tuple[int, int], to_photo: np.ndarray, side: int, reach: float
) -> np.ndarray:
    """(side, side): 1 in the photo, falling to 0 at `reach` pixels beyond it."""
    centers = np.arange(side) + 0.5
    points = np.stack(np.meshgrid(centers, centers), axis=-1)
    places = apply(to_photo, points) - 0.5
    beyond = np.maximum(-places, places - (np.array(size) - 1)).max(axis=-1)
    left = 1 - beyond / (reach * scale_of(to_photo))
    return np.clip(left, 0, 1) ** FADING


def _main() -> None:
    from stargan_tf.data.pictures import read_picture
    from stargan_tf.faces.providers import landmark_provider
    from stargan_tf.translation.pictures import find_inputs

    name, folder, output = sys.argv[1:]
    provider = landmark_provider(name)
    photos = (read_picture(picture.path) for picture in find_inputs([folder]))
    found = (find_faces(provider, photo) for photo in photos)
    faces = [landmarks[0] for landmarks in found if len(landmarks)]
    mean = mean_shape(faces).astype(np.float32)
    write_arrays(Path(output), {"mean": mean}, "mean shape")
    print(f"Wrote {output}: the mean of {len(faces)} faces")


if __name__ == "__main__":
    _main()
