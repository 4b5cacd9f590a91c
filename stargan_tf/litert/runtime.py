"""LiteRT's interpreter, from the extra `stargan_tf[litert]`."""

import re
from types import ModuleType
from typing import Any

from stargan_tf.litert.part import Arrays
from stargan_tf.native_output import without_lines

_MISSING = (
    "Comparing LiteRT files with Keras needs ai-edge-litert, and so does int8: pip "
    "install 'stargan_tf[litert]'. Other files can be written with --nocheck."
)


def check_installed() -> None:
    """Raises ImportError without ai-edge-litert."""
    _interpreter()


def _interpreter() -> ModuleType:
    try:
        from ai_edge_litert import interpreter
    except ImportError as error:
        raise ImportError(_MISSING) from error
    return interpreter


class Runner:
    """The signatures of a file, run on the CPU.

    Args:
        content: the file.
        threads: how many to compute with.

    Raises:
        ImportError: without ai-edge-litert.
    """

    def __init__(self, content: bytes, threads: int = 1):
        interpreter = _interpreter()
        with without_lines(re.compile(rb"INFO: ")):
            self._interpreter = interpreter.Interpreter(
                model_content=content, num_threads=threads
            )
            self._interpreter.allocate_tensors()
        names = self._interpreter.get_signature_list()
        self._signatures: dict[str, Any] = {
            name: self._interpreter.get_signature_runner(name) for name in names
        }

    def run(self, signature: str, inputs: Arrays) -> Arrays:
        """Runs one signature.

        Args:
            signature: its name.
            inputs: arrays by name.

        Returns:
            Its outputs by name.
        """
        return self._signatures[signature](**inputs)
