"""The loss terms of the two networks.

Networks are passed as callables, so that tests can verify each term by hand with a
network that has a single weight.
"""

from types import SimpleNamespace

from keras import ops

# Term → (function of the networks' outputs, name of its weight or None for a weight of
# 1). Logs are named after the terms. The weights are in `__init__.py`.
CRITIC_TERMS = {
    "real": (lambda seen: -ops.mean(seen.real_scores), None),
    "fake": (lambda seen: ops.mean(seen.fake_scores), None),
    "classification": (
        lambda seen: attribute_classification(seen.label, seen.class_logits),
        "classification",
    ),
    "penalty": (lambda seen: gradient_penalty(seen.slopes), "gradient_penalty"),
}
GENERATOR_TERMS = {
    "adversarial": (lambda seen: -ops.mean(seen.scores), None),
    "classification": (
        lambda seen: attribute_classification(seen.target, seen.class_logits),
        "classification",
    ),
    "reconstruction": (
        lambda seen: ops.mean(ops.abs(seen.image - seen.unedited)),
        "reconstruction",
    ),
}


def critic_terms(discriminator, value_and_slope, image, label, fake, alpha):
    """Computes the terms of the discriminator's loss.

    Args:
        discriminator: function from images to (scores, class logits).
        value_and_slope: function that returns f(x) and the gradient of its sum with
            respect to x, given (f, x).
        image: real images (batch, height, width, channels) in [-1, 1].
        label: their labels (batch, attributes), 0 or 1.
        fake: edited images, shaped like `image`, without a gradient.
        alpha: (batch, 1, 1, 1) in [0, 1], the weight of the real image in the
            interpolation for the penalty.

    Returns:
        {term of `CRITIC_TERMS`: scalar}.

    Reference: AttGAN (He et al. 2019), section III (classification loss of real images
        and adversarial loss with gradient penalty); STGAN (Liu et al. 2019), section
        3.3.
    """
    # A single pass over both reads the weights and accumulates gradients only once.
    scores, class_logits = discriminator(ops.concatenate([image, fake], axis=0))
    real_scores, fake_scores = ops.split(scores, 2)
    between = alpha * image + (1.0 - alpha) * fake
    seen = SimpleNamespace(
        real_scores=real_scores,
        fake_scores=fake_scores,
        label=label,
        class_logits=ops.split(class_logits, 2)[0],
        slopes=value_and_slope(lambda x: discriminator(x)[0], between)[1],
    )
    return {term: function(seen) for term, (function, _) in CRITIC_TERMS.items()}


def generator_terms(discriminator, image, target, fake, unedited):
    """Computes the terms of the generator's loss.

    Args:
        discriminator: function from images to (scores, class logits).
        image: source images (batch, height, width, channels) in [-1, 1].
        target: target labels (batch, attributes), 0 or 1.
        fake: images edited to the target labels, shaped like `image`.
        unedited: outputs of the generator for unchanged labels. Without a cycle loss,
            their reconstruction is the only term that preserves the rest of the image.

    Returns:
        {term of `GENERATOR_TERMS`: scalar}.

    Reference: AttGAN (He et al. 2019), section III (adversarial, attribute
        classification, and reconstruction losses of the generator); STGAN (Liu et al.
        2019), section 3.3.
    """
    scores, class_logits = discriminator(fake)
    seen = SimpleNamespace(
        scores=scores,
        target=target,
        class_logits=class_logits,
        image=image,
        unedited=unedited,
    )
    return {term: function(seen) for term, (function, _) in GENERATOR_TERMS.items()}


def attribute_classification(label, logits):
    """Computes the binary cross-entropy of attributes.

    Args:
        label: (batch, attributes), 0 or 1.
        logits: (batch, attributes).

    Returns:
        Scalar: mean over images and attributes, so that the weight of the term does
        not depend on the number of attributes. The papers use the sum over attributes.
    """
    return ops.mean(ops.binary_crossentropy(label, logits, from_logits=True))


def gradient_penalty(slopes):
    """Computes the gradient penalty.

    Args:
        slopes: ∂D(x̂)/∂x̂, (batch, height, width, channels).

    Returns:
        Scalar: mean over the batch of (‖slope‖₂ - 1)².

    Reference: WGAN-GP (Gulrajani et al. 2017), equation 3.
    """
    squared = ops.sum(ops.square(slopes), axis=(1, 2, 3))
    # The gradient of the square root is infinite at 0, which would give NaN.
    norm = ops.sqrt(ops.maximum(squared, 1e-24))
    return ops.mean(ops.square(norm - 1.0))
