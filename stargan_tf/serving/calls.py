"""The requests of a client, as messages, and their answers as Python values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from stargan_tf.files import parsed_json
from stargan_tf.serving.serving_error import ServingError
from stargan_tf.serving.tensors import NAMES, STRING, to_array, to_tensor
from stargan_tf.serving.wire import messages

_PREDICTION = "/tensorflow.serving.PredictionService/"
_MODEL = "/tensorflow.serving.ModelService/"
STATES = {0: "UNKNOWN", 10: "START", 20: "LOADING", 30: "AVAILABLE"}
STATES |= {40: "UNLOADING", 50: "END"}


@dataclass(frozen=True)
class Call:
    """One request.

    Args:
        method: its path.
        request: the message.
        response: class of the answer's message.
        read: the answer's message → what the caller gets.
    """

    method: str
    request: Any
    response: Any
    read: Callable[[Any], Any]

    def on(self, channel: Any) -> Callable[..., Any]:
        """What sends it over a channel of `grpc` or `grpc.aio`."""
        return channel.unary_unary(
            self.method,
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=self.response.FromString,
        )

    def result(self, answer: Any, address: str) -> Any:
        """What the caller gets.

        Args:
            answer: the message that the server sent.
            address: of the server.

        Raises:
            ServingError: INTERNAL if the message is not what the method promises.
        """
        try:
            return self.read(answer)
        except (ValueError, LookupError, RecursionError, DecodeError) as error:
            details = f"The response to {self.method} cannot be used: {error}"
            raise ServingError("INTERNAL", details, address) from error


@dataclass(frozen=True)
class Served:
    """Which model is asked.

    Args:
        model: its name on the server.
        version: a number; None takes what the server serves.
    """

    model: str
    version: int | None = None

    def predict(
        self, inputs: Mapping[str, Any], signature: str, outputs: Sequence[str] = ()
    ) -> Call:
        """Computes a signature; the answer is {output: array}.

        Args:
            inputs: {input: array}.
            signature: its name.
            outputs: which outputs to send back; all if empty.
        """
        request = messages.PredictRequest(
            model_spec=self._spec(signature), output_filter=outputs
        )
        for name, value in inputs.items():
            request.inputs[name].CopyFrom(to_tensor(value))
        method = _PREDICTION + "Predict"
        return Call(method, request, messages.PredictResponse, _read_outputs)

    def describe(self) -> Call:
        """What `model.json` says: the labels, sizes and family."""
        call = self.predict({"names": np.array([b""], object)}, "describe")
        return Call(call.method, call.request, call.response, _read_description)

    def signatures(self) -> Call:
        """{signature: {"inputs" or "outputs": {name: (type, shape)}}}."""
        request = messages.MetadataRequest(
            model_spec=self._spec(), metadata_field=["signature_def"]
        )
        method = _PREDICTION + "GetModelMetadata"
        return Call(method, request, messages.MetadataResponse, _read_signatures)

    def status(self) -> Call:
        """{version: state's name}."""
        request = messages.StatusRequest(model_spec=self._spec())
        method = _MODEL + "GetModelStatus"
        return Call(method, request, messages.StatusResponse, _read_states)

    def _spec(self, signature: str = "") -> Any:
        spec = messages.ModelSpec(name=self.model, signature_name=signature)
        if self.version is not None:
            spec.version.value = self.version
        return spec


def _read_outputs(response: Any) -> dict[str, np.ndarray]:
    return {name: to_array(tensor) for name, tensor in response.outputs.items()}


def _read_description(response: Any) -> dict[str, Any]:
    return parsed_json(_read_outputs(response)["description_bytes"][0])


def _read_signatures(response: Any) -> dict[str, Any]:
    packed = response.metadata["signature_def"].value
    found = messages.Signatures.FromString(packed).signature_def
    return {
        name: {side: _points(getattr(one, side)) for side in ("inputs", "outputs")}
        for name, one in found.items()
        if one.method_name  # without: what initialises the model
    }


def _points(infos: Any) -> dict[str, tuple[str, tuple[int, ...]]]:
    return {
        name: (_type_name(info.dtype), tuple(d.size for d in info.tensor_shape.dim))
        for name, info in infos.items()
    }


def _type_name(number: int) -> str:
    return "string" if number == STRING else NAMES.get(number, str(number))


def _read_states(response: Any) -> dict[int, str]:
    return {
        one.version: STATES.get(one.state, str(one.state))
        for one in response.model_version_status
    }
