"""A client for TF Serving and `stargan-tf serve`, over gRPC, without TensorFlow."""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import numpy as np
from google.protobuf.message import DecodeError
from PIL import Image

from stargan_tf.data.info import DatasetInfo, composed
from stargan_tf.data.pictures import read_picture
from stargan_tf.errors import ExpectedError, InputError
from stargan_tf.files import open_regular, parsed_json
from stargan_tf.serving.wire import NAMES, messages, to_array, to_tensor

Picture = str | Path | np.ndarray
STATES = {10: "START", 20: "LOADING", 30: "AVAILABLE", 40: "UNLOADING", 50: "END"}
# Methods: (path, class of the response).
_PREDICT = (
    "/tensorflow.serving.PredictionService/Predict",
    messages.PredictResponse,
)
_METADATA = (
    "/tensorflow.serving.PredictionService/GetModelMetadata",
    messages.MetadataResponse,
)
_STATUS = (
    "/tensorflow.serving.ModelService/GetModelStatus",
    messages.StatusResponse,
)
# Requests are retried only while the server is UNAVAILABLE: after any other status,
# they may have been executed, or would fail again. gRPC makes at most five attempts;
# with these intervals, the last one starts after about 15 seconds.
_RETRIES = {
    "name": [{}],
    "retryPolicy": {
        "maxAttempts": 5,
        "initialBackoff": "1s",
        "maxBackoff": "8s",
        "backoffMultiplier": 2,
        "retryableStatusCodes": ["UNAVAILABLE"],
    },
}
_CHANNEL = {
    "grpc.service_config": json.dumps({"methodConfig": [_RETRIES]}),
    # By default, gRPC may wait two minutes before it reconnects.
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.min_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 1000,
    # The default is four megabytes, twenty float images of 128 px.
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
}


class ServingError(ExpectedError):
    """A request that failed on the server, or did not reach it.

    Args:
        code: name of the status, such as `"NOT_FOUND"` or `"UNAVAILABLE"`.
        details: the complete message of the server.
        address: address of the server.
    """

    def __init__(self, code: str, details: str, address: str):
        # The first line is followed by names of nodes in the graph.
        sentence = details.partition("\n")[0]
        super().__init__(f"The server {address} returned {code}: {sentence}")
        self.code, self.details, self.address = code, details, address


class Client:
    """A client of a model on a server.

    Every request has a deadline, and is sent up to five times, within about 15 seconds,
    while the server is UNAVAILABLE. The size of messages is not limited. A client may
    be used by several threads.

    ```python
    from stargan_tf.serving import Client

    with Client("localhost:8500", "toon_attributes") as client:
        (blond,) = client.translate(["face.png"], "Blond_Hair")
    ```

    Args:
        address: `HOST:PORT`.
        model: the model's name on the server.
        version: number of the version; None for the one that the server chooses.
        timeout: seconds for a request, including retries.
        credentials: encryption, from `grpc.ssl_channel_credentials`; None for none.
        metadata: headers of every request, such as `{"authorization": "Bearer …"}`.
        options: further channel options of gRPC, name → value;
            `{"grpc.enable_retries": 0}` sends each request once.

    Raises:
        InputError: if the address is invalid.
    """

    def __init__(
        self,
        address: str,
        model: str,
        version: int | None = None,
        timeout: float = 60.0,
        credentials: grpc.ChannelCredentials | None = None,
        metadata: Mapping[str, str] | None = None,
        options: Mapping[str, Any] | None = None,
    ):
        host, colon, port = address.rpartition(":")
        if not (host and colon and port.isdigit()):
            raise InputError(
                "The server must be HOST:PORT, such as localhost:8500. Received: "
                f"{address}"
            )
        self._address, self._model, self._version = address, model, version
        self._timeout = timeout
        self._headers = [(k.lower(), value) for k, value in (metadata or {}).items()]
        self._description: dict[str, Any] | None = None
        channel_options = list((_CHANNEL | dict(options or {})).items())
        if credentials is None:
            self._channel = grpc.insecure_channel(address, channel_options)
        else:
            self._channel = grpc.secure_channel(address, credentials, channel_options)

    def predict(
        self,
        inputs: Mapping[str, Any],
        signature: str = "serving_default",
        outputs: Sequence[str] = (),
        timeout: float | None = None,
    ) -> dict[str, np.ndarray]:
        """Runs a signature.

        Args:
            inputs: {input: array}, with the types of the signature.
            signature: its name, see `signatures`.
            outputs: names of the outputs to return; all if empty.
            timeout: seconds; None for the client's.

        Returns:
            {output: array}; strings are bytes objects.

        Raises:
            ServingError: if the request fails, the server cannot be reached, or it
                takes too long.
        """
        request = messages.PredictRequest(
            model_spec=self._spec(signature), output_filter=outputs
        )
        for name, value in inputs.items():
            request.inputs[name].CopyFrom(to_tensor(value))
        with self._explained_errors():
            response = self._send(_PREDICT, request, timeout)
            return {name: to_array(out) for name, out in response.outputs.items()}

    def translate(
        self,
        pictures: Sequence[Picture],
        to: str | Sequence[str],
        references: Sequence[Picture] = (),
        seeds: Sequence[int] | int = 0,
        truncation: float = 1.0,
        timeout: float | None = None,
    ) -> list[np.ndarray]:
        """Translates images; the server decodes, crops, and resizes them.

        Args:
            pictures: paths, or uint8 arrays (height, width, 3) of any size.
            to: a target, such as `Blond_Hair,-Young` (docs/targets.md), or for style
                models a domain; or one for each image.
            references: for style models: one image for each image, or one for all.
            seeds: for style models without references: seeds of the random styles, one
                for each image. A single one gives all images the same style; the
                model's `translate` draws a style for each.
            truncation: with seeds, in [0, 1]: lower values are closer to the mean
                style.
            timeout: seconds; None for the client's.

        Returns:
            uint8 arrays (size, size, 3), in the order of the images.

        Raises:
            InputError: if an image cannot be read, or the model does not take RGB
                images; for other models, use `stargan-tf translate --server`.
            ServingError: if the request fails, see `predict`.
        """
        if self._description is None:
            self._description = self.describe()
        for info in map(DatasetInfo.from_dict, self._description.get("datasets", [])):
            if not info.is_plain:
                raise InputError(
                    "translate needs a model of RGB images. Received: a model of "
                    f"{info.image_text}. Use predict, or stargan-tf translate --server."
                )
        signature, inputs = _encoded_request(
            pictures, to, self._description, references, seeds, truncation
        )
        outputs = self.predict(inputs, signature, timeout=timeout)
        pngs = map(io.BytesIO, outputs["encoded_bytes"])
        return [np.asarray(read_picture(png, "a response")) for png in pngs]

    def describe(self) -> dict[str, Any]:
        """The content of the export's `model.json`: family, labels, and sizes."""
        outputs = self.predict({"names": np.array([b""], object)}, "describe")
        with self._explained_errors():
            return parsed_json(outputs["description_bytes"][0])

    def signatures(self) -> dict[str, Any]:
        """{signature: {"inputs" or "outputs": {name: (type, shape)}}}; -1: any size."""
        request = messages.MetadataRequest(
            model_spec=self._spec(), metadata_field=["signature_def"]
        )
        with self._explained_errors():
            packed = self._send(_METADATA, request).metadata["signature_def"].value
            definitions = messages.Signatures.FromString(packed).signature_def
        return {
            name: {
                "inputs": _types_and_shapes(signature.inputs),
                "outputs": _types_and_shapes(signature.outputs),
            }
            for name, signature in definitions.items()
            if signature.method_name  # Initialization signatures have none.
        }

    def status(self) -> dict[int, str]:
        """{version: "LOADING", "AVAILABLE", …}."""
        request = messages.StatusRequest(model_spec=self._spec())
        with self._explained_errors():
            versions = self._send(_STATUS, request).model_version_status
        return {v.version: STATES.get(v.state, str(v.state)) for v in versions}

    def close(self) -> None:
        """Closes the connection."""
        self._channel.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _spec(self, signature: str = "") -> Any:
        spec = messages.ModelSpec(name=self._model, signature_name=signature)
        if self._version is not None:
            spec.version.value = self._version
        return spec

    def _send(
        self, method: tuple[str, Any], request: Any, timeout: float | None = None
    ) -> Any:
        path, response = method
        send = self._channel.unary_unary(
            path,
            request_serializer=type(request).SerializeToString,
            response_deserializer=response.FromString,
        )
        timeout = timeout or self._timeout
        return send(request, timeout=timeout, metadata=self._headers)

    @contextmanager
    def _explained_errors(self) -> Iterator[None]:
        try:
            yield
        except grpc.RpcError as error:
            code, details = error.code().name, error.details() or ""
            raise ServingError(code, details, self._address) from error
        except (ValueError, LookupError, RecursionError, DecodeError) as error:
            details = f"The response is invalid: {error}"
            raise ServingError("INTERNAL", details, self._address) from error


def _encoded_request(
    pictures: Sequence[Picture],
    to: str | Sequence[str],
    description: Mapping[str, Any],
    references: Sequence[Picture],
    seeds: Sequence[int] | int,
    truncation: float,
) -> tuple[str, dict[str, Any]]:
    """(signature, {input: array}) of a translation with decoding on the server."""
    count = len(pictures)
    if not count:
        raise InputError("translate needs at least one image. Received: none")
    targets = [composed(text) for text in ([to] if isinstance(to, str) else to)]
    inputs = {
        "encoded": _files(pictures),
        "names": _each(np.array(targets, object), count, "targets"),
    }
    if "latent_dim" not in description:
        if len(references):
            raise InputError("References are for style models. Drop them.")
        return "translate_encoded", inputs
    if len(references):
        inputs["references"] = _each(_files(references), count, "references")
        return "translate_reference_encoded", inputs
    width = description["latent_dim"]
    inputs["latents"] = np.stack(
        [
            np.random.default_rng(seed).standard_normal(width).astype(np.float32)
            for seed in _each(np.atleast_1d(seeds), count, "seeds")
        ]
    )
    inputs["truncation"] = np.full(count, truncation, np.float32)
    return "translate_latent_encoded", inputs


def _types_and_shapes(infos: Any) -> dict[str, tuple[str, tuple[int, ...]]]:
    return {
        name: (
            NAMES.get(info.dtype, str(info.dtype)),
            tuple(dim.size for dim in info.tensor_shape.dim),
        )
        for name, info in infos.items()
    }


def _each(values: np.ndarray, count: int, name: str) -> np.ndarray:
    if len(values) not in (1, count):
        raise InputError(
            f"Expected {name} for each image, or a single one. Received: "
            f"{len(values)} for {count} images"
        )
    return np.broadcast_to(values, (count,))


def _files(pictures: Sequence[Picture]) -> np.ndarray:
    files = np.empty(len(pictures), object)
    files[:] = [_file(picture) for picture in pictures]
    return files


def _file(picture: Picture) -> bytes:
    if not isinstance(picture, np.ndarray):
        return _content(picture)
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
        raise InputError(
            "An image must be a path, or a uint8 array (height, width, 3). Received: "
            f"{picture.dtype} {picture.shape}"
        )
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()


def _content(path: str | Path) -> bytes:
    try:
        with open_regular(path) as file:
            return file.read()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
