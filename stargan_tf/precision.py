"""What is computed in full precision whatever the compute type."""

import keras
from keras import ops


def at_least_float32(dtype):
    """float32, or float64 where the computation is in that.

    Args:
        dtype: a dtype policy or a type name.

    Returns:
        `"float32"` or `"float64"`.
    """
    compute_dtype = keras.dtype_policies.get(dtype).compute_dtype
    return keras.backend.result_type(compute_dtype, "float32")


def in_full_precision(x):
    """`x` cast to at least float32.

    Args:
        x: a tensor of any float type.
    """
    return ops.cast(x, at_least_float32(keras.backend.standardize_dtype(x.dtype)))
