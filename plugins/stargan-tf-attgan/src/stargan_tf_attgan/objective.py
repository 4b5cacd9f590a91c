"""What the two networks are trained on, term by term.

The networks come in as callables, so that each term can be checked by hand on a
network of one weight.
"""

from types import SimpleNamespace

from keras import ops

# Term → (its function of what the networks computed, the name of its weight or None
# for 1). Logs are named after the terms; the weights are in `__init__.py`.
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
    """Terms of the discriminator's loss.

    Args:
        discriminator: image → (scores, class logits).
        value_and_slope: (function, x) → (function(x), gradient of its sum by x).
        image: real images (batch, height, width, channels) in [-1, 1].
        label: their labels (batch, attributes), 0 or 1.
        fake: edited images, like `image`; no gradient must flow out of them.
        alpha: (batch, 1, 1, 1) in [0, 1]: where between a real and an edited image
            the penalty is taken.

    Returns:
        {term of `CRITIC_TERMS`: scalar}.

    Reference: AttGAN (He et al. 2019), section III: its classification loss of real
        images and adversarial loss with gradient penalty; STGAN (Liu et al. 2019),
        section 3.3.
    """
    # In one pass, which reads the weights, and adds up their gradients, once.
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
    """Terms of the generator's loss.

    Args:
        discriminator: image → (scores, class logits).
        image: source images (batch, height, width, channels) in [-1, 1].
        target: the labels asked for (batch, attributes), 0 or 1.
        fake: the images edited to show `target`, like `image`.
        unedited: what the generator makes of the images if nothing is to be changed.
            There is no cycle: this term alone keeps what was not asked for.

    Returns:
        {term of `GENERATOR_TERMS`: scalar}.

    Reference: AttGAN (He et al. 2019), section III: its adversarial, attribute
        classification and reconstruction losses of the generator; STGAN (Liu et al.
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
    """Cross-entropy of independent attributes.

    Args:
        label: (batch, attributes), 0 or 1.
        logits: (batch, attributes).

    Returns:
        Scalar: the mean over images and over attributes, so that the weight of the
        term does not depend on how many attributes there are. The papers write a sum.
    """
    return ops.mean(ops.binary_crossentropy(label, logits, from_logits=True))


def gradient_penalty(slopes):
    """How far the critic's slope is from one.

    Args:
        slopes: ∂D(x̂)/∂x̂, (batch, height, width, channels).

    Returns:
        Scalar: mean over the batch of (‖slope‖₂ - 1)².

    Reference: Gulrajani et al. 2017, equation 3.
    """
    squared = ops.sum(ops.square(slopes), axis=(1, 2, 3))
    # The square root has no slope at 0: a dead critic must not turn into NaN.
    norm = ops.sqrt(ops.maximum(squared, 1e-24))
    return ops.mean(ops.square(norm - 1.0))
