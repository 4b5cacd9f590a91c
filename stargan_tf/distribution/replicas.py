"""One model on several replicas: batches, updates, and what `fit` calls.

Inside of `strategy.run` each replica sees equal parts of one global batch, in the order
of the replicas. What one device would do with the whole batch is done here with the
parts: random numbers are drawn for the whole and cut, gradients become those of the
mean over the whole. With one replica every function returns what it was given.
"""

import functools

import tensorflow as tf

from stargan_tf.errors import InputError


def num_replicas():
    """How many replicas there are; 1 without a strategy."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def global_batch_size(tensor):
    """Samples of the global batch, of which `tensor` (batch, …) is this replica's."""
    size, replicas = tf.shape(tensor)[0], num_replicas()
    return size if replicas == 1 else size * replicas


def local_rows(tensor):
    """This replica's rows of a tensor (global batch, …) that all replicas have."""
    replicas = num_replicas()
    if replicas == 1:
        return tensor
    replica = tf.distribute.get_replica_context().replica_id_in_sync_group
    size = tf.shape(tensor)[0] // replicas
    start = tf.cast(replica, tf.int32) * size
    return tensor[start : start + size]


def global_rows(tensor):
    """All replicas' rows, in order, of a float tensor (batch, …)."""
    replicas = num_replicas()
    if replicas == 1:
        return tensor
    context = tf.distribute.get_replica_context()
    # As a sum of rows among zeros: `all_gather` asks for the tensor's device, which a
    # tensor from outside of a branch has not.
    replica = tf.reshape(context.replica_id_in_sync_group, [1])
    one_hot = tf.one_hot(replica, replicas, dtype=tensor.dtype)  # (1, replicas)
    rows = tf.tensordot(tf.transpose(one_hot), tensor[tf.newaxis], 1)
    rows = context.all_reduce(tf.distribute.ReduceOp.SUM, rows)
    return tf.reshape(rows, tf.concat([[-1], tf.shape(tensor)[1:]], 0))


def scale_for_replicas(gradients):
    """Gradients of a mean over the local batch, for the optimizer to add up.

    The mean over the global batch is the mean of the means over its equal parts.
    """
    replicas = num_replicas()
    if replicas == 1:
        return gradients
    return [None if g is None else g / replicas for g in gradients]


def check_equal_batches(tensor):
    """Refuses, when it runs, a global batch that the replicas do not share equally."""
    # Batches of endless data sets have a size known beforehand, equal for all.
    if num_replicas() == 1 or tensor.shape[0] is not None:
        return tensor
    size = tf.shape(tensor)[0]
    context = tf.distribute.get_replica_context()
    total = context.all_reduce(tf.distribute.ReduceOp.SUM, size)
    check = tf.debugging.assert_equal(
        size * num_replicas(),
        total,
        "Each batch must split equally over the replicas: make batches with "
        f"drop_remainder=True and a size that is a multiple of {num_replicas()}.",
    )
    with tf.control_dependencies([check] if check is not None else []):
        return tf.identity(tensor)


def update_copies(variables, change, values):
    """Updates each replica's copies of variables, by its own copies of values.

    Without this, TensorFlow refuses: it wants to be told how to join the replicas'
    updates. There is nothing to join, since every copy is updated in the same way.

    Args:
        change: (variable, value) → None, which updates one variable.
    """
    if num_replicas() == 1:
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


def distributed_function(model, variants):
    """What `fit` or `evaluate` call for each batch, with more than one replica.

    Keras 3 has this in `_make_function`, but not so that it works here:

    - Over several workers it reduces the results with `strategy.reduce("MEAN", v,
      axis=0)`, which fails for scalars (tensorflow#72388), and `fit` looks at a
      distributed batch beforehand in order to build the model, which fails as well
      (keras#20585). Models here are built when they are made and their optimizers in
      `compile`, so that `StarGANBase` skips that look.
    - A step that decides between updates, with `tf.cond` inside of a replica, cannot be
      distributed: optimizers join the replicas' gradients, and a replica may not do so
      within a branch. The decision is taken outside of the replicas instead, where all
      of them, and all workers, take the same.

    Args:
        variants: distributed batch → (step functions, index): what a step may be, and
            a scalar int32 tensor that says which one this batch is for. A step
            function takes a replica's batch and returns {name: scalar}.

    Returns:
        Iterator over distributed batches → {name: mean over the replicas}.
    """
    strategy = model.distribute_strategy
    names = []

    def on_replica(step, data):
        results = step(data)
        names[:] = results
        # As one vector: one message between the workers instead of one each.
        return tf.stack([tf.cast(value, tf.float32) for value in results.values()])

    def run(step, data):
        results = strategy.run(on_replica, args=(step, data))
        return strategy.reduce("MEAN", results, axis=None)

    def one_step(data):
        steps, index = variants(data)
        branches = [functools.partial(run, step, data) for step in steps]
        return branches[0]() if len(steps) == 1 else tf.switch_case(index, branches)

    if not model.run_eagerly:
        one_step = tf.function(one_step, reduce_retracing=True, autograph=False)

    def several_steps(iterator):
        for _ in range(model.steps_per_execution):
            results = one_step(next(iterator))
        return dict(zip(names, tf.unstack(results), strict=True))

    return several_steps


def check_compilation(strategy, jit_compile):
    """Refuses `compile` out of the scope that the model was made in, and XLA.

    Its optimizers would not join the gradients; XLA has no way to join them.
    """
    if strategy is not tf.distribute.get_strategy():
        raise InputError(
            "compile must be called in the scope of the strategy that the model was "
            "made in: with strategy.scope(): model.compile(…). Received: a model of "
            f"{type(strategy).__name__}, in the scope of "
            f"{type(tf.distribute.get_strategy()).__name__}."
        )
    if jit_compile and strategy.num_replicas_in_sync > 1:
        raise InputError(
            "jit_compile is for one device; several join their gradients outside of "
            f"XLA. Received: jit_compile={jit_compile} and "
            f"{strategy.num_replicas_in_sync} replicas. Leave one out."
        )
