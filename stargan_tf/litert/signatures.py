"""The signatures of a LiteRT file: names, shapes and types."""

from typing import Any

import numpy as np

from stargan_tf.litert.file_model import schema, unpack

_TYPES = {
    schema.TensorType.FLOAT32: "float32",
    schema.TensorType.UINT8: "uint8",
}


def signatures(content: bytes) -> dict[str, dict[str, Any]]:
    """What a file can be asked for.

    Args:
        content: the file.

    Returns:
        Name → `{"inputs": {name: {"shape", "dtype"}}, "outputs": {…}}`.
    """
    model = unpack(content)
    return {
        found.signatureKey.decode(): {
            "inputs": _tensors(model, found.inputs, found.subgraphIndex),
            "outputs": _tensors(model, found.outputs, found.subgraphIndex),
        }
        for found in model.signatureDefs
    }


def _tensors(model: Any, maps: Any, graph: int) -> dict[str, dict[str, Any]]:
    tensors = model.subgraphs[graph].tensors
    return {
        entry.name.decode(): {
            "shape": np.asarray(tensors[entry.tensorIndex].shape).tolist(),
            "dtype": _TYPES[tensors[entry.tensorIndex].type],
        }
        for entry in maps
    }
