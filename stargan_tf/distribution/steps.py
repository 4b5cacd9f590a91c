"""What `fit` and `evaluate` call for each batch, with more than one replica.

Keras 3 has this in `_make_function`, but not so that it works here:

- Over several workers it reduces the results with `strategy.reduce("MEAN", v, axis=0)`,
  which fails for scalars (tensorflow#72388), and `fit` looks at a distributed batch
  beforehand in order to build the model, which fails as well (keras#20585). Models
  here are built when they are made and their optimizers in `compile`, so that
  `StarGANBase` skips that look.
- A step that decides between updates, with `tf.cond` inside of a replica, cannot be
  distributed: optimizers join the replicas' gradients, and a replica may not do so
  within a branch. The decision is taken outside of the replicas instead, where all
  of them, and all workers, take the same.
"""

import functools

import tensorflow as tf

from stargan_tf.errors import InputError


def distributed_function(model, variants):
    """A function for `train_function` or `test_function`.

    Args:
        model: a compiled `StarGANBase`, made in the scope of its strategy.
        variants: distributed batch → (step functions, index): what a step may be, and
            a scalar int32 tensor that says which one this batch is for. A step
            function takes a replica's batch and returns {name: scalar}.

    Returns:
        Iterator over distributed batches → {name: mean over the replicas}.
    """
    strategy = model.distribute_strategy
    names = []

    def on_replica(function, data):
        results = function(data)
        names[:] = results
        # As one vector: one message between the workers instead of one each.
        return tf.stack([tf.cast(value, tf.float32) for value in results.values()])

    def run(function, data):
        results = strategy.run(on_replica, args=(function, data))
        return strategy.reduce("MEAN", results, axis=None)

    def one_step(data):
        functions, index = variants(data)
        branches = [functools.partial(run, one, data) for one in functions]
        one_only = len(branches) == 1
        return branches[0]() if one_only else tf.switch_case(index, branches)

    if not model.run_eagerly:
        one_step = tf.function(one_step, reduce_retracing=True, autograph=False)

    def several_steps(iterator):
        for _ in range(model.steps_per_execution):
            results = one_step(next(iterator))
        return dict(zip(names, tf.unstack(results), strict=True))

    return several_steps


def check_compilation(strategy, jit_compile):
    """Refuses what a strategy would do wrong, or not at all.

    Args:
        strategy: in whose scope the model was made.
        jit_compile: argument of `compile`.

    Raises:
        InputError: if `compile` is called out of its scope (the optimizers would not
            join the gradients), or with XLA (which has no way to join them).
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
