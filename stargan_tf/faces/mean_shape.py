"""Computes a reference shape for alignment: the mean landmarks of many faces.

`python -m stargan_tf.faces.mean_shape PROVIDER FOLDER OUTPUT.npz` reads the photos in a
folder. It made `mean_shape.npz`, from synthetic portraits (CC0) with the provider
`mediapipe`.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from stargan_tf.archives import write_arrays
from stargan_tf.data.pictures import read_picture
from stargan_tf.faces.align import (
    REFERENCE_SIDE,
    apply,
    as_complex,
    eyes_and_mouth,
    face_axis,
    find_faces,
    similarity_matrix,
)
from stargan_tf.faces.opening import landmark_provider
from stargan_tf.translation.pictures import find_inputs


def celeba_hq_crop(landmarks: np.ndarray) -> np.ndarray:
    """The transform that crops a face as CelebA-HQ's authors do, from this face alone.

    Args:
        landmarks: (98, 2).

    Returns:
        float64 (3, 3): pixels of the photo → pixels of a 256 × 256 crop.

    Reference: Progressive Growing of GANs (Karras et al. 2018), appendix C, with the
        means of the eyes' landmarks as the eyes.
    """
    points = as_complex(landmarks)
    across, down, eyes = eyes_and_mouth(points)
    side = max(4.0 * abs(across), 3.6 * abs(down))
    axis = face_axis(points)
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


def _main() -> None:
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
