"""What `model.json` and the files' metadata say about a model."""

import hashlib
from pathlib import Path
from typing import Any

from stargan_tf.export.description import described_model
from stargan_tf.litert.modes import UINT8
from stargan_tf.litert.signatures import signatures
from stargan_tf.training.checkpoints import State

FORMAT = "stargan_tf.litert/1"


def describe(state: State, quantize: str, input_type: str) -> dict[str, Any]:
    """What holds for every file of an export; JSON-ready.

    Args:
        state: of the checkpoint.
        quantize: how the files are quantized.
        input_type: their pictures' type.
    """
    return {
        "format": FORMAT,
        **described_model(state),
        "range": [0, 255] if input_type == UINT8 else [-1, 1],
        "quantize": quantize,
        "input_type": input_type,
    }


def file_entry(path: Path) -> dict[str, Any]:
    """What `model.json` says about one file.

    Args:
        path: the file.
    """
    content = path.read_bytes()
    return {
        "path": path.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "signatures": signatures(content),
    }
