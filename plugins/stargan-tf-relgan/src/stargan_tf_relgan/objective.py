"""The loss terms of RelGAN's two networks.

Scores are passed as tensors, so that tests can verify each term by hand.
"""

from keras import ops

# Term → (function of the networks' outputs, name of its weight or None for a weight of
# 1).
DISCRIMINATOR_TERMS = {
    "real": (lambda seen: squared_distance(seen.real, 1.0), None),
    "fake": (lambda seen: squared_distance(seen.fake, 0.0), None),
    "match": (lambda seen: squared_distance(seen.match, 1.0), "match"),
    "mismatch": (
        lambda seen: sum(squared_distance(scores, 0.0) for scores in seen.mismatches),
        "match",
    ),
    "interpolation": (
        lambda seen: (
            squared_distance(seen.degree, degree_of(seen.alpha)[:, None, None, None])
            + squared_distance(seen.degree_of_end, 0.0)
        ),
        "interpolation",
    ),
}
GENERATOR_TERMS = {
    "adversarial": (lambda seen: squared_distance(seen.fake, 1.0), None),
    "match": (lambda seen: squared_distance(seen.match, 1.0), "match"),
    "cycle": (lambda seen: mean_absolute_difference(seen.image, seen.back), "cycle"),
    "self": (lambda seen: mean_absolute_difference(seen.image, seen.same), "self"),
    "interpolation": (
        lambda seen: squared_distance(seen.degree, 0.0),
        "interpolation",
    ),
}


def squared_distance(scores, target):
    """Computes the least-squares loss of scores.

    Args:
        scores: (batch, h, w, 1).
        target: a number, or (batch, 1, 1, 1).

    Returns:
        Scalar: mean of (scores - target)².

    Reference: RelGAN (Wu et al. 2019), equations 1, 2, and 5, which use the loss of
        LSGAN (Mao et al. 2017).
    """
    return ops.mean(ops.square(scores - target))


def mean_absolute_difference(first, second):
    """Computes the mean of |first - second| (RelGAN, equations 3 and 4)."""
    return ops.mean(ops.abs(first - second))


def degree_of(alpha):
    """Computes the degree of interpolation of G(x, αv), min(α, 1 - α).

    Args:
        alpha: α in [0, 1].

    Returns:
        Degree in [0, 0.5], shaped like `alpha`.

    Reference: RelGAN (Wu et al. 2019), section 3.5.
    """
    return ops.minimum(alpha, 1.0 - alpha)


def change_between(label, target, groups):
    """Computes the change v between two labels.

    Args:
        label: (batch, attributes), 0 or 1.
        target: (batch, attributes), 0 or 1.
        groups: (groups, attributes), 1 for the members of each group of mutually
            exclusive attributes.

    Returns:
        (batch, attributes) in {-1, 0, 1}: target - label. If an attribute of a group is
        added, the change of the attribute that it replaces is 0 and not -1. A request
        for blond hair then does not depend on the hair color of the image.
    """
    change = target - label
    on = ops.matmul(ops.relu(change), ops.transpose(groups))  # (batch, groups)
    replaced = ops.matmul(on, groups)
    return ops.where((replaced > 0.0) & (change < 0.0), 0.0, change)
