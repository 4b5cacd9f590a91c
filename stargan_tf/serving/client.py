"""Asks a server, TF Serving or the small one, over gRPC. TensorFlow is not needed."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import grpc
import numpy as np

from stargan_tf.serving.by_name import Picture, decoded, encoded_request
from stargan_tf.serving.calls import Call, Served
from stargan_tf.serving.connection import Connection, Tls
from stargan_tf.serving.retries import Attempts, Retries
from stargan_tf.serving.serving_error import as_serving_error

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
