"""A development server with TF Serving's gRPC protocol: one model, one version.

Use TF Serving in production. `stargan-tf serve` starts this server if neither TF
Serving nor its Docker image is installed. It implements Predict, GetModelMetadata,
GetModelStatus, and the health service, with TF Serving's status codes. It has no REST
interface, does not batch requests, and does not load new versions.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import tensorflow as tf
from google.protobuf.message import DecodeError
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from stargan_tf.errors import InputError
from stargan_tf.files import open_regular
from stargan_tf.serving.tf_serving import DEFAULT_SIGNATURE, served_version
from stargan_tf.serving.wire import to_array

SERVICE = "tensorflow.serving.PredictionService"
MAX_REQUESTS = 16  # At the same time; more are RESOURCE_EXHAUSTED.
MAX_REQUEST_BYTES = 256 << 20
MAX_MESSAGE = 1024
_CODES = {code.value[0]: code for code in grpc.StatusCode}
# TensorFlow's messages start with the node's name and this line.
_BEFORE_REASON = "<stack traces unavailable>\n"


class DevServer:
    """Serves the newest version in a model's folder.

    Args:
        folder: folder with the versions `1/`, `2/`, …; its name is the model's name.
        host: address to listen on; 127.0.0.1 accepts connections from this machine
        only.
        port: port to listen on; 0 for any free port.

    Attributes:
        name: the model's name.
        version: number of the served version.
        address: `HOST:PORT`.

    Raises:
        InputError: if there is no version, it cannot be loaded, or the port is in use.
    """

    def __init__(self, folder: Path, host: str = "127.0.0.1", port: int = 8500):
        self.name, self.version = folder.resolve().name, served_version(folder)
        self._server = grpc.server(
            ThreadPoolExecutor(MAX_REQUESTS),
            maximum_concurrent_rpcs=MAX_REQUESTS,
            options=[
                ("grpc.max_receive_message_length", MAX_REQUEST_BYTES),
                ("grpc.max_send_message_length", -1),
                # Otherwise, two servers could share a port.
                ("grpc.so_reuseport", 0),
            ],
        )
        try:
            port = self._server.add_insecure_port(f"{host}:{port}")
        except RuntimeError as error:
            raise InputError(f"Cannot listen on {host}:{port}: {error}") from error
        self.address = f"{host}:{port}"
        services = _Services(self.name, self.version, folder / str(self.version))
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
            services, self._server
        )
        model_service_pb2_grpc.add_ModelServiceServicer_to_server(
            services, self._server
        )
        self._health = health.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        for service in ("", SERVICE):
            self._health.set(service, health_pb2.HealthCheckResponse.SERVING)

    def start(self) -> None:
        """Starts serving requests in the background."""
        self._server.start()

    def stop(self, grace: float = 10.0) -> None:
        """Rejects new requests, and waits for running ones.

        Args:
            grace: maximum seconds to wait.
        """
        self._health.enter_graceful_shutdown()
        self._server.stop(grace).wait()


class _Services(
    prediction_service_pb2_grpc.PredictionServiceServicer,
    model_service_pb2_grpc.ModelServiceServicer,
):
    """The methods of both services; all others are UNIMPLEMENTED."""

    def __init__(self, name: str, version: int, folder: Path):
        self._name, self._version = name, version
        try:
            for path in folder.rglob("*"):
                if not path.is_dir():  # Opening a pipe would block.
                    open_regular(path).close()
            content = (folder / "saved_model.pb").read_bytes()
            (graph, *_) = saved_model_pb2.SavedModel.FromString(content).meta_graphs
            # Kept, since the signatures do not reference its variables.
            self._model = tf.saved_model.load(str(folder))
        except (OSError, ValueError, DecodeError, tf.errors.OpError) as error:
            raise InputError(f"{folder} cannot be loaded: {error}") from error
        self._definitions = dict(graph.signature_def)

    def Predict(self, request: Any, context: Any) -> Any:
        """Runs a signature."""
        self._check_spec(request.model_spec, context)
        name = request.model_spec.signature_name or DEFAULT_SIGNATURE
        if name not in self._model.signatures:
            message = f'Serving signature key "{name}" not found.'
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, message)
        inputs = self._inputs(name, request, context)
        wanted = self._wanted(name, request, context)
        try:
            outputs = self._model.signatures[name](**inputs)
        except tf.errors.OpError as error:
            reason = error.message.rpartition(_BEFORE_REASON)[2]
            context.abort(_CODES[error.error_code], reason[:MAX_MESSAGE])
        response = predict_pb2.PredictResponse(model_spec=self._spec(name))
        for output in wanted:
            tensor = tf.make_tensor_proto(outputs[output].numpy())
            response.outputs[output].CopyFrom(tensor)
        return response

    def GetModelMetadata(self, request: Any, context: Any) -> Any:
        """Names, types, and shapes of the signatures."""
        self._check_spec(request.model_spec, context)
        if list(request.metadata_field) != ["signature_def"]:
            _refuse(context, "The one metadata_field supported is signature_def.")
        response = get_model_metadata_pb2.GetModelMetadataResponse(
            model_spec=self._spec("")
        )
        signatures = get_model_metadata_pb2.SignatureDefMap()
        for name, definition in self._definitions.items():
            signatures.signature_def[name].CopyFrom(definition)
        response.metadata["signature_def"].Pack(signatures)
        return response

    def GetModelStatus(self, request: Any, context: Any) -> Any:
        """The state of the version."""
        self._check_spec(request.model_spec, context)
        response = get_model_status_pb2.GetModelStatusResponse()
        available = get_model_status_pb2.ModelVersionStatus.AVAILABLE
        response.model_version_status.add(version=self._version, state=available)
        return response

    def _check_spec(self, spec: Any, context: Any) -> None:
        if not spec.name:
            _refuse(context, "ModelSpec has no name specified.")
        if spec.version_label:
            _refuse(context, f"Unrecognized version label: {spec.version_label}")
        version = spec.version.value if spec.HasField("version") else self._version
        if (spec.name, version) != (self._name, self._version):
            context.abort(
                grpc.StatusCode.NOT_FOUND,
                f"Servable not found: {spec.name}, version {version}. This server has "
                f"{self._name}, version {self._version}.",
            )

    def _spec(self, signature: str) -> Any:
        spec = predict_pb2.PredictRequest().model_spec
        spec.name, spec.signature_name = self._name, signature
        spec.version.value = self._version
        return spec

    def _inputs(self, name: str, request: Any, context: Any) -> dict[str, tf.Tensor]:
        """The tensors of a request, whose shapes are checked in the graph."""
        needed = self._definitions[name].inputs
        if set(request.inputs) != set(needed):
            _refuse(
                context,
                f"Signature '{name}' has the inputs {', '.join(sorted(needed))}. "
                f"Received: {', '.join(sorted(request.inputs)) or 'none'}",
            )
        inputs = {}
        for key, tensor in request.inputs.items():
            if tensor.dtype != needed[key].dtype:
                expected, sent = (
                    tf.as_dtype(number).name if number else "none"
                    for number in (needed[key].dtype, tensor.dtype)
                )
                _refuse(context, f"Expects {key} to be {expected} but {sent} is sent")
            try:
                inputs[key] = tf.constant(to_array(tensor))
            except (ValueError, OverflowError, MemoryError) as error:
                _refuse(context, f"tensor parsing error: {key}. {error}")
        return inputs

    def _wanted(self, name: str, request: Any, context: Any) -> list[str]:
        known = sorted(self._definitions[name].outputs)
        wanted = list(request.output_filter) or known
        if len(set(wanted)) < len(wanted) or not set(wanted) <= set(known):
            _refuse(
                context,
                f"output_filter names outputs of '{name}', each once: "
                f"{', '.join(known)}. Received: {', '.join(wanted)}",
            )
        return wanted


def _refuse(context: Any, message: str) -> None:
    """Ends the request with INVALID_ARGUMENT, by raising an exception."""
    context.abort(grpc.StatusCode.INVALID_ARGUMENT, message)
