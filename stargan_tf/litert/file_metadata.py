"""Our description inside of a LiteRT file."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from stargan_tf.files import parsed_json
from stargan_tf.litert.file_model import pack, schema, unpack

NAME = "stargan_tf"


def with_metadata(content: bytes, description: Mapping[str, Any]) -> bytes:
    """Puts a description into a file, as the metadata entry `stargan_tf`.

    Args:
        content: the file.
        description: JSON-ready.

    Returns:
        The file with the entry.
    """
    model = unpack(content)
    buffer = schema.BufferT()
    text = json.dumps(description, ensure_ascii=False).encode()
    buffer.data = np.frombuffer(text, np.uint8)
    model.buffers.append(buffer)
    entry = schema.MetadataT()
    entry.name, entry.buffer = NAME, len(model.buffers) - 1
    model.metadata = [*(model.metadata or []), entry]
    return pack(model)


def read_metadata(content: bytes) -> dict[str, Any] | None:
    """The description in a file, or None if it has none.

    Args:
        content: the file.
    """
    model = unpack(content)
    for entry in model.metadata or []:
        if entry.name == NAME.encode():
            return parsed_json(bytes(model.buffers[entry.buffer].data))
    return None
