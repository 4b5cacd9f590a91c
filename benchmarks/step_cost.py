"""Multiply-adds of a whole training step, counted in the graph that `fit` runs."""


def step_multiply_adds(model, batch, **options) -> int:
    """Convolutions, matrix products and their gradients of one `train_step`.

    Args:
        model: a compiled `StarGANBase`.
        batch: `tf.TensorSpec`s of a batch, all sizes known.
        **options: of `train_step`.
    """
    import tensorflow as tf

    from stargan_tf.distillation.distiller import counted

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
