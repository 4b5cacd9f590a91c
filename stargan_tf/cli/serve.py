"""`stargan-tf serve`: TF Serving where it is found, else a development server."""

import argparse
import os
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from stargan_tf.cli.command import Command, CommandParser, number, start_tensorflow
from stargan_tf.errors import InputError
from stargan_tf.pretrained import named_or


def _add_arguments(parser: CommandParser) -> None:
    add = parser.add_argument
    help = "What 'export --format saved_model' wrote, or a model of this package."
    add("folder", metavar="FOLDER", help=help)
    port = number(int, 0, 65535)
    add("--port", type=port, default=8500, help="0 takes a free one.")
    add(
        "--host",
        default="127.0.0.1",
        help="Address to listen at; the default is reached from this machine only. "
        "There is neither encryption nor a password. An installed "
        "tensorflow_model_server listens at every address of the machine whatever "
        "this says.",
    )


def _serve(args: argparse.Namespace) -> None:
    from stargan_tf.serving import tf_serving

    host = args.host
    port = _usable_port(host, args.port)
    folder = _folder(Path(args.folder))
    tf_serving.served_version(folder)
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
    from stargan_tf.serving.tf_serving import check_installed

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
        from stargan_tf.exporting.saved_model import export_saved_model
        from stargan_tf.training.run_folder import find_checkpoint

        export_saved_model(*find_checkpoint(source), made, check=False)
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


SERVE = Command(
    summary="Serve an exported SavedModel over gRPC.",
    usage=(
        "serve saved_models/NAME [--port 8500]\n"
        "       or toon_attributes, toon_people, which come with the package\n"
        "       Runs tensorflow_model_server if it is installed, or else the Docker "
        "image\n"
        "       tensorflow/serving if it is on this machine, or else a development "
        "server."
    ),
    add_arguments=_add_arguments,
    run=_serve,
)
