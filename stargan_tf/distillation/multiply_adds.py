"""What a network's call costs, counted in its graph."""

import math

import tensorflow as tf


def multiply_adds(network, shapes):
    """Multiply-adds of a call on one sample: convolutions and matrix products.

    Norms, activations and sums are left out, as the literature does.

    Args:
        network: a Keras model with a list of inputs.
        shapes: the inputs' shapes without the batch, all sizes known.

    Returns:
        Their number.
    """

    @tf.function(autograph=False)
    def call(*inputs):
        return network(list(inputs), training=False)

    graph = call.get_concrete_function(*(tf.TensorSpec((1, *s)) for s in shapes)).graph
    return counted(graph.get_operations())


def counted(operations):
    """Multiply-adds of a graph's operations, gradients of convolutions included.

    Args:
        operations: `tf.Operation`s whose shapes are known.
    """
    return sum(_COUNTS.get(op.type, _nothing)(op) for op in operations)


def _nothing(op):
    return 0


def _size(shape):
    return math.prod(shape.as_list())


def _convolution(op):
    """Every output value sums over the kernel, but for its output channels."""
    kernel = op.inputs[1].shape
    return _size(op.outputs[0].shape) * _size(kernel) // kernel[-1]


def _depthwise(op):
    height, width, _, _ = op.inputs[1].shape
    return _size(op.outputs[0].shape) * height * width


def _transposed(op):
    """Every input value is spread over the kernel, but for its input channels."""
    kernel = op.inputs[1].shape
    return _size(op.inputs[2].shape) * _size(kernel) // kernel[-1]


def _gradient_of_kernel(op):
    """As many as the convolution: output value by output value, but for channels."""
    kernel = op.outputs[0].shape
    return _size(op.inputs[2].shape) * _size(kernel) // kernel[-1]


def _product(op):
    is_turned = op.get_attr("transpose_a" if op.type == "MatMul" else "adj_x")
    return _size(op.outputs[0].shape) * op.inputs[0].shape[-2 if is_turned else -1]


_COUNTS = {
    "Conv2D": _convolution,
    "DepthwiseConv2dNative": _depthwise,
    "Conv2DBackpropInput": _transposed,
    "Conv2DBackpropFilter": _gradient_of_kernel,
    "MatMul": _product,
    "BatchMatMulV2": _product,
}
