"""One model on several replicas: batches, updates, and the step function of `fit`.

Within `strategy.run`, each replica gets an equal shard of the global batch, in the
order of the replicas. The functions reproduce the computation of a single device:
random numbers are drawn for the global batch and sliced, and gradients are those of the
mean over the global batch. With one replica, every function returns its input.
"""

import functools

import tensorflow as tf

from stargan_tf.errors import InputError


def num_replicas():
    """The number of replicas; 1 without a strategy."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def global_batch_size(tensor):
    """Size of the global batch, given this replica's `tensor` (batch, …)."""
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
    # A sum of zero-padded rows, because `all_gather` needs the tensor's device, which a
    # tensor from outside a branch lacks.
    replica = tf.reshape(context.replica_id_in_sync_group, [1])
    one_hot = tf.one_hot(replica, replicas, dtype=tensor.dtype)  # (1, replicas)
    rows = tf.tensordot(tf.transpose(one_hot), tensor[tf.newaxis], 1)
    rows = context.all_reduce(tf.distribute.ReduceOp.SUM, rows)
    return tf.reshape(rows, tf.concat([[-1], tf.shape(tensor)[1:]], 0))


def scale_for_replicas(gradients):
    """Scales gradients of a mean over the local batch, since the optimizer sums them.

    The mean over the global batch is the mean of the means over its equal shards.
    """
    replicas = num_replicas()
    if replicas == 1:
        return gradients
    return [None if g is None else g / replicas for g in gradients]


def check_equal_batches(tensor):
    """Fails at run time if the global batch is not equally divided over replicas."""
    # Batches of endless data sets have a static size, equal for all replicas.
    if num_replicas() == 1 or tensor.shape[0] is not None:
        return tensor
    size = tf.shape(tensor)[0]
    context = tf.distribute.get_replica_context()
    total = context.all_reduce(tf.distribute.ReduceOp.SUM, size)
    check = tf.debugging.assert_equal(
        size * num_replicas(),
        total,
        "Batches must divide equally over the replicas: create batches with "
        f"drop_remainder=True and a size that is a multiple of {num_replicas()}.",
    )
    with tf.control_dependencies([check] if check is not None else []):
        return tf.identity(tensor)


def update_copies(variables, change, values):
    """Updates each replica's copies of variables with its copies of values.

    TensorFlow requires this to specify how updates of replicas are merged; here,
    nothing is merged, since every copy is updated in the same way.

    Args:
        variables: Keras variables.
        change: (variable, value) → None, which updates one variable.
        values: a value for each variable.
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
    """The function that `fit` or `evaluate` calls per batch, with several replicas.

    It replaces `_make_function` of Keras 3, which has two problems:

    - With several workers, it reduces results by `strategy.reduce("MEAN", v, axis=0)`,
      which fails for scalars (tensorflow#72388), and `fit` reads a distributed batch to
      build the model, which fails, too (keras#20585). `StarGANBase` skips the latter,
      since its models are built by the constructor and their optimizers by `compile`.
    - A step that chooses between updates by `tf.cond` within a replica cannot be
      distributed: optimizers merge the replicas' gradients, which is impossible in a
      branch. Here, the choice is made outside the replicas, equally for all of them and
      for all workers.

    Args:
        model: a `StarGANBase`.
        variants: distributed batch → (step functions, index): the possible steps, and a
            scalar int32 tensor, the index of the one for this batch. A step function
            takes a replica's batch and returns {name: scalar}.

    Returns:
        Iterator over distributed batches → {name: mean over the replicas}.
    """
    strategy = model.distribute_strategy
    names = []

    def on_replica(step, data):
        results = step(data)
        names[:] = results
        # As one vector, for a single message between the workers.
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
    """Raises `InputError` for `compile` outside the model's scope, and for XLA.

    Optimizers would not merge the gradients; XLA cannot merge them.
    """
    if strategy is not tf.distribute.get_strategy():
        raise InputError(
            "compile must be called in the scope of the strategy that the model was "
            "created in: with strategy.scope(): model.compile(…). Received: a model of "
            f"{type(strategy).__name__}, in the scope of "
            f"{type(tf.distribute.get_strategy()).__name__}."
        )
    if jit_compile and strategy.num_replicas_in_sync > 1:
        raise InputError(
            "jit_compile needs a single device, since gradients are merged outside of "
            f"XLA. Received: jit_compile={jit_compile} with "
            f"{strategy.num_replicas_in_sync} replicas. Drop one of them."
        )
