"""Multiply-adds of networks and whole training steps, counted in their graphs."""

import math


def step_multiply_adds(model, batch, **options) -> int:
    """Convolutions, matrix products and their gradients of one `train_step`.

    Args:
        model: a compiled `StarGANBase`.
        batch: `tf.TensorSpec`s of a batch, all sizes known.
        **options: of `train_step`.
    """
    import tensorflow as tf

    step = tf.function(lambda *data: model.train_step(data, **options), autograph=False)
    return counted(needed_operations(step.get_concrete_function(*batch).graph))


def needed_operations(graph) -> set:
    """What its outputs and updates depend on; TensorFlow drops the rest."""
    waiting = [*graph.control_outputs, *(tensor.op for tensor in graph.outputs)]
    needed = set()
    while waiting:
        operation = waiting.pop()
        if operation not in needed:
            needed.add(operation)
            waiting += [tensor.op for tensor in operation.inputs]
            waiting += operation.control_inputs
    return needed


def multiply_adds(network, shapes):
    """Multiply-adds of a call on one sample: convolutions and matrix products.

    Norms, activations and sums are left out, as the literature does.

    Args:
        shapes: the inputs' shapes without the batch, all sizes known.
    """

    import tensorflow as tf

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
    return sum(map(_counted, operations))


def _counted(op):
    kind = op.type.removesuffix("V2")
    if kind in ("MatMul", "BatchMatMul"):
        is_turned = op.get_attr("transpose_a" if kind == "MatMul" else "adj_x")
        return _size(op.outputs[0]) * op.inputs[0].shape[-2 if is_turned else -1]
    if kind == "DepthwiseConv2dNative":
        height, width, _, _ = op.inputs[1].shape
        return _size(op.outputs[0]) * height * width
    # Every value that comes out of the forward convolution sums over the kernel, but
    # for its output channels.
    if kind == "Conv2D":
        values, kernel = op.outputs[0], op.inputs[1]
    elif kind == "Conv2DBackpropInput":
        values, kernel = op.inputs[2], op.inputs[1]
    elif kind == "Conv2DBackpropFilter":
        values, kernel = op.inputs[2], op.outputs[0]
    else:
        return 0
    return _size(values) * _size(kernel) // kernel.shape[-1]


def _size(tensor):
    return math.prod(tensor.shape.as_list())
