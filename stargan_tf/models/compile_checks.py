"""Checks of `compile`'s arguments, for all versions."""

from stargan_tf.errors import InputError


def complete_weights(given, defaults):
    """All loss weights: the given ones, the others as in the paper.

    Args:
        given: {term: weight}, or None.
        defaults: every term with the paper's weight.

    Raises:
        ValueError: if a term is none of them.
    """
    given = given or {}
    unknown = set(given) - set(defaults)
    if unknown:
        raise ValueError(f"loss_weights takes {sorted(defaults)}. Received: {unknown}")
    return {**defaults, **given}


def check_at_least_one(name, value, otherwise=""):
    """Raises ValueError if an argument is below 1.

    Args:
        name: the argument.
        value: what was received.
        otherwise: what else the user may want, a sentence.
    """
    if value < 1:
        advice = f". {otherwise}" if otherwise else ""
        raise ValueError(f"{name} must be at least 1. Received: {value}{advice}")


def check_share(name, value):
    """Raises ValueError if an argument is outside of [0, 1).

    Args:
        name: the argument.
        value: what was received.
    """
    if not 0.0 <= value < 1.0:
        raise ValueError(f"{name} must be in [0, 1). Received: {value}")


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
