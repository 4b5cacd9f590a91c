"""The loss terms of CycleGAN and DiscoGAN.

Pairs hold the values of the first and the second domain, in this order. Every term is a
sum over both. Networks are passed as callables, so that tests can verify each term by
hand.
"""

from types import SimpleNamespace

import keras
from keras import ops

from stargan_tf.plugin import at_least_float32

CYCLEGAN, DISCOGAN = "cyclegan", "discogan"
# Shares of DiscoGAN's adversarial loss and feature matching, and the weight of its
# cycle term before and after the delay. They are settings of the authors' training and
# not in the paper's equations.
ADVERSARIAL_SHARE, FEATURES_SHARE = 0.1, 0.9
FIRST_RATE, LATER_RATE = 0.01, 0.5

# Objective → term → (function of the networks' outputs, name of its weight or None for
# a weight of 1). Logs are named after the terms.
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
    """Returns the terms of the generators' loss.

    Args:
        objective: `"cyclegan"` or `"discogan"`.
        weights: {name: weight} of CycleGAN's terms. Terms of weight 0 are omitted, so
            they are not computed.

    Returns:
        {term: (function, name of its weight)}, as in `GENERATOR_TERMS`.
    """
    table = GENERATOR_TERMS[objective]
    if objective == DISCOGAN:
        return table
    return {term: row for term, row in table.items() if weights.get(row[1], 1.0)}


def generator_terms(generators, discriminators, real, fake, table):
    """Computes the terms of the generators' loss.

    Args:
        generators: functions that translate images to the first and second domain.
        discriminators: functions from images of the first and second domain to
            [scores, *hidden features].
        real: unpaired images of the first and the second domain, float (batch, height,
            width, channels) in [-1, 1].
        fake: `to_first(second)` and `to_second(first)`, computed under the caller's
            tape.
        table: result of `generator_table`.

    Returns:
        {term of `table`: scalar}.

    Reference: CycleGAN (Zhu et al. 2017), equations 1 to 3 and section 5.2; DiscoGAN
        (Kim et al. 2017), section 2.
    """
    outputs = [d(image) for d, image in zip(discriminators, fake, strict=True)]
    seen = SimpleNamespace(
        real=real,
        scores=[scores for scores, *_ in outputs],
        features=[features for _, *features in outputs],
        real_features=lambda: [
            d(image)[1:] for d, image in zip(discriminators, real, strict=True)
        ],
        back=lambda: [g(x) for g, x in zip(generators, fake[::-1], strict=True)],
        same=lambda: [g(x) for g, x in zip(generators, real, strict=True)],
    )
    return {term: function(seen) for term, (function, _) in table.items()}


def discriminator_loss(objective, real_scores, fake_scores):
    """Computes the loss of a discriminator.

    Args:
        objective: `"cyclegan"` or `"discogan"`.
        real_scores: scores of real images (batch, h, w, 1).
        fake_scores: scores of translations (batch, h, w, 1).

    Returns:
        Scalar: ½·(mean (real - 1)² + mean fake²) for CycleGAN, or the sum of both
        cross-entropies for DiscoGAN.

    Reference: CycleGAN (Zhu et al. 2017), section 4 "Training details"; DiscoGAN (Kim
        et al. 2017), section 2.
    """
    if objective == CYCLEGAN:
        losses = least_squares(real_scores, 1.0) + least_squares(fake_scores, 0.0)
        return 0.5 * losses
    return cross_entropy(real_scores, 1.0) + cross_entropy(fake_scores, 0.0)


def discogan_weights(step, delay, dtype="float32"):
    """Returns the weights of DiscoGAN's terms.

    The loss is (0.1·adversarial + 0.9·features)·(1 - r) + r·cycle.

    Args:
        step: index of the update, an integer tensor.
        delay: number of updates with r = 0.01; then r = 0.5.
        dtype: dtype of the weights, that of the terms.

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
    """Computes the mean of (score - target)² (LSGAN, Mao et al. 2017)."""
    return ops.mean(ops.square(scores - target))


def cross_entropy(scores, target):
    """Computes the mean binary cross-entropy of logits for a target of 0 or 1."""
    return ops.mean(ops.softplus(scores) - target * scores)


def mean_absolute_difference(first, second):
    """Computes the mean of |first - second| over all elements."""
    return ops.mean(ops.abs(first - second))


def mean_squared_difference(first, second):
    """Computes the mean of (first - second)² over all elements."""
    return ops.mean(ops.square(first - second))


def feature_matching(real, fake):
    """Computes the feature matching loss.

    Args:
        real: activations of the discriminator's hidden layers for real images, each
            (batch, h, w, channels).
        fake: activations for translations.

    Returns:
        Scalar, at least float32: the squared difference of the means over the batch,
        averaged over positions and channels, and summed over layers.

    Reference: Improved GAN (Salimans et al. 2016), section 3.1.
    """

    def means(features):
        dtype = at_least_float32(keras.backend.standardize_dtype(features.dtype))
        return ops.mean(ops.cast(features, dtype), axis=0)

    return sum(
        mean_squared_difference(means(real_layer), means(fake_layer))
        for real_layer, fake_layer in zip(real, fake, strict=True)
    )


def over_both(function, first, second):
    """Sums function(first, second) over both domains."""
    return sum(function(*pair) for pair in zip(first, second, strict=True))
