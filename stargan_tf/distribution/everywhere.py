"""Updates of variables that each replica keeps a copy of."""

import tensorflow as tf


def update_everywhere(variables, change, values):
    """Updates each replica's copies of variables, by its own copies of values.

    Without this, TensorFlow refuses: it wants to be told how to join the replicas'
    updates. There is nothing to join, since every copy is updated in the same way.

    Args:
        variables: Keras variables.
        change: (variable, value) → None, which updates one variable.
        values: Keras variables or tensors, one for each variable.
    """
    if tf.distribute.get_strategy().num_replicas_in_sync == 1:
        for variable, value in zip(variables, values, strict=True):
            change(variable, value)
        return

    def on_all(strategy, variables, values):
        for variable, value in zip(variables, values, strict=True):
            strategy.extended.update(variable, change, args=(value,), group=False)

    tf.distribute.get_replica_context().merge_call(
        on_all,
        args=(
            [variable.value for variable in variables],
            [tf.convert_to_tensor(value) for value in values],
        ),
    )
