"""The non-saturating adversarial terms and the R1 penalty."""

from keras import ops

from stargan_tf.precision import in_full_precision


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
