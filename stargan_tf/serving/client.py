"""Asks a server, TF Serving or the small one, over gRPC. TensorFlow is not needed."""

import asyncio
import io
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import numpy as np
from google.protobuf.message import DecodeError
from PIL import Image

from stargan_tf.data.info import composed
from stargan_tf.data.pictures import read_picture
from stargan_tf.errors import ExpectedError, InputError
from stargan_tf.files import open_regular, parsed_json
from stargan_tf.serving.wire import NAMES, STRING, messages, to_array, to_tensor

# What a server answers when it does not answer with a result.


class ServingError(ExpectedError):
    """A request that a server refused, or that did not reach it.

    Args:
        code: the status' name, such as `"NOT_FOUND"` or `"UNAVAILABLE"`.
        details: what the server says, in full.
        address: of the server.
    """

    def __init__(self, code: str, details: str, address: str):
        # After the first line come names of nodes in the graph.
        sentence = details.partition("\n")[0]
        super().__init__(f"{address} answers {code}: {sentence}")
        self.code, self.details, self.address = code, details, address


def as_serving_error(error: Any, address: str) -> ServingError:
    """A `grpc.RpcError` as a `ServingError`.

    Args:
        error: raised by a call.
        address: of the server.
    """
    return ServingError(error.code().name, error.details() or "", address)


# When a request is sent again: the server is not there, and may come back.


@dataclass(frozen=True)
class Retries:
    """Retries after UNAVAILABLE, with waits that double.

    Only then: every other status would come again, or the request may have been
    computed already.

    Args:
        seconds: how long after the first attempt an attempt may still start; 0 for no
            retries. The deadline of the request ends it too.
        first_wait: seconds before the second attempt.
        longest_wait: seconds.
    """

    seconds: float = 20.0
    first_wait: float = 0.1
    longest_wait: float = 2.0


@dataclass
class Attempts:
    """The attempts at one request.

    Args:
        timeout: seconds for all of them.
        retries: when there is another.
        clock: seconds, rising.
    """

    timeout: float
    retries: Retries
    clock: Callable[[], float] = time.monotonic
    _started: float = field(init=False)
    _wait: float = field(init=False)

    def __post_init__(self) -> None:
        self._started, self._wait = self.clock(), self.retries.first_wait

    @property
    def remaining(self) -> float:
        """Seconds left until the deadline."""
        return self.timeout - (self.clock() - self._started)

    def wait_before_next(self, code: str) -> float | None:
        """How long to wait, or None if there is no further attempt.

        Args:
            code: name of the status that the last attempt ended with.
        """
        # Clients that lost the same server must not come back all at once.
        wait = self._wait * random.uniform(0.5, 1.0)
        passed = self.clock() - self._started + wait
        if code != "UNAVAILABLE" or passed >= min(self.retries.seconds, self.timeout):
            return None
        self._wait = min(2 * self._wait, self.retries.longest_wait)
        return wait


# How a client reaches a server.

# Without these the next attempt to connect comes after up to two minutes.
_RECONNECT = (
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
)
# Four megabytes is the default: twenty float images of 128 px.
_ANY_SIZE = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
)


@dataclass(frozen=True)
class Tls:
    """Encryption; without arguments, the usual authorities are trusted.

    Args:
        root: PEM file of the authorities to trust instead.
        certificate: PEM file of the client's own certificate, where servers want one.
        key: PEM file of its private key.
    """

    root: str | None = None
    certificate: str | None = None
    key: str | None = None

    def credentials(self) -> Any:
        """As gRPC takes them; InputError if a file cannot be read."""
        return grpc.ssl_channel_credentials(
            *map(_content, (self.root, self.key, self.certificate))
        )


@dataclass(frozen=True)
class Connection:
    """Where a server is and what is sent along.

    Args:
        address: `HOST:PORT`.
        tls: encryption; None for none.
        metadata: headers of every request, such as `{"authorization": "Bearer …"}`.
        options: further channel options of gRPC, name → value.
    """

    address: str
    tls: Tls | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        host, colon, port = self.address.rpartition(":")
        if not (host and colon and port.isdigit()):
            raise InputError(
                f"A server is HOST:PORT, such as localhost:8500. Received: "
                f"{self.address}"
            )

    @property
    def headers(self) -> list[tuple[str, str]]:
        """The metadata as gRPC takes it."""
        return [(name.lower(), value) for name, value in self.metadata.items()]

    def open(self, transport: Any = grpc) -> Any:
        """A channel; nothing is sent yet.

        Args:
            transport: `grpc`, or `grpc.aio`.
        """
        options = [*_RECONNECT, *_ANY_SIZE, *self.options.items()]
        if self.tls is None:
            return transport.insecure_channel(self.address, options)
        return transport.secure_channel(self.address, self.tls.credentials(), options)


def _content(path: str | None) -> bytes | None:
    if path is None:
        return None
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error


# Translation by names and files: what is sent, and what comes back.

Picture = str | Path | np.ndarray


def encoded_request(
    pictures: Sequence[Picture],
    to: str,
    by_style: bool,
    references: Sequence[Picture] = (),
    seeds: Sequence[int] | int = 0,
    truncation: float = 1.0,
) -> tuple[str, dict[str, Any]]:
    """Signature and inputs of a translation on the server, decoding included.

    Args:
        pictures: paths of picture files, or uint8 arrays (h, w, 3).
        to: the target, as after `--to` on the command line.
        by_style: whether the model is a StarGAN v2.
        references: v2: one for each picture, or one for all.
        seeds: v2, without references: one for each picture, or one for all.
        truncation: v2, with seeds: in [0, 1].

    Returns:
        The signature's name, {input: array}.

    Raises:
        InputError: if numbers of things do not match, or a file cannot be read.
    """
    if not len(pictures):
        raise InputError("Give at least one picture. Received none.")
    count = len(pictures)
    inputs = {
        "encoded": _files(pictures),
        "names": np.full(count, composed(to), object),
    }
    if not by_style:
        if len(references):
            raise InputError("References are for StarGAN v2 models. Leave them out.")
        return "translate_encoded", inputs
    if len(references):
        inputs["references"] = _each(_files(references), count, "references")
        return "translate_reference_encoded", inputs
    inputs["seeds"] = _each(np.atleast_1d(seeds).astype(np.int64), count, "seeds")
    inputs["truncation"] = np.full(count, truncation, np.float32)
    return "translate_seed_encoded", inputs


def decoded(outputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """The pictures that came back.

    Args:
        outputs: of an encoded form.

    Returns:
        uint8 arrays (size, size, 3).
    """
    files = outputs["encoded_bytes"]
    return [np.asarray(read_picture(io.BytesIO(file), "an answer")) for file in files]


def _each(values: np.ndarray, count: int, name: str) -> np.ndarray:
    if len(values) not in (1, count):
        raise InputError(
            f"Give one of {name} per picture, or one for all. Received: {len(values)} "
            f"for {count}"
        )
    return np.broadcast_to(values, (count,))


def _files(pictures: Sequence[Picture]) -> np.ndarray:
    files = np.empty(len(pictures), object)
    files[:] = [_file(picture) for picture in pictures]
    return files


def _file(picture: Picture) -> bytes:
    if isinstance(picture, np.ndarray):
        return _png(picture)
    try:
        with open_regular(picture) as file:
            return file.read()
    except OSError as error:
        raise InputError(f"{picture} cannot be read: {error.strerror}.") from error


def _png(picture: np.ndarray) -> bytes:
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
        raise InputError(
            "A picture is a path, or a uint8 array (height, width, 3). Received: "
            f"{picture.dtype} {picture.shape}"
        )
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()


# The requests of a client, as messages, and their answers as Python values.

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


TIMEOUT = 60.0
V2_SIGNATURE = "synthesize"


class Client:
    """A model on a server.

    Every request has a deadline, and is sent again while the server is UNAVAILABLE (see
    `Retries`). Messages may have any size. One client may be used by many threads.

    Args:
        address: `HOST:PORT`.
        model: the model's name on the server.
        version: a number; None takes what the server serves.
        timeout: seconds for a request, retries included.
        retries: when a request is sent again.
        tls: encryption; None for none.
        metadata: headers of every request.
        options: further channel options of gRPC, name → value.

    Raises:
        InputError: if the address is none, or a certificate cannot be read.
    """

    def __init__(
        self,
        address: str,
        model: str,
        version: int | None = None,
        timeout: float = TIMEOUT,
        retries: Retries | None = None,
        tls: Tls | None = None,
        metadata: Mapping[str, str] | None = None,
        options: Mapping[str, Any] | None = None,
    ):
        self._connection = Connection(address, tls, metadata or {}, options or {})
        self._channel = self._connection.open()
        self._served = Served(model, version)
        self._timeout, self._retries = timeout, retries or Retries()
        self._by_style: bool | None = None

    def predict(
        self,
        inputs: Mapping[str, Any],
        signature: str = "serving_default",
        outputs: Sequence[str] = (),
        timeout: float | None = None,
    ) -> dict[str, np.ndarray]:
        """Computes a signature.

        Args:
            inputs: {input: array}; types must be those of the signature.
            signature: its name; `stargan_tf.serving` lists them.
            outputs: which outputs to send back; all if empty.
            timeout: seconds, in place of the client's.

        Returns:
            {output: array}; strings are bytes objects.

        Raises:
            ServingError: if the server refuses, is not there, or takes too long.
        """
        return self._send(self._served.predict(inputs, signature, outputs), timeout)

    def translate(
        self,
        pictures: Sequence[Picture],
        to: str,
        references: Sequence[Picture] = (),
        seeds: Sequence[int] | int = 0,
        truncation: float = 1.0,
        timeout: float | None = None,
    ) -> list[np.ndarray]:
        """Translates pictures; the server decodes, crops and resizes them.

        Args:
            pictures: paths, or uint8 arrays (h, w, 3) of any size.
            to: labels, as after `--to` on the command line (v1), or a domain (v2).
            references: v2: one for each picture, or one for all.
            seeds: v2, without references: of the random styles, likewise.
            truncation: v2, with seeds: in [0, 1], lower is nearer to the mean style.
            timeout: seconds, in place of the client's.

        Returns:
            uint8 arrays (size, size, 3), in the order of the pictures.

        Raises:
            InputError: if a picture cannot be read; `ServingError` as `predict`.
        """
        if self._by_style is None:
            self._by_style = V2_SIGNATURE in self.signatures()
        signature, inputs = encoded_request(
            pictures, to, self._by_style, references, seeds, truncation
        )
        return decoded(self.predict(inputs, signature, timeout=timeout))

    def describe(self) -> dict[str, Any]:
        """What the export's `model.json` says: family, labels, sizes."""
        return self._send(self._served.describe(), None)

    def signatures(self) -> dict[str, Any]:
        """{signature: {"inputs" or "outputs": {name: (type, shape)}}}; -1 is free."""
        return self._send(self._served.signatures(), None)

    def status(self) -> dict[int, str]:
        """{version: "LOADING", "AVAILABLE", …}."""
        return self._send(self._served.status(), None)

    def close(self) -> None:
        """Ends the connection."""
        self._channel.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _send(self, call: Call, timeout: float | None) -> Any:
        attempts = Attempts(timeout or self._timeout, self._retries)
        send, headers = call.on(self._channel), self._connection.headers
        while True:
            try:
                answer = send(
                    call.request, timeout=attempts.remaining, metadata=headers
                )
                return call.result(answer, self._connection.address)
            except grpc.RpcError as error:
                wait = attempts.wait_before_next(error.code().name)
                if wait is None:
                    address = self._connection.address
                    raise as_serving_error(error, address) from error
            time.sleep(wait)


# The client for `asyncio`.


class AsyncClient:
    """As `Client`, with methods to await. Make and use it inside one event loop.

    Args:
        address: `HOST:PORT`.
        model: the model's name on the server.
        version: a number; None takes what the server serves.
        timeout: seconds for a request, retries included.
        retries: when a request is sent again.
        tls: encryption; None for none.
        metadata: headers of every request.
        options: further channel options of gRPC, name → value.
    """

    def __init__(
        self,
        address: str,
        model: str,
        version: int | None = None,
        timeout: float = TIMEOUT,
        retries: Retries | None = None,
        tls: Tls | None = None,
        metadata: Mapping[str, str] | None = None,
        options: Mapping[str, Any] | None = None,
    ):
        self._connection = Connection(address, tls, metadata or {}, options or {})
        self._channel = self._connection.open(grpc.aio)
        self._served = Served(model, version)
        self._timeout, self._retries = timeout, retries or Retries()
        self._by_style: bool | None = None

    async def predict(
        self,
        inputs: Mapping[str, Any],
        signature: str = "serving_default",
        outputs: Sequence[str] = (),
        timeout: float | None = None,
    ) -> dict[str, np.ndarray]:
        """As `Client.predict`."""
        call = self._served.predict(inputs, signature, outputs)
        return await self._send(call, timeout)

    async def translate(
        self,
        pictures: Sequence[Picture],
        to: str,
        references: Sequence[Picture] = (),
        seeds: Sequence[int] | int = 0,
        truncation: float = 1.0,
        timeout: float | None = None,
    ) -> list[np.ndarray]:
        """As `Client.translate`."""
        if self._by_style is None:
            self._by_style = V2_SIGNATURE in await self.signatures()
        signature, inputs = encoded_request(
            pictures, to, self._by_style, references, seeds, truncation
        )
        return decoded(await self.predict(inputs, signature, timeout=timeout))

    async def describe(self) -> dict[str, Any]:
        """As `Client.describe`."""
        return await self._send(self._served.describe(), None)

    async def signatures(self) -> dict[str, Any]:
        """As `Client.signatures`."""
        return await self._send(self._served.signatures(), None)

    async def status(self) -> dict[int, str]:
        """As `Client.status`."""
        return await self._send(self._served.status(), None)

    async def close(self) -> None:
        """Ends the connection."""
        await self._channel.close()

    async def __aenter__(self) -> "AsyncClient":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _send(self, call: Call, timeout: float | None) -> Any:
        attempts = Attempts(timeout or self._timeout, self._retries)
        send, headers = call.on(self._channel), self._connection.headers
        while True:
            try:
                answer = await send(
                    call.request, timeout=attempts.remaining, metadata=headers
                )
                return call.result(answer, self._connection.address)
            except grpc.RpcError as error:
                wait = attempts.wait_before_next(error.code().name)
                if wait is None:
                    address = self._connection.address
                    raise as_serving_error(error, address) from error
            await asyncio.sleep(wait)
