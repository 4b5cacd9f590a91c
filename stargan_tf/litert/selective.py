"""8-bit integers where they do little harm.

Only products (convolutions, dense layers) are quantized: instance normalisation takes
differences of near numbers, and an 8-bit norm costs more than all products together.
Of the products, a few near the output do most of the harm, because what they draw is
not normalised any more; harm adds up nearly as a sum. So each product's own is
measured, and the worst ones stay float until the rest is small enough.
"""

import re
from collections.abc import Callable, Mapping

from tqdm import tqdm

from stargan_tf.litert.file_model import unpack
from stargan_tf.litert.operations import names, operations
from stargan_tf.native_output import without_lines
from stargan_tf.private_interfaces import quantized

# Not DEPTHWISE_CONV_2D: it has few weights, and a light 128 px generator took four
# times as long with it in int8 (ai-edge-litert 2.3, x86).
PRODUCTS = ("CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED")
# Mean squared error over the squared range: 38 dB. Below, flat colours of the demos'
# faces are speckled, though `limits.LIMITS` would let them pass.
WANTED_ERROR = 10**-3.8

Error = Callable[[bytes], float]


def quantize_selectively(calibrated: bytes, error: Error) -> bytes:
    """Quantizes as many products as keep the file's error small.

    Args:
        calibrated: a float file with the ranges that the converter has seen.
        error: a file → its mean squared error against Keras over the squared range.

    Returns:
        The file.
    """
    whole = _quantized(calibrated, ())
    if error(whole) <= WANTED_ERROR:
        return whole
    products = product_names(calibrated)
    errors = {
        name: error(_quantized(calibrated, set(products) - {name}))
        for name in tqdm(products, "trying products in int8")
    }
    return _quantized(calibrated, worst(errors))


def worst(errors: Mapping[str, float]) -> set[str]:
    """The products to keep float, so that the sum of the others' errors is small.

    Args:
        errors: product → the error that it causes alone.
    """
    kept, left = set(), sum(errors.values())
    for name in sorted(errors, key=errors.__getitem__, reverse=True):
        if left <= WANTED_ERROR:
            break
        kept.add(name)
        left -= errors[name]
    return kept


def product_names(content: bytes) -> list[str]:
    """The products of a file, by the names of what they give.

    Args:
        content: the file.
    """
    model = unpack(content)
    kinds = names(model)
    return [
        graph.tensors[operator.outputs[0]].name.decode()
        for graph in model.subgraphs
        for operator in graph.operators
        if kinds[operator.opcodeIndex] in PRODUCTS
    ]


def _quantized(calibrated: bytes, float_products) -> bytes:
    others = set(operations(calibrated)) - set(PRODUCTS)
    with without_lines(re.compile(rb"fully_quantize: ")):
        return quantized(calibrated, others, set(float_products))
