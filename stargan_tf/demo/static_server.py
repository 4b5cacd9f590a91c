"""Serves a folder on this machine, with the headers that threads in browsers need."""

import errno
import sys
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO

from stargan_tf.errors import InputError

LOOPBACK = "127.0.0.1"
# How long a browser may take for its next bytes before its connection is closed.
SECONDS = 30
# Browsers share memory between threads only in pages that are isolated so.
ISOLATION = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}


class StaticHandler(SimpleHTTPRequestHandler):
    """Gives files, no listings; says nothing about each of them."""

    timeout = SECONDS

    # Windows' registry may say otherwise, and browsers insist on these.
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",
        ".wasm": "application/wasm",
        ".json": "application/json",
    }

    def send_head(self) -> BinaryIO | None:
        """Opens what is asked for; a name that no file can have is not found."""
        try:
            return super().send_head()
        except ValueError:  # A null byte, `%00`.
            self.send_error(HTTPStatus.NOT_FOUND)
            return None

    def end_headers(self) -> None:
        """Adds ours to each answer."""
        for name, value in ISOLATION.items():
            self.send_header(name, value)
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def list_directory(self, path: str) -> None:
        """There is nothing to see but the page.

        Args:
            path: a folder without an index.html.
        """
        self.send_error(HTTPStatus.NOT_FOUND)

    def log_message(self, format: str, *args: object) -> None:
        """Does nothing.

        Args:
            format: of what would be logged.
            *args: its parts.
        """


class StaticServer(ThreadingHTTPServer):
    """Says nothing about browsers that leave while a file is on its way."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Reports what is a defect.

        Args:
            request: the connection.
            client_address: the other end.
        """
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def static_server(folder: Path, port: int) -> ThreadingHTTPServer:
    """A server on the loopback interface, which no other machine can reach.

    Args:
        folder: what it serves.
        port: where; 0 for any free one.

    Returns:
        The server, bound; `serve_forever()` starts it.

    Raises:
        InputError: if the port is taken or not allowed.
    """
    handler = partial(StaticHandler, directory=str(folder))
    try:
        return StaticServer((LOOPBACK, port), handler)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            reason = "another program uses it"
        raise InputError(
            f"Port {port} cannot be used: {reason}. Choose another --port, or --port 0 "
            "for a free one."
        ) from error
