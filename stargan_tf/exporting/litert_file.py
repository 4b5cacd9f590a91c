"""What is inside of a LiteRT file, and how it is run."""

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
    "Comparing LiteRT files with Keras needs ai-edge-litert, and so does int8: pip "
    "install 'stargan_tf[litert]'. Other files can be written with --nocheck."
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
    """The file of a `ModelT`."""
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


def operations(content: bytes) -> Counter[str]:
    """How often each operation occurs; `CUSTOM:name` if it is not built in."""
    return Counter(name for name, _ in _operators(unpack(content)))


def outputs_of(content: bytes, kinds: tuple[str, ...]) -> list[str]:
    """The names of the tensors that operations of some kinds compute."""
    return [output for name, output in _operators(unpack(content)) if name in kinds]


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
    """Checks that a file runs everywhere: builtin operations, static shapes.

    Raises:
        RuntimeError: if it has a custom or Flex operation, a variable, or a tensor
            whose shape is known only when it runs.
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
            "A LiteRT file has builtin operations and static shapes only. Received: "
            f"operations {wrong}, tensors of open shape {open_shapes}"
        )


def signatures(content: bytes) -> dict[str, dict[str, Any]]:
    """What a file can be asked for.

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
    """Puts a description into a file, as the metadata entry `stargan_tf`."""
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
        content: a LiteRT file.
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
        self._signatures = {
            name: self._interpreter.get_signature_runner(name) for name in names
        }

    def run(
        self, signature: str, inputs: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Runs one signature."""
        return self._signatures[signature](**inputs)
