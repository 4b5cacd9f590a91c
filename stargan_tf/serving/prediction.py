"""From a Predict request to its response: TF Serving's checks, in its words."""

from typing import Any

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

from stargan_tf.serving.live_model import LiveModel
from stargan_tf.serving.refusal import Refusal, invalid
from stargan_tf.serving.tensors import measured, to_array

DEFAULT = "serving_default"


def predict(request: Any, live: LiveModel, timeout: float | None) -> Any:
    """Answers a request.

    Args:
        request: a `PredictRequest`.
        live: the version it is for.
        timeout: seconds left.

    Returns:
        A `PredictResponse`.

    Raises:
        Refusal: if the request does not fit.
    """
    name = request.model_spec.signature_name or DEFAULT
    definition = signature(live, name)
    inputs = _inputs(request, definition, live.max_rows)
    wanted = _wanted(request, definition)
    outputs = live.run(name, inputs, timeout)
    response = predict_pb2.PredictResponse()
    response.model_spec.name = request.model_spec.name
    response.model_spec.version.value = live.version
    response.model_spec.signature_name = name
    for output in wanted:
        response.outputs[output].CopyFrom(tf.make_tensor_proto(outputs[output]))
    return response


def signature(live: LiveModel, name: str) -> Any:
    """A signature's definition.

    Args:
        live: the model.
        name: of the signature.

    Raises:
        Refusal: FAILED_PRECONDITION if there is none of that name.
    """
    if name not in live.model.signature_defs:
        raise Refusal(
            grpc.StatusCode.FAILED_PRECONDITION,
            f'Serving signature key "{name}" not found.',
        )
    return live.model.signature_defs[name]


def _inputs(
    request: Any, definition: Any, max_rows: int | None
) -> dict[str, np.ndarray]:
    sent, needed = set(request.inputs), set(definition.inputs)
    if len(sent) != len(needed):
        raise invalid(
            f"input size does not match signature: {len(sent)}!={len(needed)} "
            f"len({_listed(sent)}) != len({_listed(needed)}). Sent extra: "
            f"{_listed(sent - needed)}. Missing but required: {_listed(needed - sent)}."
        )
    for alias in sorted(needed - sent):
        raise invalid(
            f"Signature input alias: {alias}(feed name: "
            f"{definition.inputs[alias].name}) not found in request and no default "
            f"value provided. Inputs expected to be in the set {_listed(needed)}."
        )
    # Measured as a whole before the first tensor is built.
    for alias, info in definition.inputs.items():
        check_size(alias, request.inputs[alias], info, max_rows)
    return {alias: _array(alias, request.inputs[alias]) for alias in sorted(needed)}


def check_size(alias: str, tensor: Any, info: Any, max_rows: int | None) -> None:
    """Refuses a tensor that does not fit, without building it.

    Args:
        alias: the input's name.
        tensor: what was sent for it, a `TensorProto`.
        info: what the signature says about it, a `TensorInfo`.
        max_rows: the largest batch; None for any.

    Raises:
        Refusal: INVALID_ARGUMENT if type, shape and values do not match, the shape
            is not the signature's, or the batch is too large.
    """
    try:
        shape = measured(tensor)
    except ValueError as error:
        raise invalid(f"tensor parsing error: {alias}. {error}") from None
    wanted = [dim.size for dim in info.tensor_shape.dim]
    if not info.tensor_shape.unknown_rank and not _is_compatible(shape, wanted):
        raise invalid(f"{alias} has shape {_shape(shape)}, expected {_shape(wanted)}")
    if max_rows is not None and shape and shape[0] > max_rows:
        raise invalid(
            f"Task size {shape[0]} is larger than maximum input batch size {max_rows}"
        )


def _is_compatible(shape: list[int], wanted: list[int]) -> bool:
    return len(shape) == len(wanted) and all(
        size in (-1, sent) for sent, size in zip(shape, wanted, strict=True)
    )


def _shape(sizes: list[int]) -> str:
    return f"[{','.join(map(str, sizes))}]"


def _array(alias: str, tensor: Any) -> np.ndarray:
    try:
        return to_array(tensor)
    except (ValueError, OverflowError, MemoryError) as error:
        raise invalid(f"tensor parsing error: {alias}. {error}") from None


def _wanted(request: Any, definition: Any) -> list[str]:
    known = set(definition.outputs)
    wanted = list(request.output_filter) or sorted(known)
    for place, alias in enumerate(wanted):
        if alias not in known:
            raise invalid(
                f"output tensor alias not found in signature: {alias} Outputs expected "
                f"to be in the set {_listed(known)}."
            )
        if alias in wanted[:place]:
            raise invalid(f"duplicate output tensor alias: {alias}")
    return wanted


def _listed(names: set[str]) -> str:
    return "{" + ",".join(sorted(names)) + "}"
