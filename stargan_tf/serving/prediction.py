"""From a Predict request to its response: TF Serving's checks, in its words."""

from typing import Any

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

from stargan_tf.serving.live_model import LiveModel
from stargan_tf.serving.refusal import Refusal, invalid

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
    inputs = _inputs(request, definition)
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


def _inputs(request: Any, definition: Any) -> dict[str, np.ndarray]:
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
    return {alias: _array(alias, request.inputs[alias]) for alias in sorted(needed)}


def _array(alias: str, tensor: Any) -> np.ndarray:
    try:
        return np.asarray(tf.make_ndarray(tensor))
    except (TypeError, ValueError, KeyError, OverflowError, MemoryError):
        raise invalid(f"tensor parsing error: {alias}") from None


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
