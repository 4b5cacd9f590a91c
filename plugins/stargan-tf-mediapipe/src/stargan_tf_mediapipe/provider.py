"""The landmark provider `mediapipe` of `stargan_tf.landmarks`."""

from collections.abc import Iterator

import numpy as np

from stargan_tf.plugin import InputError
from stargan_tf_mediapipe.detector import FaceDetector
from stargan_tf_mediapipe.landmarks import landmarks_of
from stargan_tf_mediapipe.mesh import FaceMesh

MIN_PRESENCE = 0.9
# If a larger mesh covers more of the box of a smaller mesh, both show the same face.
MAX_COVERED = 0.5


class MediaPipe:
    """Facial landmarks and masks with MediaPipe's face detector and face mesh.

    Example:

    ```python
    from stargan_tf_mediapipe import PROVIDER

    faces = PROVIDER.find(photo)  # uint8 (height, width, 3) → (faces, 98, 2)
    model.set_mask_provider(PROVIDER)
    ```
    """

    api_version = 1
    name = "mediapipe"
    # Of the masks: raise it when the same image gets others.
    version = "mediapipe 1"

    def __init__(self):
        self._detector, self._mesh = FaceDetector(), FaceMesh()

    def find(self, image: np.ndarray) -> np.ndarray:
        """Finds all faces in a photo.

        Args:
            image: uint8 (height, width, 3), RGB.

        Returns:
            float32 (faces, 98, 2): x and y in pixels, with the center of the first
            pixel at (0, 0). Landmarks are in the order of WFLW; the largest face is
            first. Empty if there is no face.

        Raises:
            ImportError: if ai-edge-litert is not installed.
            InputError: if the image has another shape or type.
        """
        is_array = isinstance(image, np.ndarray)
        is_image = is_array and image.dtype == np.uint8 and image.size > 0
        if not is_image or image.shape[2:] != (3,):
            received = f"{image.dtype} {image.shape}" if is_array else type(image)
            raise InputError(
                "The image must be a uint8 array (height, width, 3). Received: "
                f"{received}. Convert a Pillow image with "
                "np.asarray(image.convert('RGB'))."
            )
        meshes = [mesh for level in self._levels(image) for mesh in level]
        landmarks = [landmarks_of(mesh) - 0.5 for mesh in _distinct(meshes)]
        return np.stack(landmarks) if landmarks else np.zeros((0, 98, 2), np.float32)

    def __call__(self, images):
        """Computes masks of StarGAN v2's high-pass skips, for `set_mask_provider`.

        The largest face of each image is used; once a face is found, the image is not
        searched for smaller faces.

        Args:
            images: float (batch, size, size, 3) in [-1, 1].

        Returns:
            float32 (batch, size, size, 2) in [0, 1]: the coarse and the fine mask. The
            masks of an image without a face are zero, which disables its skips.

        Raises:
            ImportError: if ai-edge-litert is not installed.
        """
        import tensorflow as tf

        from stargan_tf.plugin import face_masks, heat_maps_of

        size = images.shape[1]
        # In training this code is traced, but the networks run outside TensorFlow.
        landmarks, is_face = tf.numpy_function(
            self._largest, [images], [tf.float32, tf.float32]
        )
        landmarks = tf.ensure_shape(landmarks, (images.shape[0], 98, 2))
        masks = face_masks(heat_maps_of(landmarks, size), size)
        return masks * tf.reshape(is_face, (-1, 1, 1, 1))

    def _largest(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Landmarks of the largest face in each image, and 1 if there is a face."""
        landmarks = np.zeros((len(images), 98, 2), np.float32)
        is_face = np.zeros(len(images), np.float32)
        for k, image in enumerate(np.rint((images + 1) * 127.5).clip(0, 255)):
            meshes = next(filter(None, self._levels(image.astype(np.uint8))), None)
            if meshes:
                landmarks[k] = landmarks_of(_distinct(meshes)[0]) - 0.5
                is_face[k] = 1
        return landmarks, is_face

    def _levels(self, image: np.ndarray) -> Iterator[list[np.ndarray]]:
        """Yields the meshes of faces, level by level of the detector."""
        for faces in self._detector.levels(image):
            meshes = [self._mesh(image, f.box, f.key_points[:2]) for f in faces]
            yield [mesh.points[:, :2] for mesh in meshes if mesh.score > MIN_PRESENCE]


def _distinct(meshes: list[np.ndarray]) -> list[np.ndarray]:
    """Removes duplicate faces; the largest face is first."""
    boxes = [np.stack([mesh.min(axis=0), mesh.max(axis=0)]) for mesh in meshes]
    areas = [np.prod(box[1] - box[0]) for box in boxes]
    kept: list[int] = []
    for k in np.argsort(areas)[::-1]:
        if all(_common(boxes[k], boxes[j]) <= MAX_COVERED * areas[k] for j in kept):
            kept.append(k)
    return [meshes[k] for k in kept]


def _common(box: np.ndarray, other: np.ndarray) -> float:
    """Returns the area of the intersection of two boxes."""
    sides = np.minimum(box[1], other[1]) - np.maximum(box[0], other[0])
    return float(np.prod(np.maximum(sides, 0)))


PROVIDER = MediaPipe()
