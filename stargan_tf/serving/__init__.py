"""Exported models on a server: a client, and the servers of `stargan-tf serve`.

`Client` needs no TensorFlow; what a server refuses is a `ServingError`.
`exporting.saved_model` and each family's `serving` module list the signatures of an
export.
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
    # When it is asked for: finding TF Serving needs no gRPC.
    return getattr(import_module("stargan_tf.serving.client"), name)
