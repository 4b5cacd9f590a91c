"""TF Serving: version folders, configuration files, and finding its installation.

This module imports neither TensorFlow nor NumPy.
"""

import json
import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path, PurePath, PurePosixPath

from stargan_tf.errors import InputError

PROGRAM = "tensorflow_model_server"
PROGRAM_VARIABLE = "STARGAN_TF_MODEL_SERVER"
IMAGE = "tensorflow/serving"
DEFAULT_SIGNATURE = "serving_default"
MAX_BATCH = 8
# `--batching_parameters_file`: simultaneous requests are batched. Only a few sizes are
# allowed, so that few shapes are compiled; smaller batches are padded.
BATCHING_CONFIG = """\
max_batch_size { value: 8 }
batch_timeout_micros { value: 5000 }
max_enqueued_batches { value: 100 }
num_batch_threads { value: 2 }
allowed_batch_sizes: 1
allowed_batch_sizes: 2
allowed_batch_sizes: 4
allowed_batch_sizes: 8
"""
_GRPC_PORT = 8500  # In the container.
_DOCKER_TIMEOUT_S = 10


def check_installed() -> None:
    """Raises `ImportError` if packages of the extra `serving` are missing."""
    # Not imported, since importing them loads TensorFlow.
    for module, package in (
        ("tensorflow_serving", "tensorflow-serving-api"),
        ("grpc_health", "grpcio-health-checking"),
    ):
        if find_spec(module) is None:
            raise ImportError(
                f"This needs {package}. Install it with: pip install "
                "'stargan_tf[serving]'"
            )


def versions(folder: Path) -> list[int]:
    """The version numbers in a model's folder, ascending; it need not exist."""
    names = (path.name for path in folder.glob("*/") if path.name.isdigit())
    return sorted(int(name) for name in names)


def next_version(folder: Path) -> Path:
    """The folder of the next version."""
    if folder.exists() and not folder.is_dir():
        raise InputError(
            "--output must be a folder, such as saved_models/faces. Received: the file "
            f"{folder}"
        )
    return folder / str(max(versions(folder), default=0) + 1)


def served_version(folder: Path) -> int:
    """The newest version in a model's folder."""
    command = (
        "Create one with: stargan-tf export --model DIR --format saved_model "
        f"--output {folder}"
    )
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}. {command}")
    if numbers := versions(folder):
        return numbers[-1]
    if (folder / "saved_model.pb").exists():
        raise InputError(
            f"Expected the folder of all versions. Received: {folder}, a single "
            f"version. Pass {folder.resolve().parent}"
        )
    raise InputError(f"{folder} has no version (a folder 1, 2, …). {command}")


def models_config(name: str) -> str:
    """`--model_config_file`: the newest version of one model."""
    # Quoted like JSON, since the text format has the same escapes.
    quoted = json.dumps(name, ensure_ascii=False)
    path = json.dumps(f"/models/{name}", ensure_ascii=False)
    return (
        "model_config_list {\n"
        "  config {\n"
        f"    name: {quoted}\n"
        f"    base_path: {path}\n"
        '    model_platform: "tensorflow"\n'
        "    model_version_policy { latest { num_versions: 1 } }\n"
        "  }\n"
        "}\n"
    )


def program_command(folder: Path, port: int) -> list[str]:
    """The command that serves a folder with an installed TF Serving.

    Returns:
        The program and its arguments; empty if TF Serving is not installed.
    """
    configured = os.environ.get(PROGRAM_VARIABLE)
    program = shutil.which(configured or PROGRAM)
    if configured and not program:
        raise InputError(
            f"{PROGRAM_VARIABLE} must name a program, such as /opt/{PROGRAM}. "
            f"Received: {configured}"
        )
    return [program, *_arguments(folder.resolve(), port)] if program else []


def docker_command(folder: Path, host: str, port: int) -> list[str]:
    """The command that serves a folder with the Docker image `tensorflow/serving`.

    Returns:
        The command; empty without Docker, or if the image has not been pulled.
    """
    docker = shutil.which("docker")
    if not docker or not _has_image(docker):
        return []
    inside = PurePosixPath("/models", folder.resolve().name)
    return [
        docker,
        "run",
        "--rm",
        "--init",  # Forwards signals.
        "--publish",
        f"{host}:{port}:{_GRPC_PORT}",
        "--volume",
        f"{folder.resolve()}:{inside}:ro",
        "--entrypoint",
        PROGRAM,
        IMAGE,
        *_arguments(inside, _GRPC_PORT),
    ]


def _arguments(base_path: PurePath, port: int) -> list[str]:
    return [
        f"--port={port}",
        f"--model_name={base_path.name}",
        f"--model_base_path={base_path}",
    ]


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
