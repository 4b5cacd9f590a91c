"""The kinds of LiteRT files, by the words of the command line."""

NONE, FLOAT16, DYNAMIC, INT8 = "none", "float16", "dynamic", "int8"
MODES = (NONE, FLOAT16, DYNAMIC, INT8)
MODES_HELP = (
    "none: float32. float16: half the size, computed in float32. dynamic: 8-bit "
    "weights, a quarter of the size, usually the fastest. int8: products in 8-bit "
    "integers, by ranges seen on the run's training images, except where that "
    "does much harm; the norms stay float."
)

# Of pictures, in and out.
FLOAT32, UINT8 = "float32", "uint8"
INPUT_TYPES = (FLOAT32, UINT8)
