"""The three ways of computing that are timed, for JAX and for PyTorch."""

import contextlib

# Name → (precision of float32 products in JAX, Keras' dtype policy). "default" is TF32
# on GPUs that have it.
PRECISIONS = {
    "float32": ("highest", "float32"),
    "tf32": ("default", "float32"),
    "bfloat16": ("default", "mixed_bfloat16"),
}


def policy(name: str) -> str:
    """Keras' dtype policy."""
    return PRECISIONS[name][1]


@contextlib.contextmanager
def jax_precision(name: str):
    """Within it, JAX traces products of this precision."""
    import jax

    with jax.default_matmul_precision(PRECISIONS[name][0]):
        yield


def set_torch_precision(name: str):
    """Sets PyTorch's switches; returns the type for `torch.autocast`, or None."""
    import torch

    # As both papers' code has it.
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = name != "float32"
    # PyTorch's own default is TF32 for convolutions and float32 for products.
    torch.backends.cudnn.allow_tf32 = name != "float32"
    return torch.bfloat16 if name == "bfloat16" else None
