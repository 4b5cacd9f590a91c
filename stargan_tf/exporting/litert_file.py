"""The content of LiteRT files, and running them."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import flatbuffers
import numpy as np

from stargan_tf.files import parsed_json
from stargan_tf.native_output import without_lines
from stargan_tf.private_interfaces import litert_schema

schema = litert_schema()
FILE_IDENTIFIER = b"TFL3"
BUFFER_ALIGNMENT = 16
METADATA = "stargan_tf"
_MISSING = (
    "Comparing LiteRT files with Keras, and int8, need ai-edge-litert: pip install "
    "'stargan_tf[litert]'. Without it, pass --nocheck, and no --quantize int8."
)
_TYPES = {schema.TensorType.FLOAT32: "float32", schema.TensorType.UINT8: "uint8"}
_OPERATIONS = {
    value: name
    for name, value in vars(schema.BuiltinOperator).items()
    if isinstance(value, int)
}


def unpack(content: bytes) -> Any:
    """The `ModelT` of a file."""
    return schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))


def pack(model: Any) -> bytes:
    """The file for a `ModelT`."""
    builder = _AligningBuilder(1 << 20)
    builder.Finish(model.Pack(builder), FILE_IDENTIFIER)
    return bytes(builder.Output())


class _AligningBuilder(flatbuffers.Builder):
    """Aligns buffers to 16 bytes, as the schema requires.

    The generated Python code does not, so that weights would be unaligned.
    """

    def StartVector(self, elemSize, numElems, alignment):
        if elemSize == 1:
            alignment = max(alignment, BUFFER_ALIGNMENT)
        return super().StartVector(elemSize, numElems, alignment)


def operations(content: bytes) -> Counter[str]:
    """Operation → number of occurrences; `CUSTOM:name` if it is not builtin."""
    return Counter(name for name, _ in _operators(unpack(content)))


def outputs_of(content: bytes, names: tuple[str, ...]) -> list[str]:
    """The names of the output tensors of the given operations."""
    return [output for name, output in _operators(unpack(content)) if name in names]


def _operators(model: Any) -> list[tuple[str, str]]:
    """(operation, name of its output) of every operator."""
    names = []
    for code in model.operatorCodes:
        name = _OPERATIONS[max(code.builtinCode, code.deprecatedBuiltinCode)]
        custom = f"{name}:{code.customCode.decode()}" if name == "CUSTOM" else name
        names.append(custom)
    return [
        (names[it.opcodeIndex], graph.tensors[it.outputs[0]].name.decode())
        for graph in model.subgraphs
        for it in graph.operators
    ]


def check_operations(content: bytes) -> None:
    """Checks that a file is portable: builtin operations and static shapes only.

    Raises:
        RuntimeError: if it has a custom or Flex operation, a variable, or a tensor with
            a dynamic shape.
    """
    wrong = [
        name
        for name in operations(content)
        if name.startswith(("CUSTOM", "VAR_HANDLE"))
    ]
    open_shapes = [
        tensor.name.decode()
        for graph in unpack(content).subgraphs
        for tensor in graph.tensors
        if tensor.shapeSignature is not None and -1 in tensor.shapeSignature
    ]
    if wrong or open_shapes:
        raise RuntimeError(
            "A LiteRT file must have builtin operations and static shapes only. "
            f"Received: operations {wrong}, tensors with dynamic shapes {open_shapes}"
        )


def signatures(content: bytes) -> dict[str, dict[str, Any]]:
    """The signatures of a file.

    Returns:
        Name → `{"inputs": {name: {"shape", "dtype"}}, "outputs": {…}}`.
    """
    model = unpack(content)

    def described(entries: Any, graph: int) -> dict[str, dict[str, Any]]:
        tensors = model.subgraphs[graph].tensors
        return {
            entry.name.decode(): {
                "shape": np.asarray(tensors[entry.tensorIndex].shape).tolist(),
                "dtype": _TYPES[tensors[entry.tensorIndex].type],
            }
            for entry in entries
        }

    return {
        it.signatureKey.decode(): {
            "inputs": described(it.inputs, it.subgraphIndex),
            "outputs": described(it.outputs, it.subgraphIndex),
        }
        for it in model.signatureDefs
    }


def with_metadata(content: bytes, description: Mapping[str, Any]) -> bytes:
    """Adds a description to a file, as the metadata entry `stargan_tf`."""
    model = unpack(content)
    buffer = schema.BufferT()
    text = json.dumps(description, ensure_ascii=False).encode()
    buffer.data = np.frombuffer(text, np.uint8)
    model.buffers.append(buffer)
    entry = schema.MetadataT()
    entry.name, entry.buffer = METADATA, len(model.buffers) - 1
    model.metadata = [*(model.metadata or []), entry]
    return pack(model)


def read_metadata(content: bytes) -> dict[str, Any] | None:
    """The description in a file, or None if it has none."""
    model = unpack(content)
    for entry in model.metadata or []:
        if entry.name == METADATA.encode():
            return parsed_json(bytes(model.buffers[entry.buffer].data))
    return None


def check_installed() -> None:
    """Raises `ImportError` without ai-edge-litert."""
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
        content: a LiteRT file.
        threads: number of threads.

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
        self._signatures = {
            name: self._interpreter.get_signature_runner(name) for name in names
        }

    def run(
        self, signature: str, inputs: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Runs one signature."""
        return self._signatures[signature](**inputs)
