"""Trained models in other programs' formats: SavedModel and LiteRT.

This module imports neither TensorFlow nor NumPy: the command line declares its flags
with it.
"""

# Kinds of LiteRT files.
NONE, FLOAT16, DYNAMIC, INT8 = "none", "float16", "dynamic", "int8"
MODES = (NONE, FLOAT16, DYNAMIC, INT8)
MODES_HELP = (
    "none: float32. float16: half the size, computed in float32. dynamic: 8-bit "
    "weights, a quarter of the size, usually the fastest. int8: products in 8-bit "
    "integers, by ranges seen on the run's training images, except where that "
    "does much harm; the norms stay float."
)
# Types of their images, in and out.
FLOAT32, UINT8 = "float32", "uint8"
INPUT_TYPES = (FLOAT32, UINT8)


class AgreementError(Exception):
    """An exported model whose outputs are too far from those of Keras.

    The command line prints it in one line and exits with 1. Nothing is left of the
    export.
    """
