"""`stargan-tf serve`: TF Serving where it is found, else a development server."""

import os
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from stargan_tf.cli.quiet_start import start_tensorflow
from stargan_tf.errors import InputError
from stargan_tf.pretrained import named_or

SUMMARY = "Serve an exported SavedModel over gRPC."
USAGE = (
    "stargan-tf serve saved_models/NAME [--port 8500]\n"
    "       or toon_attributes, toon_people, which come with the package\n"
    "       Runs tensorflow_model_server if it is installed, or else the Docker image\n"
    "       tensorflow/serving if it is on this machine, or else a development server."
)


def define_flags(flag_values: flags.FlagValues) -> None:
    """Declares the command's flags.

    Args:
        flag_values: where to declare them.
    """
    server = {"flag_values": flag_values, "module_name": "Server"}
    flags.DEFINE_integer(
        "port", 8500, "0 takes a free one.", lower_bound=0, upper_bound=65535, **server
    )
    flags.DEFINE_string(
        "host",
        "127.0.0.1",
        "Address to listen at; the default is reached from this machine only. There is "
        "neither encryption nor a password. An installed tensorflow_model_server "
        "listens at every address of the machine whatever this says.",
        **server,
    )


def run(flag_values: flags.FlagValues, positionals: list[str]) -> None:
    """Serves until SIGTERM or Ctrl-C.

    Args:
        flag_values: the parsed flags.
        positionals: the model's folder.

    Raises:
        InputError: if the folder holds no version, or the port is in use.
        ImportError: for the development server, without the extra `serving`.
    """
    if len(positionals) != 1:
        raise InputError(
            f"Name one folder. Received: {' '.join(positionals) or 'none'}. Usage: "
            f"{USAGE.splitlines()[0]}"
        )
    from stargan_tf.exporting.saved_model import served_version
    from stargan_tf.serving import tf_serving

    host = flag_values.host
    port = _usable_port(host, flag_values.port)
    folder = _folder(Path(positionals[0]))
    served_version(folder)
    if command := tf_serving.program_command(folder, port):
        _become(command, f"TF Serving ({command[0]}), at every address, port {port}")
    if command := tf_serving.docker_command(folder, host, port):
        _become(command, f"TF Serving (Docker's {tf_serving.IMAGE}), at {host}:{port}")
    _serve_here(folder, host, port)


def _become(command: Sequence[str], described: str) -> None:
    """Replaces this process, which so passes on signals and the exit status."""
    print(f"Running {described}", flush=True)
    sys.stderr.flush()
    os.execv(command[0], command)


def _serve_here(folder: Path, host: str, port: int) -> None:
    from stargan_tf.serving.dev_server import check_installed

    check_installed()
    start_tensorflow()
    from stargan_tf.serving.dev_server import DevServer

    server = DevServer(folder, host, port)
    server.start()
    print(
        f"Running the development server, since TF Serving is not installed: "
        f"{server.name}, version {server.version}, at {server.address}",
        flush=True,
    )
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        print("Finishing requests.", flush=True)
        server.stop()


def _folder(named: Path) -> Path:
    """The folder, or that of the shipped model of this name, exported if need be."""
    source = named_or(named)
    if source == named:
        return named
    from stargan_tf.data.cache import cache_folder
    from stargan_tf.version import __version__

    made = cache_folder() / "served" / __version__ / named.name
    if not (made / "1").is_dir():
        print(f"Exporting {named} once, to {made}", flush=True)
        start_tensorflow()
        from stargan_tf.exporting.saved_model import (
            SavedModelOptions,
            export_saved_model,
        )
        from stargan_tf.training.run_folder import find_checkpoint

        options = SavedModelOptions(check=False)
        export_saved_model(*find_checkpoint(source), made, options)
    return made


def _usable_port(host: str, port: int) -> int:
    """The port, or a free one for 0; InputError if it cannot be listened at."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
        family, kind, protocol, _, address = found[0]
        with socket.socket(family, kind, protocol) as trial:
            if os.name == "posix":
                # A port that a server has just left is free.
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
            return trial.getsockname()[1]
    except OSError as error:
        raise InputError(
            f"Cannot listen at {host}:{port}: the port is in use, or the address is "
            "not this machine's. Pass another --port; 0 takes a free one."
        ) from error
