"""How close to Keras each kind of LiteRT file has to be."""

from stargan_tf.export.agreement import GREY_LEVEL, Limit
from stargan_tf.litert.modes import DYNAMIC, FLOAT16, INT8, NONE, UINT8

LIMITS = {
    NONE: Limit(max=1e-3),
    FLOAT16: Limit(max=1e-2),
    DYNAMIC: Limit(psnr=30.0),
    INT8: Limit(psnr=25.0),
}


def limit(quantize: str, input_type: str) -> Limit:
    """What a file has to keep.

    Args:
        quantize: one of `MODES`.
        input_type: one of `INPUT_TYPES`; rounded to uint8, a value near the middle
            between two grey levels may fall to either.
    """
    found = LIMITS[quantize]
    if input_type == UINT8 and found.max is not None:
        return Limit(max=found.max + GREY_LEVEL)
    return found
