"""What the extra `serving` brings."""

from importlib.util import find_spec

EXTRA = "stargan_tf[serving]"


def check_installed() -> None:
    """Raises ImportError, naming the extra, if the server's packages are missing."""
    # Found and not imported: importing it starts TensorFlow.
    _check("tensorflow_serving", "tensorflow-serving-api")
    _check("grpc_health", "grpcio-health-checking")


def check_client() -> None:
    """Raises ImportError, naming the extra, if the client's package is missing."""
    _check("grpc", "grpcio")


def _check(module: str, package: str) -> None:
    if find_spec(module) is None:
        raise ImportError(
            f"This needs {package}. Install it with: pip install '{EXTRA}'"
        )
