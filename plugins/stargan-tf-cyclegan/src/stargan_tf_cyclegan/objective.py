"""What CycleGAN and DiscoGAN are trained on, term by term.

Pairs are of the first and the second domain, in this order. Every term is a sum over
both. Networks come in as callables, so that each term can be checked by hand.
"""

from types import SimpleNamespace

import keras
from keras import ops

from stargan_tf.plugin import at_least_float32
from stargan_tf_cyclegan import LOSS_WEIGHTS as OPTIONS

LOSS_WEIGHTS = {option.name: option.default for option in OPTIONS}
CYCLEGAN, DISCOGAN = OBJECTIVES = ("cyclegan", "discogan")
# DiscoGAN's shares of adversarial loss and feature matching, and the weight of its
# reconstruction, at first and later: settings of its authors' training, not in the
# paper's equations.
ADVERSARIAL_SHARE, FEATURES_SHARE = 0.1, 0.9
FIRST_RATE, LATER_RATE = 0.01, 0.5

# Objective → term → (its function of what the networks computed, the name of its
# weight or None for 1). Logs are named after the terms.
GENERATOR_TERMS = {
    CYCLEGAN: {
        "adversarial": (
            lambda seen: sum(least_squares(scores, 1.0) for scores in seen.scores),
            None,
        ),
        "cycle": (
            lambda seen: over_both(mean_absolute_difference, seen.real, seen.back()),
            "cycle",
        ),
        "identity": (
            lambda seen: over_both(mean_absolute_difference, seen.real, seen.same()),
            "identity",
        ),
    },
    DISCOGAN: {
        "adversarial": (
            lambda seen: sum(cross_entropy(scores, 1.0) for scores in seen.scores),
            "adversarial",
        ),
        "features": (
            lambda seen: over_both(
                feature_matching, seen.real_features(), seen.features
            ),
            "features",
        ),
        "cycle": (
            lambda seen: over_both(mean_squared_difference, seen.real, seen.back()),
            "cycle",
        ),
    },
}


def generator_table(objective, weights):
    """The terms of the generators' loss.

    Args:
        objective: one of `OBJECTIVES`.
        weights: {name: weight} of CycleGAN's terms; those of weight 0 are left out, so
            that nothing is computed for them.
    """
    table = GENERATOR_TERMS[objective]
    if objective == DISCOGAN:
        return table
    return {term: row for term, row in table.items() if weights.get(row[1], 1.0)}


def generator_terms(generators, discriminators, real, fake, table):
    """Terms of the generators' loss.

    Args:
        generators: (to the first domain, to the second): image → image.
        discriminators: of the first domain and the second: image → [scores, hidden
            features …].
        real: images of the first domain and of the second, float (batch, height, width,
            channels) in [-1, 1]; they are not paired.
        fake: `to_first(second)` and `to_second(first)`, computed under the caller's
            tape.
        table: a `generator_table`.

    Returns:
        {term of `table`: scalar}.

    Reference: CycleGAN (Zhu et al. 2017), equations 1 to 3 and section 5.2; DiscoGAN
        (Kim et al. 2017), section 2.
    """
    judged = [d(image) for d, image in zip(discriminators, fake, strict=True)]
    seen = SimpleNamespace(
        real=real,
        scores=[scores for scores, *_ in judged],
        features=[features for _, *features in judged],
        real_features=lambda: [
            d(image)[1:] for d, image in zip(discriminators, real, strict=True)
        ],
        back=lambda: [g(x) for g, x in zip(generators, fake[::-1], strict=True)],
        same=lambda: [g(x) for g, x in zip(generators, real, strict=True)],
    )
    return {term: function(seen) for term, (function, _) in table.items()}


def discriminator_loss(objective, real_scores, fake_scores):
    """The loss of one domain's discriminator.

    Args:
        objective: one of `OBJECTIVES`.
        real_scores: (batch, h, w, 1), of real images.
        fake_scores: (batch, h, w, 1), of translations.

    Returns:
        Scalar: ½·(mean (real - 1)² + mean fake²) for CycleGAN, the sum of two
        cross-entropies for DiscoGAN.

    Reference: CycleGAN (Zhu et al. 2017), section 4 "Training details"; DiscoGAN (Kim
        et al. 2017), section 2.
    """
    if objective == CYCLEGAN:
        losses = least_squares(real_scores, 1.0) + least_squares(fake_scores, 0.0)
        return 0.5 * losses
    return cross_entropy(real_scores, 1.0) + cross_entropy(fake_scores, 0.0)


def discogan_weights(step, delay, dtype="float32"):
    """Weights of DiscoGAN's terms: (0.1·adversarial + 0.9·features)·(1 - r) + r·cycle.

    Args:
        step: number of the update, from 0, an integer tensor.
        delay: updates with r = 0.01; r = 0.5 afterwards.
        dtype: of the result, that of the terms.

    Returns:
        {name of a weight in `GENERATOR_TERMS`: scalar}.
    """
    rate = ops.cast(ops.where(step < delay, FIRST_RATE, LATER_RATE), dtype)
    return {
        "adversarial": ADVERSARIAL_SHARE * (1.0 - rate),
        "features": FEATURES_SHARE * (1.0 - rate),
        "cycle": rate,
    }


def least_squares(scores, target):
    """Mean of (score - target)² (Mao et al. 2017)."""
    return ops.mean(ops.square(scores - target))


def cross_entropy(scores, target):
    """Mean binary cross-entropy of logits, all with the same target, 0 or 1."""
    return ops.mean(ops.softplus(scores) - target * scores)


def mean_absolute_difference(first, second):
    """Mean of |first - second| over everything."""
    return ops.mean(ops.abs(first - second))


def mean_squared_difference(first, second):
    """Mean of (first - second)² over everything."""
    return ops.mean(ops.square(first - second))


def feature_matching(real, fake):
    """How far the mean hidden features of translations are from those of real images.

    Args:
        real: activations of the discriminator's hidden layers for real images, each
            (batch, h, w, channels).
        fake: those for translations.

    Returns:
        Scalar, in at least float32: the squared difference of the means over the batch,
        averaged over the places and channels of a layer, and summed over the layers.

    Reference: Salimans et al. 2016, section 3.1.
    """

    def means(features):
        dtype = at_least_float32(keras.backend.standardize_dtype(features.dtype))
        return ops.mean(ops.cast(features, dtype), axis=0)

    return sum(
        mean_squared_difference(means(one), means(other))
        for one, other in zip(real, fake, strict=True)
    )


def over_both(function, first, second):
    """The sum of a function of two images, or lists of features, over both domains."""
    return sum(function(*pair) for pair in zip(first, second, strict=True))
