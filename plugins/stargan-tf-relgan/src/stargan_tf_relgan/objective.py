"""What RelGAN's networks are trained on, term by term.

Scores come in as tensors, so that each term can be checked by hand.
"""

from keras import ops

from . import LOSS_WEIGHTS

DEFAULT_WEIGHTS = {weight.name: weight.default for weight in LOSS_WEIGHTS}

# Term → (its function of what the networks computed, the name of its weight or None
# for 1). `seen` has the names that the lambdas use.
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
            squared_distance(seen.degree, degree_of(seen.share)[:, None, None, None])
            + squared_distance(seen.degree_of_whole, 0.0)
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


def squared_distance(scores, wanted):
    """The least-squares loss of scores that should be `wanted`.

    Args:
        scores: (batch, h, w, 1).
        wanted: a number, or (batch, 1, 1, 1).

    Returns:
        Scalar: mean of (scores - wanted)².

    Reference: LSGAN (Mao et al. 2017), as RelGAN (Wu et al. 2019) uses it, equations 1,
        2 and 5.
    """
    return ops.mean(ops.square(scores - wanted))


def mean_absolute_difference(first, second):
    """Mean of |first - second| over everything (RelGAN, equations 3 and 4)."""
    return ops.mean(ops.abs(first - second))


def degree_of(share):
    """By how much G(x, αv) is interpolated: min(α, 1 - α), 0 at both ends.

    Args:
        share: α in [0, 1].

    Reference: RelGAN (Wu et al. 2019), section 3.5.
    """
    return ops.minimum(share, 1.0 - share)


def change_between(label, target, groups):
    """The change v that turns labels into others.

    Args:
        label: 0 or 1, (batch, attributes).
        target: the same shape.
        groups: (groups, attributes), 1 for the members of each group of attributes
            that exclude each other.

    Returns:
        (batch, attributes) in {-1, 0, 1}: target - label. Where one member of a group
        is switched on, no other is said to go off, so that nobody who asks for blond
        hair has to say what color it was.
    """
    change = target - label
    on = ops.matmul(ops.relu(change), ops.transpose(groups))  # (batch, groups)
    replaced = ops.matmul(on, groups)
    return ops.where((replaced > 0.0) & (change < 0.0), 0.0, change)
