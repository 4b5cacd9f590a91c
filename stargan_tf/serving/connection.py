"""How a client reaches a server."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc

from stargan_tf.errors import InputError

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
