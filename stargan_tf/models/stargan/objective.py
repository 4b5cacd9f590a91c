"""What StarGAN v1's two networks are trained on, term by term.

The networks come in as callables, so that each term can be checked by hand on a
network of one weight.
"""

import tensorflow as tf
from keras import ops

from stargan_tf.layers.precision import in_full_precision
from stargan_tf.losses.reconstruction import mean_absolute_difference

# The Wasserstein adversarial terms and the gradient penalty (WGAN-GP).


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


def interpolate(real, fake, alpha):
    """Points on the lines between real and generated images.

    Args:
        real: (batch, height, width, channels).
        fake: the same shape.
        alpha: (batch, 1, 1, 1), uniform in [0, 1]; the share of `real`.

    Returns:
        x̂ = α·real + (1 - α)·fake, the same shape.
    """
    return alpha * real + (1.0 - alpha) * fake


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


# Domain classification terms of StarGAN v1.

BINARY = "binary"
ONE_HOT = "one_hot"


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
    """Softmax cross-entropy, per image.

    Args:
        label: (batch, classes), one-hot.
        logits: (batch, classes).

    Returns:
        (batch,).
    """
    return ops.categorical_crossentropy(label, logits, from_logits=True)


_PER_IMAGE = {BINARY: binary_classification, ONE_HOT: one_hot_classification}


def domain_classification(label, logits, parts):
    """Classification loss over the known part of each label.

    Args:
        label: (batch, Σ c_i + n for n > 1 else c_1): the labels of n data sets side
            by side and, for n > 1, the mask that says which part is known.
        logits: (batch, Σ c_i).
        parts: for each data set (slice of its labels, "binary" or "one_hot").

    Returns:
        Scalar, the mean over images; unknown parts contribute nothing.

    Reference: StarGAN (Choi et al. 2018), equations 2, 3 and section 3.3.
    """
    losses = [_PER_IMAGE[kind](label[:, part], logits[:, part]) for part, kind in parts]
    if len(parts) == 1:
        return ops.mean(losses[0])
    mask = label[:, -len(parts) :]  # (batch, n)
    return ops.mean(ops.sum(mask * ops.stack(losses, axis=-1), axis=-1))


def critic_terms(discriminator, image, label, fake, alpha, parts):
    """Terms of the discriminator's loss.

    Args:
        discriminator: image → (patch logits, class logits).
        image: real images, float32 (batch, height, width, 3) in [-1, 1].
        label: their labels, float32 (batch, label_width).
        fake: generated images, like `image`; no gradient must flow out of them.
        alpha: float32 (batch, 1, 1, 1) in [0, 1], where the penalty is taken.
        parts: see `domain_classification`.

    Returns:
        Dictionary of scalars: `real`, `fake`, `classification`, `penalty`.

    Reference: StarGAN (Choi et al. 2018), equations 2, 5 and 8.
    """
    # In one pass, which reads the weights, and adds up their gradients, once.
    patch_logits, class_logits = discriminator(tf.concat([image, fake], axis=0))
    real_logits, fake_logits = tf.split(patch_logits, 2)
    class_logits, _ = tf.split(class_logits, 2)
    between = interpolate(image, fake, alpha)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(between)
        between_logits, _ = discriminator(between)
    return {
        "real": critic_loss(real_logits, real=True),
        "fake": critic_loss(fake_logits, real=False),
        "classification": domain_classification(label, class_logits, parts),
        "penalty": gradient_penalty(tape.gradient(between_logits, between)),
    }


def generator_terms(
    generator, discriminator, image, label, target, fake, parts, rectified=False
):
    """Terms of the generator's loss.

    Args:
        generator: [image, label] → image.
        discriminator: image → (patch logits, class logits).
        image: source images, float32 (batch, height, width, 3) in [-1, 1].
        label: their own labels, float32 (batch, label_width).
        target: the labels asked for, the same shape.
        fake: `generator([image, target])`, computed under the caller's tape.
        parts: see `domain_classification`.
        rectified: adds the same-domain pass, as the released code of Fixed-Point GAN
            does: every term of the generator is summed over the target label and the
            image's own, and `identity` = ‖G(x, c_x) - x‖₁ joins. The discriminator
            sees translated images only, in that code and here.

    Returns:
        Dictionary of scalars: `adversarial`, `classification`, `reconstruction`
        and, if `rectified`, `identity`.

    Reference: StarGAN (Choi et al. 2018), equations 3, 4 and 6; Fixed-Point GAN
        (Siddiquee et al. 2019): `solver.py` at 3c43d01 of
        https://github.com/mahfuzmohammad/Fixed-Point-GAN, except that its generator
        draws a residual, tanh(x + G(x, c)), where this one is StarGAN's.
    """

    def terms(fake, wanted):
        patch_logits, class_logits = discriminator(fake)
        back = generator([fake, label])
        return {
            "adversarial": critic_loss(patch_logits, real=True),
            "classification": domain_classification(wanted, class_logits, parts),
            "reconstruction": mean_absolute_difference(image, back),
        }

    crossed = terms(fake, target)
    if not rectified:
        return crossed
    same = generator([image, label])
    own = terms(same, label)
    summed = {name: crossed[name] + own[name] for name in crossed}
    return {**summed, "identity": mean_absolute_difference(same, image)}
