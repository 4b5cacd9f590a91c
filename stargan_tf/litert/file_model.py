"""LiteRT files as objects, by the schema of their format."""

from typing import Any

import flatbuffers

from stargan_tf.private_interfaces import litert_schema

schema = litert_schema()
FILE_IDENTIFIER = b"TFL3"
BUFFER_ALIGNMENT = 16


def unpack(content: bytes) -> Any:
    """A file's `ModelT`.

    Args:
        content: the file.
    """
    return schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))


def pack(model: Any) -> bytes:
    """The file of a `ModelT`.

    Args:
        model: the model.
    """
    builder = _AligningBuilder(1 << 20)
    builder.Finish(model.Pack(builder), FILE_IDENTIFIER)
    return bytes(builder.Output())


class _AligningBuilder(flatbuffers.Builder):
    """Puts buffers at multiples of 16 bytes, as the schema asks for.

    The generated Python code forgets that; weights would be read unaligned.
    """

    def StartVector(self, elemSize, numElems, alignment):
        if elemSize == 1:
            alignment = max(alignment, BUFFER_ALIGNMENT)
        return super().StartVector(elemSize, numElems, alignment)
