"""Multiply-adds of networks and training steps, counted in their graphs."""

import math


def step_multiply_adds(model, batch, **options) -> int:
    """Counts the convolutions, matrix products, and their gradients of `train_step`.

    Args:
        model: a compiled `StarGANBase`.
        batch: `tf.TensorSpec`s of a batch with static shapes.
        **options: arguments of `train_step`.
    """
    import tensorflow as tf

    step = tf.function(lambda *data: model.train_step(data, **options), autograph=False)
    return counted(needed_operations(step.get_concrete_function(*batch).graph))


def needed_operations(graph) -> set:
    """Returns the operations that outputs and updates of a graph depend on."""
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
    """Counts the multiply-adds of convolutions and matrix products for one sample.

    Normalization, activations, and sums are excluded, as in the literature.

    Args:
        network: a Keras model.
        shapes: static shapes of the inputs without the batch.
    """

    import tensorflow as tf

    @tf.function(autograph=False)
    def call(*inputs):
        return network(list(inputs), training=False)

    graph = call.get_concrete_function(*(tf.TensorSpec((1, *s)) for s in shapes)).graph
    return counted(graph.get_operations())


def counted(operations):
    """Counts the multiply-adds of operations, including gradients of convolutions.

    Args:
        operations: `tf.Operation`s with static shapes.
    """
    return sum(map(_counted, operations))


def _counted(op):
    op_type = op.type.removesuffix("V2")
    if op_type in ("MatMul", "BatchMatMul"):
        transposed = op.get_attr("transpose_a" if op_type == "MatMul" else "adj_x")
        return _size(op.outputs[0]) * op.inputs[0].shape[-2 if transposed else -1]
    if op_type == "DepthwiseConv2dNative":
        height, width, _, _ = op.inputs[1].shape
        return _size(op.outputs[0]) * height * width
    # Every output value of the forward convolution is a sum over the kernel without its
    # output channels.
    if op_type == "Conv2D":
        values, kernel = op.outputs[0], op.inputs[1]
    elif op_type == "Conv2DBackpropInput":
        values, kernel = op.inputs[2], op.inputs[1]
    elif op_type == "Conv2DBackpropFilter":
        values, kernel = op.inputs[2], op.outputs[0]
    else:
        return 0
    return _size(values) * _size(kernel) // kernel.shape[-1]


def _size(tensor):
    return math.prod(tensor.shape.as_list())
