"""The client for `asyncio`."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import grpc
import grpc.aio
import numpy as np

from stargan_tf.serving.by_name import Picture, decoded, encoded_request
from stargan_tf.serving.calls import Call, Served
from stargan_tf.serving.client import TIMEOUT, V2_SIGNATURE
from stargan_tf.serving.connection import Connection, Tls
from stargan_tf.serving.retries import Attempts, Retries
from stargan_tf.serving.serving_error import as_serving_error


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
