"""What StarGAN v2's networks are trained on, term by term.

The networks come in as callables, so that each term can be checked by hand on a
network of one weight.
"""

import tensorflow as tf
from keras import ops

from stargan_tf.layers.precision import in_full_precision
from stargan_tf.losses.reconstruction import mean_absolute_difference

# The non-saturating adversarial terms and the R1 penalty.


def non_saturating_loss(logits, real):
    """Cross-entropy of one verdict: softplus(-logit) for real, softplus(logit) else.

    Args:
        logits: D_y(x), any shape, of any float type.
        real: whether D should call these images real; the generator's loss is
            `non_saturating_loss(D(fake), real=True)`.

    Returns:
        Scalar float32, the mean.

    Reference: StarGAN v2 (Choi et al. 2020), equation 1; Goodfellow et al. 2014.
    """
    logits = in_full_precision(logits)
    return ops.mean(ops.softplus(-logits if real else logits))


def r1_penalty(gradients):
    """R1: how steep D is at real images.

    Args:
        gradients: ∂ Σ D_y(x) / ∂x, (batch, height, width, channels).

    Returns:
        Scalar float32: ½ · mean over the batch of ‖gradient‖₂².

    Reference: Mescheder et al. 2018, equation 9; StarGAN v2, appendix B.
    """
    gradients = in_full_precision(gradients)
    return 0.5 * ops.mean(ops.sum(ops.square(gradients), axis=(1, 2, 3)))


def discriminator_terms(discriminator, image, domain, fake, target):
    """Terms of the discriminator's loss.

    Args:
        discriminator: (image, domain) → logits (batch,).
        image: real images x, float32 (batch, height, width, 3) in [-1, 1].
        domain: their domains y, int (batch,).
        fake: G(x, s), like `image`; no gradient must flow out of them.
        target: the domains ỹ that the fakes were made for, int (batch,).

    Returns:
        Dictionary of scalars: `real`, `fake` and `r1` (at the real images).

    Reference: StarGAN v2 (Choi et al. 2020), equation 1 and appendix B.
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(image)
        real_logits = discriminator(image, domain)
    slope = tape.gradient(real_logits, image)
    fake_logits = discriminator(fake, target)
    return {
        "real": non_saturating_loss(real_logits, real=True),
        "fake": non_saturating_loss(fake_logits, real=False),
        "r1": r1_penalty(slope),
    }


def generator_terms(
    generator,
    discriminator,
    style_encoder,
    mask_provider,
    image,
    masks,
    domain,
    target,
    style,
    other,
):
    """Terms of the loss of generator, mapping network and style encoder.

    Args:
        generator: (image, style, masks) → image.
        discriminator: (image, domain) → logits (batch,).
        style_encoder: (image, domain) → style (batch, style_dim).
        mask_provider: image → the high-pass masks of the fakes, or None.
        image: source images x, float32 (batch, height, width, 3) in [-1, 1].
        masks: their high-pass masks (batch, height, width, 2) in [0, 1], or None.
        domain: their own domains y, int (batch,).
        target: the domains asked for, ỹ, int (batch,).
        style: style codes s̃ of `target`, (batch, style_dim).
        other: G(x, s̃₂), like `image`, drawn in another style of `target`; no
            gradient flows out of it, which halves the memory of this term.

    Returns:
        Dictionary of scalars: `adversarial`, `style`, `diversity` (to be
        maximised) and `cycle`.

    Reference: StarGAN v2 (Choi et al. 2020), equations 1 to 4.
    """
    fake = generator(image, style, masks)
    found = style_encoder(fake, target)
    own_style = style_encoder(image, domain)
    fake_masks = mask_provider(tf.stop_gradient(fake))
    back = generator(fake, own_style, fake_masks)
    other = tf.stop_gradient(other)
    return {
        "adversarial": non_saturating_loss(discriminator(fake, target), real=True),
        "style": mean_absolute_difference(style, found),
        "diversity": mean_absolute_difference(fake, other),
        "cycle": mean_absolute_difference(image, back),
    }


def diversity_weight(initial, step, diversity_steps):
    """λ_ds at a training step: from `initial` straight down to zero.

    A function of the step, so that a resumed run goes on where it was.

    Args:
        initial: λ_ds of the first step.
        step: number of training steps done, a number or an integer tensor.
        diversity_steps: the step from which on it is zero.

    Returns:
        Scalar float32 tensor.

    Reference: StarGAN v2 (Choi et al. 2020), section 2.2, "Full objective".
    """
    share = tf.cast(step, tf.float32) / diversity_steps
    return initial * tf.maximum(1.0 - share, 0.0)
