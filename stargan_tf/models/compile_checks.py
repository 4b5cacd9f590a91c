"""Checks of `compile`'s arguments, for all versions."""

import keras

from stargan_tf.errors import InputError


def complete_weights(given, defaults):
    """All loss weights: the given ones, the others as in the paper.

    Args:
        given: {term: weight}, or None.
        defaults: every term with the paper's weight.

    Raises:
        InputError: if a term is none of them.
    """
    given = given or {}
    unknown = set(given) - set(defaults)
    if unknown:
        raise InputError(f"loss_weights takes {sorted(defaults)}. Received: {unknown}")
    return {**defaults, **given}


def check_at_least_one(name, value, otherwise=""):
    """Raises InputError if an argument is below 1.

    Args:
        name: the argument.
        value: what was received.
        otherwise: what else the user may want, a sentence.
    """
    if value < 1:
        advice = f". {otherwise}" if otherwise else ""
        raise InputError(f"{name} must be at least 1. Received: {value}{advice}")


def check_share(name, value):
    """Raises InputError if an argument is outside of [0, 1).

    Args:
        name: the argument.
        value: what was received.
    """
    if not 0.0 <= value < 1.0:
        raise InputError(f"{name} must be in [0, 1). Received: {value}")


def check_policy(policy):
    """Refuses what small gradients or small updates would be lost in.

    Args:
        policy: the model's dtype policy.

    Raises:
        InputError: for float16, which needs a loss scale, and for weights in less than
            float32.
    """
    weights, computed = policy.variable_dtype, policy.compute_dtype
    if weights in ("float16", "bfloat16") or computed == "float16":
        raise InputError(
            "Models train in float32, float64 or mixed_bfloat16. "
            f"Received: dtype={policy.name}, in which gradients or updates would round "
            "to zero. Build the model with dtype='mixed_bfloat16'."
        )


def check_optimizer(name, optimizer):
    """Refuses settings of an optimizer that would be ignored, or do harm.

    Args:
        name: the argument of `compile`.
        optimizer: a Keras optimizer.

    Raises:
        InputError: for a loss scale, which the losses are not multiplied by, and for
            averages that never become the weights.
    """
    scaled = keras.optimizers.LossScaleOptimizer
    if isinstance(optimizer, scaled) or optimizer.loss_scale_factor:
        raise InputError(
            f"{name} must be an optimizer without a loss scale, which is for float16. "
            f"Received: {type(optimizer).__name__} with one. Pass the optimizer itself "
            "without loss_scale_factor."
        )
    if optimizer.use_ema and not optimizer.ema_overwrite_frequency:
        raise InputError(
            f"{name} must say when its averages become the weights. Received: "
            "use_ema=True without ema_overwrite_frequency. Pass both, or neither."
        )


def check_floatx(optimizers):
    """Refuses to train where Keras' default type rounds learning rates and batches.

    Args:
        optimizers: Keras optimizers, built when that type may have been another.

    Raises:
        InputError: for float16 and bfloat16.
    """
    rates = [keras.backend.standardize_dtype(o.learning_rate.dtype) for o in optimizers]
    for dtype in (keras.config.floatx(), *rates):
        if dtype in ("float16", "bfloat16"):
            raise InputError(
                "Training needs 'float32' or 'float64' as Keras' default type, in "
                f"which it keeps learning rates and batches. Received: '{dtype}'. Call "
                "keras.config.set_floatx('float32') before compile; "
                "~/.keras/keras.json may have set another."
            )


def check_keras_arguments(given):
    """Refuses arguments of Keras' `compile` that these models do not use.

    Args:
        given: {argument: value}.

    Raises:
        InputError: naming the argument and what to pass instead.
    """
    for name in ("optimizer", "loss", "metrics", "weighted_metrics"):
        if given.get(name):
            raise InputError(
                "Losses and logs are those of the paper; compile takes loss_weights "
                f"and one optimizer per network, such as generator_optimizer. "
                f"Received: {name}={given[name]!r}. Leave {name} out."
            )
