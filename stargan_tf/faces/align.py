"""Photos of faces, rotated, scaled, and cropped as CelebA-HQ's images are.

The landmarks of a face and a reference shape give a similarity transform, by which
`faces.warp` makes the crop. Landmarks are x, y in pixels; the center of the first pixel
is (0, 0).

`python -m stargan_tf.faces.align PROVIDER FOLDER OUTPUT.npz` computes a reference
shape from the photos in a folder. `mean_shape.npz` was made so, of synthetic portraits
(CC0) and with the provider `mediapipe`.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from stargan_tf.archives import open_arrays, write_arrays
from stargan_tf.data.files import say_once
from stargan_tf.data.pictures import read_picture
from stargan_tf.data.source import UnreadableImage
from stargan_tf.errors import InputError
from stargan_tf.faces.warp import (
    apply,
    crop_face,
    put_back,
    scale_of,
    similarity_matrix,
)
from stargan_tf.translation.pictures import ORIGINAL, Fitted, Fitting, ramp

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
# A face that is enlarged by more than this is mentioned.
MUCH_LARGER = 4


class NoFace(UnreadableImage):
    """A photo in which no face was found."""


@dataclass(frozen=True)
class Aligner:
    """Finds faces in photos, and makes crops of them.

    Args:
        provider: who finds them.
        shape: (98, 2), where landmarks are in a crop of 256 pixels.
        image_size: side of the crops in pixels.
    """

    provider: "LandmarkProvider"
    shape: np.ndarray
    image_size: int

    def faces(
        self, photo: Image.Image, name: str, all_faces: bool = False
    ) -> list[np.ndarray]:
        """Finds faces, the largest first.

        If there are several and only the largest counts, a line says which one it is;
        another line says if a face is small.

        Args:
            photo: in RGB.
            name: what messages call it.
            all_faces: whether all faces count.

        Returns:
            For each face (3, 3), pixels of the photo → pixels of the crop.

        Raises:
            NoFace: if there is none.
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
        counted = found if all_faces else found[:1]
        faces = [similarity(face, self.shape, self.image_size) for face in counted]
        for landmarks, face in zip(counted, faces, strict=True):
            if scale_of(face) > MUCH_LARGER:
                say_once(
                    f"{name}: a face of {np.ptp(landmarks[:, 0]):.0f} pixels is "
                    f"enlarged {scale_of(face):.1f} times, and its crop is blurred."
                )
        return faces

    def crop(self, photo: Image.Image, face: np.ndarray) -> Image.Image:
        """Makes the crop of a face; see `crop_face`."""
        return crop_face(photo, face, self.image_size)


@dataclass(frozen=True)
class FittedFace(Fitted):
    """The crop of a face as the generator takes it, with the way back.

    Args:
        matrix: (3, 3), pixels of the photo → pixels of the crop.
    """

    matrix: np.ndarray | None = None

    def restore(self, output: np.ndarray) -> Image.Image:
        """The generator's output; laid over the photo with a soft edge, if wanted."""
        gray = output.shape[-1] == 1
        translated = Image.fromarray(output[..., 0] if gray else output)
        if self.original is None:
            return translated
        height, width = output.shape[:2]
        edge = np.outer(ramp(height, True, True), ramp(width, True, True))
        mask = Image.fromarray(np.rint(255 * edge).astype(np.uint8))
        return put_back(self.original, translated, mask, self.matrix)


@dataclass(frozen=True)
class FaceFitting(Fitting):
    """Photos are fitted to the model by the largest face that they show.

    Args:
        aligner: finds it, and makes crops of the model's size.

    Raises:
        InputError: if the model's images are not square pictures.
    """

    aligner: Aligner | None = None

    def __post_init__(self) -> None:
        if self.is_measured or not isinstance(self.image_size, int):
            raise InputError(
                "Faces are aligned to square images of 8 bits. Received: a model for "
                f"{self.info.image_text}. Leave out --align."
            )

    def read(self, path: Path) -> list[Fitted]:
        """Reads a photo and crops its largest face.

        Raises:
            UnreadableImage: if it cannot be read, or shows no face.
        """
        photo = read_picture(path)
        (face,) = self.aligner.faces(photo, str(path))
        gray = self.info.num_channels == 1
        photo, crop = (
            image.convert("L") if gray else image
            for image in (photo, self.aligner.crop(photo, face))
        )
        pixels = np.asarray(crop)
        original = photo if self.size == ORIGINAL else None
        box = (0, 0, *crop.size)
        fitted = pixels[..., None] if gray else pixels
        return [FittedFace(fitted, box, original, matrix=face)]


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
    return similarity_matrix(factor, target_mean - factor * source_mean)


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
    return similarity_matrix(factor, middle - factor * (eyes + 0.1 * down))


def mean_shape(faces: Iterable[np.ndarray]) -> np.ndarray:
    """The mean of the landmarks of faces, each within its `celeba_hq_crop`.

    Args:
        faces: landmarks (98, 2) of each.

    Returns:
        float64 (98, 2), in pixels of a 256 × 256 image.
    """
    crops = [apply(celeba_hq_crop(landmarks), landmarks) for landmarks in faces]
    return np.mean(crops, axis=0)


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


def _main() -> None:
    from stargan_tf.faces.opening import landmark_provider
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
