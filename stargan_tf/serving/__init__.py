"""Serving exported models: a client, and the servers of `stargan-tf serve`.

`Client` needs no TensorFlow; errors of a server are raised as `ServingError`. The
signatures of an export are listed in `exporting.saved_model` and in each family's
`serving` module.
"""

from importlib import import_module
from importlib.util import find_spec

__all__ = ["Client", "ServingError"]


def __getattr__(name: str):
    if name not in __all__:
        raise AttributeError(f"module 'stargan_tf.serving' has no attribute {name!r}")
    if find_spec("grpc") is None:
        raise ImportError(
            "This needs grpcio. Install it with: pip install 'stargan_tf[serving]'"
        )
    # Imported on use, since the other modules need no gRPC.
    return getattr(import_module("stargan_tf.serving.client"), name)
