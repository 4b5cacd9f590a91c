"""What StarGAN v1's two networks are trained on, term by term.

The networks come in as callables, so that each term can be checked by hand on a
network of one weight.
"""

from types import SimpleNamespace

from keras import ops

from stargan_tf.data.info import BINARY, ONE_HOT
from stargan_tf.layers.precision import in_full_precision
from stargan_tf.models.stargan import STARGAN

LOSS_WEIGHTS = {option.name: option.default for option in STARGAN.loss_weights}

# Term → (its function of what the networks computed, the name of its weight or None
# for 1). Logs are named after the terms; a weight, its default and its help are an
# entry of `loss_weights` in this folder's `__init__.py`.
CRITIC_TERMS = {
    "real": (lambda seen: critic_loss(seen.real_logits, real=True), None),
    "fake": (lambda seen: critic_loss(seen.fake_logits, real=False), None),
    "classification": (
        lambda seen: domain_classification(
            seen.label, seen.class_logits, seen.label_slices
        ),
        "classification",
    ),
    "penalty": (lambda seen: gradient_penalty(seen.slope), "gradient_penalty"),
}
GENERATOR_TERMS = {
    "adversarial": (lambda seen: critic_loss(seen.patch_logits, real=True), None),
    "classification": CRITIC_TERMS["classification"],
    "reconstruction": (
        lambda seen: mean_absolute_difference(seen.image, seen.back),
        "reconstruction",
    ),
}
# Of images translated to their own label.
IDENTITY_TERMS = {
    "identity": (
        lambda seen: mean_absolute_difference(seen.image, seen.fake),
        "identity",
    ),
}


def critic_terms(
    discriminator, value_and_slope, image, label, fake, alpha, label_slices
):
    """Terms of the discriminator's loss.

    Args:
        discriminator: image → (patch logits, class logits).
        value_and_slope: (function, x) → (function(x), gradient of its sum by x).
        image: real images, float32 (batch, height, width, 3) in [-1, 1].
        label: their labels, float32 (batch, label_width).
        fake: generated images, like `image`; no gradient must flow out of them.
        alpha: float32 (batch, 1, 1, 1) in [0, 1], where the penalty is taken.
        label_slices: see `domain_classification`.

    Returns:
        {term of `CRITIC_TERMS`: scalar}.

    Reference: StarGAN (Choi et al. 2018), equations 2, 5 and 8.
    """
    # In one pass, which reads the weights, and adds up their gradients, once.
    patch_logits, class_logits = discriminator(ops.concatenate([image, fake], axis=0))
    real_logits, fake_logits = ops.split(patch_logits, 2)
    class_logits, _ = ops.split(class_logits, 2)
    between = alpha * image + (1.0 - alpha) * fake  # x̂ of equation 8
    _, slope = value_and_slope(lambda x: discriminator(x)[0], between)
    seen = SimpleNamespace(
        label=label,
        label_slices=label_slices,
        real_logits=real_logits,
        fake_logits=fake_logits,
        class_logits=class_logits,
        slope=slope,
    )
    return {term: function(seen) for term, (function, _) in CRITIC_TERMS.items()}


def generator_terms(
    generator, discriminator, image, label, target, fake, label_slices, rectified=False
):
    """Terms of the generator's loss.

    Args:
        generator: [image, label] → image.
        discriminator: image → (patch logits, class logits).
        image: source images, float32 (batch, height, width, 3) in [-1, 1].
        label: their own labels, float32 (batch, label_width).
        target: the labels asked for, the same shape.
        fake: `generator([image, target])`, computed under the caller's tape.
        label_slices: see `domain_classification`.
        rectified: adds the same-domain pass, as the released code of Fixed-Point GAN
            does: every term of the generator is summed over the target label and the
            image's own, and `IDENTITY_TERMS`, ‖G(x, c_x) - x‖₁, join. The discriminator
            sees translated images only, in that code and here.

    Returns:
        {term of `GENERATOR_TERMS` and, if `rectified`, `IDENTITY_TERMS`: scalar}.

    Reference: StarGAN (Choi et al. 2018), equations 3, 4 and 6; Fixed-Point GAN
        (Siddiquee et al. 2019): `solver.py` at 3c43d01 of
        https://github.com/mahfuzmohammad/Fixed-Point-GAN, except that its generator
        draws a residual, tanh(x + G(x, c)), where this one is StarGAN's.
    """

    def terms(table, fake, target):
        patch_logits, class_logits = discriminator(fake)
        seen = SimpleNamespace(
            image=image,
            fake=fake,
            back=generator([fake, label]),
            label=target,
            label_slices=label_slices,
            patch_logits=patch_logits,
            class_logits=class_logits,
        )
        return {term: function(seen) for term, (function, _) in table.items()}

    crossed = terms(GENERATOR_TERMS, fake, target)
    if not rectified:
        return crossed
    own = terms(GENERATOR_TERMS | IDENTITY_TERMS, generator([image, label]), label)
    return {term: crossed.get(term, 0.0) + own[term] for term in own}


def critic_loss(logits, real):
    """One half of the critic's loss: push real up, fake down.

    Args:
        logits: D_src, any shape; the mean is over images and patches.
        real: whether the critic should call these images real.

    Returns:
        Scalar: -mean(logits) if `real`, else mean(logits). The generator's loss is
        `critic_loss(D(fake), real=True)`.

    Reference: StarGAN (Choi et al. 2018), equation 8.
    """
    return -ops.mean(logits) if real else ops.mean(logits)


def gradient_penalty(gradients):
    """How far the critic's slope is from one.

    Args:
        gradients: ∂ Σ_patches D_src(x̂) / ∂x̂, (batch, height, width, channels).

    Returns:
        Scalar: mean over the batch of (‖gradient‖₂ - 1)², in at least float32.

    Reference: StarGAN (Choi et al. 2018), equation 8, last term.
    """
    gradients = in_full_precision(gradients)
    squared = ops.sum(ops.square(gradients), axis=(1, 2, 3))
    # The square root has no slope at 0: a dead critic must not turn into NaN.
    norm = ops.sqrt(ops.maximum(squared, 1e-24))
    return ops.mean(ops.square(norm - 1.0))


def domain_classification(label, logits, label_slices):
    """Classification loss over the known labels of each image.

    Args:
        label: (batch, Σ c_i + n for n > 1 else c_1): the labels of n data sets side
            by side and, for n > 1, the mask that says which of them are known.
        logits: (batch, Σ c_i).
        label_slices: for each data set (slice of its labels, "binary" or "one_hot").

    Returns:
        Scalar, the mean over images; unknown labels contribute nothing.

    Reference: StarGAN (Choi et al. 2018), equations 2, 3 and section 3.3.
    """
    cross_entropy = {BINARY: binary_classification, ONE_HOT: one_hot_classification}
    losses = [
        cross_entropy[label_type](label[:, columns], logits[:, columns])
        for columns, label_type in label_slices
    ]
    if len(losses) == 1:
        return ops.mean(losses[0])
    mask = label[:, -len(losses) :]  # (batch, n)
    return ops.mean(ops.sum(mask * ops.stack(losses, axis=-1), axis=-1))


def binary_classification(label, logits):
    """Cross-entropy of independent attributes, per image.

    Args:
        label: (batch, attributes), 0 or 1.
        logits: (batch, attributes).

    Returns:
        (batch,): the SUM over attributes, as the official code has it (a mean would
        weigh five attributes five times less).
    """
    return ops.sum(ops.binary_crossentropy(label, logits, from_logits=True), axis=-1)


def one_hot_classification(label, logits):
    """Softmax cross-entropy per image, (batch,); `label` and `logits` (batch, n)."""
    return ops.categorical_crossentropy(label, logits, from_logits=True)


def mean_absolute_difference(first, second):
    """Mean of |first - second| over everything (equation 4)."""
    return ops.mean(ops.abs(first - second))
