"""The Wasserstein adversarial terms and the gradient penalty (WGAN-GP)."""

from keras import ops

from stargan_tf.precision import in_full_precision


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
