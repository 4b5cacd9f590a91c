"""Runs an exported generator on one picture after another."""

import os

import numpy as np

from stargan_tf.demo.camera.target import Wish, generator_inputs
from stargan_tf.demo.device_model import DeviceModel
from stargan_tf.exporting.litert_file import Runner


class DeviceTranslator:
    """Translates pictures as `wish` says.

    Args:
        model: an exported model.
        wish: what to translate to.
        threads: how many to compute with; None takes the machine's, 4 at most.

    Raises:
        InputError: if the model cannot do what is wished for.
        ImportError: without ai-edge-litert.
    """

    def __init__(self, model: DeviceModel, wish: Wish, threads: int | None = None):
        threads = threads or min(os.cpu_count() or 1, 4)
        self._model = model
        self._fixed = generator_inputs(model, wish, threads)
        self._runner = Runner(model.files["generator"].read_bytes(), threads)
        signatures = model.description["files"]["generator"]["signatures"]
        self._signature = next(iter(signatures))

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        """Translates one picture.

        Args:
            picture: uint8 (image_size, image_size, 3), RGB.

        Returns:
            The same of the translation.
        """
        inputs = {"images": self._model.to_input(picture), **self._fixed}
        outputs = self._runner.run(self._signature, inputs)
        return self._model.to_picture(outputs["images"])
