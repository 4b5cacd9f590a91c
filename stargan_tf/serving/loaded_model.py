"""One version of a SavedModel in memory, run as TF Serving runs it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.util import deprecation

from stargan_tf.errors import InputError
from stargan_tf.serving.refusal import CODES, Refusal, invalid

Arrays = Mapping[str, np.ndarray]


class LoadedModel:
    """A SavedModel in a session of its own.

    Sessions and not `tf.saved_model.load`: TF Serving uses them too, so that what the
    kernels complain about has the same codes and words.

    Args:
        folder: with `saved_model.pb`.

    Raises:
        InputError: if it holds no SavedModel that can be loaded.
    """

    def __init__(self, folder: Path):
        self._session = tf.compat.v1.Session(graph=tf.Graph())
        try:
            # The loader of sessions is called deprecated, to everyone who uses it.
            with self._session.graph.as_default(), deprecation.silence():
                meta = tf.compat.v1.saved_model.load(
                    self._session, [tf.saved_model.SERVING], str(folder)
                )
        except (OSError, RuntimeError, ValueError, KeyError, tf.errors.OpError) as bad:
            self.close()
            raise InputError(f"{folder} cannot be loaded: {bad}") from bad
        self.signature_defs = dict(meta.signature_def)

    def run(self, signature: str, inputs: Arrays) -> dict[str, np.ndarray]:
        """Computes all outputs of a signature.

        Args:
            signature: its name.
            inputs: an array for each input.

        Raises:
            Refusal: what TensorFlow says is wrong with the inputs.
        """
        definition = self.signature_defs[signature]
        feeds = {
            self._point(info): inputs[name] for name, info in definition.inputs.items()
        }
        fetches = [self._point(info) for info in definition.outputs.values()]
        try:
            # Not `run`: that converts float64 to float32 and has words of its own for
            # shapes, where the kernels are to decide.
            found = self._session._call_tf_sessionrun(None, feeds, fetches, [], None)
        except tf.errors.OpError as error:
            raise Refusal(CODES[error.error_code], error.message) from error
        except (TypeError, ValueError) as error:
            raise invalid(str(error)) from error
        return dict(zip(definition.outputs, found, strict=True))

    def _point(self, info: Any) -> Any:
        return self._session.graph.get_tensor_by_name(info.name)._as_tf_output()

    def close(self) -> None:
        """Frees the memory."""
        self._session.close()
