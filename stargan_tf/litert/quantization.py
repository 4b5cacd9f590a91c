"""The kinds of LiteRT files, and how close to Keras each has to be."""

import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from stargan_tf.export.agreement import GREY_LEVEL, Limit
from stargan_tf.native_output import without_lines

NONE, FLOAT16, DYNAMIC, INT8 = "none", "float16", "dynamic", "int8"
FLOAT32, UINT8 = "float32", "uint8"

LIMITS = {
    NONE: Limit(max=1e-3),
    FLOAT16: Limit(max=1e-2),
    DYNAMIC: Limit(psnr=30.0),
    INT8: Limit(psnr=25.0),
}
MODES = tuple(LIMITS)
INPUT_TYPES = (FLOAT32, UINT8)
MODES_HELP = (
    "none: float32. float16: half the size, computed in float32. dynamic: 8-bit "
    "weights, a quarter of the size, usually the fastest. int8: convolutions in "
    "8-bit integers, by ranges seen on the run's training images; the norms stay float."
)

# Instance normalisation takes differences of near numbers: in 8 bits it costs more
# than all convolutions together, so its operations stay float.
KEPT_FLOAT = ("MEAN", "SUB", "MUL", "ADD", "RSQRT", "TANH", "LOGISTIC")

Samples = Callable[[], Iterator[Any]]


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


def quantized(converter: Any, quantize: str, samples: Samples) -> bytes:
    """Converts.

    Args:
        converter: a `tf.lite.TFLiteConverter`.
        quantize: one of `MODES`.
        samples: for int8: gives (signature, inputs by name), one after another.

    Returns:
        The file.
    """
    import tensorflow as tf

    if quantize != NONE:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantize == FLOAT16:
        converter.target_spec.supported_types = [tf.float16]
    if quantize != INT8:
        return converter.convert()
    converter.representative_dataset = samples
    return _calibrated(converter)


def _calibrated(converter: Any) -> bytes:
    """`converter.convert()` with some operations kept out of it."""
    from tensorflow.lite.python.convert import mlir_quantize

    # What tf.lite.experimental.QuantizationDebugger does, without its second model.
    converter._experimental_calibrate_only = True
    with warnings.catch_warnings():
        # It calibrates with an interpreter of its own that it calls deprecated.
        warnings.filterwarnings("ignore", r"\s*Warning: tf.lite.Interpreter")
        calibrated = converter.convert()
    with without_lines(re.compile(rb"fully_quantize: ")):
        return mlir_quantize(calibrated, denylisted_ops=set(KEPT_FLOAT))
