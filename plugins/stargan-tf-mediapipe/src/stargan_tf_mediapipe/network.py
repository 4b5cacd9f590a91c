"""Runs the `.tflite` files of this package."""

from pathlib import Path
from threading import Lock

import numpy as np

MODELS = Path(__file__).parent / "models"


class Network:
    """A network with an image as input, which is loaded when it is first called.

    Args:
        file_name: name of a file in `models/`.
        outputs: names of the outputs to return.
    """

    def __init__(self, file_name: str, outputs: tuple[str, ...]):
        self._path = MODELS / file_name
        self._outputs = outputs
        self._interpreter = None
        # All threads share the tensors of the interpreter.
        self._lock = Lock()

    def __call__(self, image: np.ndarray) -> list[np.ndarray]:
        """Runs the network.

        Args:
            image: float (height, width, 3), with the size and range of the network's
                input.

        Returns:
            The outputs as float32 arrays, without the batch dimension.

        Raises:
            ImportError: if ai-edge-litert is not installed.
        """
        with self._lock:
            if self._interpreter is None:
                self._interpreter = _open(self._path)
            interpreter = self._interpreter
            (image_input,) = interpreter.get_input_details()
            batch = np.asarray(image[None], np.float32)
            interpreter.set_tensor(image_input["index"], batch)
            interpreter.invoke()
            indices = {d["name"]: d["index"] for d in interpreter.get_output_details()}
            return [interpreter.get_tensor(indices[name])[0] for name in self._outputs]


def _open(path: Path):
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise ImportError(
            "The landmark provider 'mediapipe' needs ai-edge-litert, which is not "
            "installed. Install it with: pip install 'stargan-tf-mediapipe[litert]'"
        ) from error
    interpreter = Interpreter(str(path), num_threads=1)
    interpreter.allocate_tensors()
    return interpreter
