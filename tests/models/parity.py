"""How near our gradients and weights must be to the official code's."""

import numpy as np


def norm_errors(weights, trained, recorded, tolerance, floor=0.0):
    """Errors of the gradients' norms, in units of what is allowed.

    Args:
        weights: `Golden.weights` of the network.
        trained: {id of a variable: gradient}.
        recorded: {official key: norm}.
        tolerance: relative.
        floor: what is allowed besides, as a share of the largest norm.

    Yields:
        (official key, error / allowed).
    """
    floor *= max(recorded.values())
    for key, theirs in recorded.items():
        variable, part = weights[key]
        ours = np.linalg.norm(np.asarray(trained[id(variable)])[part])
        yield key, abs(ours - theirs) / max(tolerance * theirs, floor)


def weight_errors(weights, recorded, free):
    """Errors of the weights' sums after Adam's first steps, as `norm_errors`.

    Each weight has moved by about the learning rate. A gradient of nearly zero may
    change its sign: then its weight is off by two learning rates. `free` weights, or
    one in a hundred, may.

    Args:
        weights: `Golden.weights` of the network.
        recorded: {official key: (sum, sum of absolute values)}.
        free: a number of weights.

    Yields:
        (official key, error / allowed).
    """
    for key, sums in recorded.items():
        variable, part = weights[key]
        value = variable.numpy()[part].astype(np.float64)
        slack = 2e-4 * max(free, 0.01 * value.size) + 1e-5 * sums[1]
        ours = (value.sum(), np.abs(value).sum())
        yield key, max(abs(a - b) for a, b in zip(ours, sums, strict=True)) / slack


def by_variable(network, gradients):
    """{id of a trained variable: its gradient}."""
    return dict(zip(map(id, network.trainable_variables), gradients, strict=True))
