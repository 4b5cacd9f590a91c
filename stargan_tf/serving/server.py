"""A small server with TF Serving's protocol, for laptops and tests.

Production is TF Serving itself. This one is for where its binary is not to be had: it
answers the same requests with the same statuses, computes requests that come together
in one batch, and takes up new versions without failing a request.
"""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc

from stargan_tf.errors import InputError
from stargan_tf.native_output import without_lines
from stargan_tf.serving.batching_config import Batching, read_batching
from stargan_tf.serving.versions import versions

SERVICE = "tensorflow.serving.PredictionService"
BATCHING_FILE = Path("assets.extra", "batching.config")
FROM_EXPORT = "export"
MEGABYTE = 1 << 20
# A connection is renewed after the first of these times, and what is still open on it
# after the second ends. So requests that are never finished do not hold their places
# for good; a client opens the next connection by itself.
CONNECTION_MS, LAST_REQUESTS_MS = 300_000, 120_000
_PORT_TAKEN = re.compile(rb"[EIW]\d{4} .*|WARNING: All log messages before absl")


@dataclass(frozen=True)
class ServerOptions:
    """How to serve.

    Args:
        host: address to listen at; the default is reached from this machine only.
        port: 0 takes a free one.
        batching: `FROM_EXPORT` reads the file inside of each version, if there is one;
            else a `Batching`, or None for none.
        max_requests: answered or waiting at once; more are RESOURCE_EXHAUSTED.
        max_megabytes: of a request; larger ones are RESOURCE_EXHAUSTED.
        poll_seconds: from one look for new versions to the next.
    """

    host: str = "127.0.0.1"
    port: int = 8500
    batching: Batching | str | None = FROM_EXPORT
    max_requests: int = 64
    max_megabytes: int = 256
    poll_seconds: float = 1.0


class Server:
    """Serves the newest version in a folder.

    The port is taken at once; TensorFlow is imported by `start`.

    Args:
        folder: with version folders `1/`, `2/`, …; its name is the model's.
        options: how.

    Raises:
        InputError: if there is no version, or the port is in use.
    """

    def __init__(self, folder: Path, options: ServerOptions | None = None):
        self._options = options or ServerOptions()
        self._folder = folder
        self.name = folder.resolve().name
        _check_folder(folder)
        self._server = grpc.server(
            ThreadPoolExecutor(self._options.max_requests),
            maximum_concurrent_rpcs=self._options.max_requests,
            options=[
                ("grpc.max_receive_message_length", self._max_bytes()),
                ("grpc.max_send_message_length", -1),
                ("grpc.max_connection_age_ms", CONNECTION_MS),
                ("grpc.max_connection_age_grace_ms", LAST_REQUESTS_MS),
                # Else two servers would share a port and the system would choose.
                ("grpc.so_reuseport", 0),
            ],
        )
        self.port = self._take_port()
        self._versions: Any = None
        self._health: Any = None

    @property
    def address(self) -> str:
        """Where it listens, `HOST:PORT`."""
        return f"{self._options.host}:{self.port}"

    @property
    def version(self) -> int:
        """The number of the live version."""
        with self._versions.use() as live:
            return live.version

    def start(self) -> None:
        """Loads the model, then answers requests.

        Raises:
            InputError: if the newest version cannot be loaded.
        """
        from grpc_health.v1 import health, health_pb2, health_pb2_grpc
        from tensorflow_serving.apis import (
            model_service_pb2_grpc,
            prediction_service_pb2_grpc,
        )

        from stargan_tf.serving.live_versions import LiveVersions
        from stargan_tf.serving.servicers import ModelService, PredictionService

        self._versions = LiveVersions(self.name, self._folder, self._load)
        self._versions.refresh()
        self._check_loaded()
        add = prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server
        add(PredictionService(self._versions), self._server)
        add = model_service_pb2_grpc.add_ModelServiceServicer_to_server
        add(ModelService(self._versions), self._server)
        self._health = health.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        for service in ("", SERVICE):
            self._health.set(service, health_pb2.HealthCheckResponse.SERVING)
        self._server.start()
        self._versions.watch(self._options.poll_seconds)

    def stop(self, grace: float = 10.0) -> None:
        """Takes no more requests and finishes those that run.

        Args:
            grace: seconds they have for that.
        """
        if self._health:
            self._health.enter_graceful_shutdown()
        self._server.stop(grace).wait()
        if self._versions:
            self._versions.close()

    def _max_bytes(self) -> int:
        return self._options.max_megabytes * MEGABYTE

    def _take_port(self) -> int:
        address = f"{self._options.host}:{self._options.port}"
        try:
            # gRPC writes a line of its own.
            with without_lines(_PORT_TAKEN):
                return self._server.add_insecure_port(address)
        except RuntimeError as error:
            raise InputError(
                f"Cannot listen at {address}: the port is in use, or the address is "
                "not this machine's. Pass another --port; 0 takes a free one."
            ) from error

    def _load(self, version: int, folder: Path) -> Any:
        from stargan_tf.serving.live_model import LiveModel
        from stargan_tf.serving.loaded_model import LoadedModel
        from stargan_tf.serving.warmed import warm_up

        batching = self._options.batching
        if batching == FROM_EXPORT:
            file = folder / BATCHING_FILE
            batching = read_batching(file) if file.exists() else None
        model = LoadedModel(folder)
        warm_up(model, folder)
        return LiveModel(version, model, batching)

    def _check_loaded(self) -> None:
        failed = [
            state.error for state in self._versions.states.values() if state.error
        ]
        if failed:
            raise InputError(failed[0])


def _check_folder(folder: Path) -> None:
    command = (
        "Make one with: stargan-tf export --model DIR --format saved_model "
        f"--output {folder}"
    )
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}. {command}")
    if versions(folder):
        return
    if (folder / "saved_model.pb").exists():
        raise InputError(
            f"{folder} is one version. Name the folder it lies in: "
            f"{folder.resolve().parent}"
        )
    raise InputError(f"{folder} holds no version (a folder 1, 2, …). {command}")
