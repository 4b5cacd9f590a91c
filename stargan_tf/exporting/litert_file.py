"""LiteRT's interpreter, from the extra `stargan_tf[litert]`."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import flatbuffers
import numpy as np

from stargan_tf.exporting.agreement import PIXEL_SPAN, SampleImages
from stargan_tf.files import parsed_json
from stargan_tf.native_output import without_lines
from stargan_tf.private_interfaces import litert_schema

# What a model family puts into its LiteRT files.

Arrays = dict[str, np.ndarray]
GENERATOR, STYLE = "generator", "style"


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One signature of a file; the batch is 1, everything float32.

    Args:
        name: of the signature.
        function: tensors by input name → tensors by output name, in operations that
            LiteRT has built in.
        reference: the same from Keras' own networks, for the comparison.
        shapes: input name → shape with the batch.
        pictures: the inputs and outputs that are pictures in [-1, 1]; with uint8
            files these are uint8.
        samples: pictures of the data set → inputs by name, one after another.
        span: the range that the PSNR of its outputs refers to; None for their own.
    """

    name: str
    function: Callable[..., dict[str, Any]]
    reference: Callable[..., dict[str, Any]]
    shapes: Mapping[str, tuple[int, ...]]
    samples: Callable[[SampleImages], Iterator[Arrays]]
    pictures: tuple[str, ...] = ()
    span: float | None = PIXEL_SPAN


@dataclass(frozen=True)
class Part:
    """One file.

    Args:
        role: `"generator"` or `"style"`; the file's name without its extension.
        endpoints: its signatures.
        networks: the Keras layers whose weights they use.
    """

    role: str
    endpoints: tuple[Endpoint, ...]
    networks: tuple[Any, ...]

    def file_in(self, folder: Path) -> Path:
        """Where the file is in an export's folder."""
        return folder / f"{self.role}.tflite"


@dataclass(frozen=True)
class DeviceForm:
    """A model as LiteRT files.

    Args:
        parts: the files.
        details: what `model.json` says beyond what all families say.
    """

    parts: tuple[Part, ...]
    details: Mapping[str, Any] = field(default_factory=dict)


# LiteRT files as objects, by the schema of their format.

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


# What a LiteRT file computes with.

_NAMES = {
    value: name
    for name, value in vars(schema.BuiltinOperator).items()
    if isinstance(value, int)
}


def operations(content: bytes) -> Counter[str]:
    """How often each operation occurs, `CUSTOM:name` for those that are not built in.

    Args:
        content: a LiteRT file.
    """
    model = unpack(content)
    codes = names(model)
    return Counter(
        codes[operator.opcodeIndex]
        for graph in model.subgraphs
        for operator in graph.operators
    )


def names(model: Any) -> list[str]:
    """The operations that a file may use, in the order of its operators' indices.

    Args:
        model: as `file_model.unpack` gives it.
    """
    return [_name(code) for code in model.operatorCodes]


def check_operations(content: bytes) -> None:
    """Checks that a file runs everywhere: builtin operations, static shapes.

    Args:
        content: a LiteRT file.

    Raises:
        RuntimeError: if it has a custom or Flex operation, a variable, or a tensor
            whose shape is known only when it runs.
    """
    found = operations(content)
    wrong = [name for name in found if name.startswith(("CUSTOM", "VAR_HANDLE"))]
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


def _name(code: schema.OperatorCodeT) -> str:
    name = _NAMES[max(code.builtinCode, code.deprecatedBuiltinCode)]
    return f"{name}:{code.customCode.decode()}" if name == "CUSTOM" else name


# Our description inside of a LiteRT file.

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


# The signatures of a LiteRT file: names, shapes and types.

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
