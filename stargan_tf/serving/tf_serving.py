"""Finds the genuine TF Serving, as a program or as a Docker image."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from stargan_tf.errors import InputError

PROGRAM = "tensorflow_model_server"
PROGRAM_VARIABLE = "STARGAN_TF_MODEL_SERVER"
IMAGE = "tensorflow/serving"
_GRPC_PORT = 8500  # inside of the container
_DOCKER_TIMEOUT_S = 10


def program_command(folder: Path, port: int) -> list[str]:
    """The command that serves a folder by an installed TF Serving.

    Args:
        folder: the model's, with its versions; its name is the model's.
        port: where to listen, at every address of this machine.

    Returns:
        The program and its arguments; empty if TF Serving is not installed.

    Raises:
        InputError: if `STARGAN_TF_MODEL_SERVER` does not name a program.
    """
    named = os.environ.get(PROGRAM_VARIABLE)
    found = shutil.which(named or PROGRAM)
    if named and not found:
        raise InputError(
            f"{PROGRAM_VARIABLE} must name a program, such as /opt/{PROGRAM}. "
            f"Received: {named}"
        )
    return [found, *_arguments(folder, folder.resolve(), port)] if found else []


def docker_command(folder: Path, host: str, port: int) -> list[str]:
    """The command that serves a folder by the image `tensorflow/serving`.

    Args:
        folder: as for `program_command`.
        host: address to listen at.
        port: where to listen.

    Returns:
        The command; empty without Docker, or if the image is not on this machine.
    """
    docker = shutil.which("docker")
    if not docker or not _has_image(docker):
        return []
    inside = Path("/models", folder.resolve().name)
    return [
        docker,
        "run",
        "--rm",
        "--init",  # passes signals on
        "--publish",
        f"{host}:{port}:{_GRPC_PORT}",
        "--volume",
        f"{folder.resolve()}:{inside}:ro",
        "--entrypoint",
        PROGRAM,
        IMAGE,
        *_arguments(folder, inside, _GRPC_PORT),
    ]


def _arguments(folder: Path, base_path: Path, port: int) -> Sequence[str]:
    name = folder.resolve().name
    return f"--port={port}", f"--model_name={name}", f"--model_base_path={base_path}"


def _has_image(docker: str) -> bool:
    try:
        inspected = subprocess.run(
            [docker, "image", "inspect", IMAGE],
            capture_output=True,
            timeout=_DOCKER_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return inspected.returncode == 0
