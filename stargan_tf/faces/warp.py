"""Crops of photos by a similarity transform, and crops laid back over their photos.

One resampling makes a crop. What it shows beyond the photo's border is mirrored, and
the blurrier the farther out.

A similarity is a matrix (3, 3) from x, y to x, y in pixels; the center of the first
pixel is (0, 0).
"""

import math

import numpy as np
from PIL import Image, ImageFilter

# Beyond the photo's border, as shares of the crop's side: standard deviation of the
# blur, and the distance at which nothing is left of the sharp image.
BLUR, REACH = 0.016, 0.5
# The share of the sharp image falls with this power of the distance left.
FADING = 4


def similarity_matrix(factor: complex, shift: complex) -> np.ndarray:
    """Returns the similarity z → factor · z + shift, with z = x + iy."""
    a, b = factor.real, factor.imag
    return np.array([[a, -b, shift.real], [b, a, shift.imag], [0.0, 0.0, 1.0]])


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


def _shift(x: float, y: float | None = None) -> np.ndarray:
    return similarity_matrix(1 + 0j, complex(x, x if y is None else y))


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
