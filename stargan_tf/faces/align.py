"""Alignment: faces in photos, rotated, scaled, and cropped as in CelebA-HQ.

The landmarks of a face and a reference shape give a similarity transform, and one
resampling makes the crop. Beyond the border of the photo the crop shows the mirrored
photo, which is blurred more and more with the distance. `put_back` pastes a crop back.

Landmarks are x, y in pixels. Transforms are matrices (3, 3) from x, y to x, y in
pixels. The center of the first pixel is (0, 0).
"""

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageFilter

from stargan_tf.archives import open_arrays
from stargan_tf.data.files import say_once
from stargan_tf.data.source import UnreadableImage
from stargan_tf.errors import InputError
from stargan_tf.native_output import without_lines

if TYPE_CHECKING:
    from stargan_tf.faces.providers import LandmarkProvider

NUM_LANDMARKS = 98
# In the order of WFLW: the contour and pupil of each eye, and the corners of the mouth.
LEFT_EYE, RIGHT_EYE = (*range(60, 68), 96), (*range(68, 76), 97)
MOUTH = (76, 82)
ANCHORS = [*MOUTH, 96, 97]
# Side of the image in whose pixels a reference shape is given.
REFERENCE_SIDE = 256
# Made by `python -m stargan_tf.faces.mean_shape`.
MEAN_SHAPE = Path(__file__).with_name("mean_shape.npz")
# A face that is enlarged more than this many times is reported.
MUCH_LARGER = 4
# Beyond the border of the photo, in units of the crop's side: standard deviation of the
# blur, and the distance at which only the blurred image is left.
BLUR, REACH = 0.016, 0.5
# The sharp image fades with this power of the remaining distance.
FADING = 4
# What LiteRT prints when a provider opens its networks.
_CHATTER = re.compile(rb"INFO: ")


# === Which transform ===


class NoFace(UnreadableImage):
    """A photo in which no face was found."""


@dataclass(frozen=True)
class Aligner:
    """Where the faces in photos are, and where they belong in a crop.

    Args:
        provider: finds the landmarks.
        shape: (98, 2), the landmarks in an aligned image of 256 × 256 pixels.
        image_size: side of the crops in pixels.
    """

    provider: "LandmarkProvider"
    shape: np.ndarray
    image_size: int

    def faces(
        self, photo: Image.Image, name: str, all_faces: bool = False
    ) -> list[np.ndarray]:
        """Finds the faces in a photo, the largest first.

        Reports which face it chose if there are several, and faces that are small.

        Args:
            photo: in RGB.
            name: what messages call the photo.
            all_faces: whether to return all faces, not only the largest.

        Returns:
            For each face a matrix (3, 3): pixels of the photo → pixels of the crop.

        Raises:
            NoFace: if there is no face.
            InputError: see `find_faces`.
        """
        found = find_faces(self.provider, photo)
        if not len(found):
            raise NoFace(f"{name}: no face was found.")
        if len(found) > 1 and not all_faces:
            (left, top), (right, bottom) = found[0].min(axis=0), found[0].max(axis=0)
            say_once(
                f"{name} shows {len(found)} faces; the largest is taken, at x "
                f"{left:.0f} to {right:.0f} and y {top:.0f} to {bottom:.0f}."
            )
            found = found[:1]
        faces = [similarity(points, self.shape, self.image_size) for points in found]
        for points, face in zip(found, faces, strict=True):
            if scale_of(face) > MUCH_LARGER:
                say_once(
                    f"{name}: a face of {np.ptp(points[:, 0]):.0f} pixels is "
                    f"enlarged {scale_of(face):.1f} times, so its crop is blurred."
                )
        return faces


def find_faces(provider: "LandmarkProvider", photo: Image.Image) -> np.ndarray:
    """Finds the landmarks of all faces in a photo in RGB.

    Returns:
        float64 (faces, 98, 2), the largest face first.

    Raises:
        InputError: if the provider returns anything else, or needs a package that is
            not installed.
    """
    try:
        with without_lines(_CHATTER):
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

    The means of all landmarks coincide, and so do the directions of the axes. The scale
    is the mean ratio of the distances from the mean, over the pupils and the corners
    of the mouth.

    Args:
        landmarks: (98, 2).
        shape: (98, 2) in pixels of a 256 × 256 image.
        image_size: side of the crop to make, in pixels.

    Returns:
        float64 (3, 3): pixels of the photo → pixels of the crop.

    Raises:
        InputError: if the landmarks are all the same point.

    Reference: the axis is that of CelebA-HQ (see `mean_shape.celeba_hq_crop`), mean and
        scale those of the official code of StarGAN v2 (Choi et al. 2020).
    """
    source = as_complex(landmarks)
    target = (as_complex(shape) + 0.5 + 0.5j) * image_size / REFERENCE_SIDE - 0.5 - 0.5j
    source_mean, target_mean = source.mean(), target.mean()
    with np.errstate(all="ignore"):
        ratios = abs((target - target_mean)[ANCHORS] / (source - source_mean)[ANCHORS])
        turn = face_axis(target) / face_axis(source)
        factor = ratios.mean() * turn / abs(turn)
    if not np.isfinite(factor) or factor == 0:
        raise InputError(
            "The landmarks of a face are 98 different points. Received: points without "
            "a size or a direction. Use another landmark provider."
        )
    return similarity_matrix(factor, target_mean - factor * source_mean)


def as_complex(points: np.ndarray) -> np.ndarray:
    """Points (…, 2) as complex numbers x + iy."""
    return points[..., 0] + 1j * np.asarray(points[..., 1], np.float64)


def eyes_and_mouth(points: np.ndarray) -> tuple[complex, complex, complex]:
    """Vectors from eye to eye and from eyes to mouth; the point between the eyes."""
    left, right, mouth = (
        points[list(part)].mean() for part in (LEFT_EYE, RIGHT_EYE, MOUTH)
    )
    eyes = (left + right) / 2
    return right - left, mouth - eyes, eyes


def face_axis(points: np.ndarray) -> complex:
    """The direction of a face's x axis, a complex number of any size."""
    across, down, _ = eyes_and_mouth(points)
    return across - 1j * down


def similarity_matrix(factor: complex, shift: complex) -> np.ndarray:
    """The transform z → factor · z + shift, with z = x + iy."""
    a, b = factor.real, factor.imag
    return np.array([[a, -b, shift.real], [b, a, shift.imag], [0.0, 0.0, 1.0]])


def apply(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Transforms points (…, 2) by a matrix (3, 3)."""
    return points @ matrix[:2, :2].T + matrix[:2, 2]


def scale_of(matrix: np.ndarray) -> float:
    """How many times a matrix (3, 3) enlarges."""
    return math.hypot(matrix[0, 0], matrix[1, 0])


# === Pixels ===


def crop_face(photo: Image.Image, matrix: np.ndarray, image_size: int) -> Image.Image:
    """Makes the crop of a face.

    Args:
        photo: in RGB or gray.
        matrix: (3, 3), pixels of the photo → pixels of the crop.
        image_size: side of the crop in pixels.
    """
    margin = math.ceil(3 * BLUR * image_size)  # The blur reads this far.
    side = image_size + 2 * margin
    to_photo = np.linalg.inv(_of_corners(matrix)) @ _shift(-margin, -margin)
    crop = _resampled(photo, to_photo, (side, side), mirrored=True)
    share = _sharp_share(photo.size, to_photo, side, REACH * image_size)
    if share.min() < 1:
        blurred = crop.filter(ImageFilter.GaussianBlur(BLUR * image_size))
        mask = Image.fromarray(np.rint(255 * share).astype(np.uint8))
        crop = Image.composite(crop, blurred, mask)
    return crop.crop((margin, margin, side - margin, side - margin))


def put_back(
    photo: Image.Image, crop: Image.Image, mask: Image.Image, matrix: np.ndarray
) -> Image.Image:
    """Pastes a crop back into its photo.

    Args:
        photo: the photo, which stays as it is.
        crop: the crop or a translation of it, in the mode of the photo.
        mask: opacity of the crop, in gray and as large as the crop.
        matrix: as given to `crop_face`.

    Returns:
        A new image as large as the photo.
    """
    to_crop = _of_corners(matrix)
    first, last = np.clip(_bounds(np.linalg.inv(to_crop), crop.size), 0, photo.size)
    result = photo.copy()
    if (last > first).all():
        size = tuple((last - first).tolist())
        place = to_crop @ _shift(*first)
        pasted = _resampled(crop, place, size)
        result.paste(pasted, tuple(first.tolist()), _resampled(mask, place, size))
    return result


def _shift(x: float, y: float) -> np.ndarray:
    return similarity_matrix(1 + 0j, complex(x, y))


def _of_corners(matrix: np.ndarray) -> np.ndarray:
    """The same transform if (0, 0) is the corner of an image, as in Pillow."""
    return _shift(0.5, 0.5) @ matrix @ _shift(-0.5, -0.5)


def _bounds(matrix: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Left top and right bottom of a transformed image, in whole pixels."""
    width, height = size
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]])
    corners = apply(matrix, corners)
    bounds = np.floor(corners.min(axis=0)), np.ceil(corners.max(axis=0))
    return np.array(bounds).astype(int)


def _resampled(
    image: Image.Image,
    to_image: np.ndarray,
    size: tuple[int, int],
    mirrored: bool = False,
) -> Image.Image:
    """Resamples an image, bicubic, with antialiasing where it becomes smaller.

    Args:
        to_image: (3, 3), from the result to the image, in pixels from their corners.
        size: width and height of the result.
        mirrored: whether the image is mirrored beyond its border; else that is black.
    """
    step = scale_of(to_image)  # Pixels of the image for one of the result.
    # First by whole pixels, which is fast and bounds the memory: under four pixels for
    # one of the result are left.
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
    # Bicubic interpolation reads two pixels farther.
    first, last = _bounds(to_image, size) + np.array([[-3], [3]])
    columns, rows = (
        _mirrored(np.arange(start, end), length)
        for start, end, length in zip(first, last, image.size, strict=True)
    )
    left, top = int(columns.min()), int(rows.min())
    part = image.crop((left, top, int(columns.max()) + 1, int(rows.max()) + 1))
    pixels = np.asarray(part)[rows - top][:, columns - left]
    return Image.fromarray(pixels), _shift(*-first) @ to_image


def _mirrored(places: np.ndarray, length: int) -> np.ndarray:
    """Reflects places beyond the ends of a line, without repeating the ends."""
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
