"""TF Serving's two gRPC services, on top of one model's live versions."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    prediction_service_pb2_grpc,
)

from stargan_tf.serving.live_model import LiveModel
from stargan_tf.serving.live_versions import LiveVersions, not_found
from stargan_tf.serving.prediction import DEFAULT, predict, signature
from stargan_tf.serving.refusal import Refusal, invalid

SIGNATURES = "signature_def"


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Predict and GetModelMetadata; no signature of ours is for Classify or Regress.

    Args:
        versions: the model's.
    """

    def __init__(self, versions: LiveVersions):
        self._versions = versions

    def Predict(self, request: Any, context: Any) -> Any:
        """Computes a signature."""
        return _answered(context, lambda: self._predict(request, context))

    def GetModelMetadata(self, request: Any, context: Any) -> Any:
        """Names, types and shapes of the signatures."""
        return _answered(context, lambda: self._metadata(request))

    def Classify(self, request: Any, context: Any) -> Any:
        """Refused, as TF Serving refuses it."""
        return _answered(context, lambda: self._refuse(request))

    def Regress(self, request: Any, context: Any) -> Any:
        """Refused, as TF Serving refuses it."""
        return _answered(context, lambda: self._refuse(request))

    def _predict(self, request: Any, context: Any) -> Any:
        if not request.HasField("model_spec"):
            raise invalid("Missing ModelSpec")
        with _chosen(self._versions, request.model_spec) as live:
            return predict(request, live, _seconds_left(context))

    def _metadata(self, request: Any) -> Any:
        fields = list(request.metadata_field)
        if not fields:
            raise invalid(
                "GetModelMetadataRequest must specify at least one metadata_field"
            )
        for field in fields:
            if field != SIGNATURES:
                raise invalid(f"Metadata field {field} is not supported")
        with _chosen(self._versions, request.model_spec) as live:
            return _described(request.model_spec.name, live)

    def _refuse(self, request: Any) -> Any:
        with _chosen(self._versions, request.model_spec) as live:
            definition = signature(live, request.model_spec.signature_name or DEFAULT)
        if len(definition.inputs) != 1:
            raise invalid("Expected one input Tensor.")
        raise Refusal(
            grpc.StatusCode.UNIMPLEMENTED, "This server has no Classify and Regress."
        )


class ModelService(model_service_pb2_grpc.ModelServiceServicer):
    """GetModelStatus; the folder says what is served, so there is no reloading.

    Args:
        versions: the model's.
    """

    def __init__(self, versions: LiveVersions):
        self._versions = versions

    def GetModelStatus(self, request: Any, context: Any) -> Any:
        """State of each version that was seen."""
        return _answered(context, lambda: self._status(request.model_spec))

    def _status(self, spec: Any) -> Any:
        version = _version(spec)
        states = dict(self._versions.states) if spec.name == self._versions.name else {}
        if version is not None:
            states = {k: v for k, v in states.items() if k == version}
        if not states:
            wanted = f"version {version}" if version is not None else "any versions"
            raise Refusal(
                grpc.StatusCode.NOT_FOUND,
                f"Could not find {wanted} of model {spec.name}",
            )
        response = get_model_status_pb2.GetModelStatusResponse()
        for number, found in sorted(states.items(), reverse=True):
            entry = response.model_version_status.add(version=number, state=found.state)
            entry.status.error_code = _error_code(found.error)
            entry.status.error_message = found.error
        return response


def _error_code(error: str) -> int:
    code = grpc.StatusCode.UNKNOWN if error else grpc.StatusCode.OK
    return code.value[0]


def _described(name: str, live: LiveModel) -> Any:
    response = get_model_metadata_pb2.GetModelMetadataResponse()
    response.model_spec.name = name
    response.model_spec.version.value = live.version
    signatures = get_model_metadata_pb2.SignatureDefMap()
    for key, definition in live.model.signature_defs.items():
        signatures.signature_def[key].CopyFrom(definition)
    response.metadata[SIGNATURES].Pack(signatures)
    return response


def _seconds_left(context: Any) -> float | None:
    """Until the client's deadline, None without one (gRPC says 292 billion years)."""
    seconds = context.time_remaining()
    return None if seconds is None or seconds > threading.TIMEOUT_MAX else seconds


@contextmanager
def _chosen(versions: LiveVersions, spec: Any) -> Iterator[LiveModel]:
    """The live model that a request names."""
    version = _version(spec)
    if spec.name != versions.name:
        latest = f"Latest({spec.name})"
        named = version is not None
        raise not_found(f"Specific({spec.name}, {version})" if named else latest)
    with versions.use(version) as live:
        yield live


def _version(spec: Any) -> int | None:
    if not spec.name:
        raise invalid("ModelSpec has no name specified.")
    if spec.version_label:
        raise invalid(f"Unrecognized servable version label: {spec.version_label}")
    return spec.version.value if spec.HasField("version") else None


def _answered(context: Any, answer: Callable[[], Any]) -> Any:
    """The answer, or the status that a refusal stands for."""
    try:
        return answer()
    except Refusal as refusal:
        context.abort(refusal.code, refusal.message)
    except TimeoutError:
        context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "Deadline Exceeded")
