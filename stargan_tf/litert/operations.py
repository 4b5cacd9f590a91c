"""What a LiteRT file computes with."""

from collections import Counter
from typing import Any

from stargan_tf.litert.file_model import schema, unpack

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
