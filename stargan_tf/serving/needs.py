"""What the extra `serving` brings."""

from importlib.util import find_spec

EXTRA = "stargan_tf[serving]"


def check_installed() -> None:
    """Raises ImportError, naming the extra, without tensorflow-serving-api."""
    # Found and not imported: importing it starts TensorFlow.
    if find_spec("tensorflow_serving") is None:
        raise ImportError(
            f"This needs tensorflow-serving-api. Install it with: pip install '{EXTRA}'"
        )
