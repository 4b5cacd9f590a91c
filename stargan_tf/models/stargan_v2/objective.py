"""The loss terms of StarGAN v2's networks.

Networks are passed as callables, so that tests can verify each term by hand with a
network that has a single weight.
"""

from types import SimpleNamespace

from keras import ops

from stargan_tf.layers.precision import in_full_precision
from stargan_tf.models.stargan_v2 import DIFFERENCE, MODE_SEEKING

# Term → (function of the networks' outputs, name of its weight or None for a weight of
# 1). Logs are named after the terms. Weights, their defaults, and their help are in
# `LOSS_WEIGHTS` of this folder's `__init__.py`.
DISCRIMINATOR_TERMS = {
    "real": (lambda seen: non_saturating_loss(seen.real_logits, real=True), None),
    "fake": (lambda seen: non_saturating_loss(seen.fake_logits, real=False), None),
    "r1": (lambda seen: r1_penalty(seen.slope), "r1"),
}
GENERATOR_TERMS = {
    "adversarial": (
        lambda seen: non_saturating_loss(seen.fake_logits, real=True),
        None,
    ),
    "style": (
        lambda seen: mean_absolute_difference(seen.style, seen.encoded_style),
        "style",
    ),
    # Maximized: its weight is negative and decays to zero (see `diversity_weight`).
    "diversity": (
        lambda seen: mean_absolute_difference(seen.fake, seen.other),
        "diversity",
    ),
    # Replaces "diversity" with `diversity_term="mode_seeking"`.
    "mode_seeking": (
        lambda seen: mode_seeking(seen.fake, seen.other, seen.distance),
        "diversity",
    ),
    "cycle": (lambda seen: mean_absolute_difference(seen.image, seen.back), "cycle"),
}


def generator_table(diversity_term=DIFFERENCE):
    """Selects the terms of the loss of generator, mapping network, and style encoder.

    Args:
        diversity_term: one of `DIVERSITY_TERMS`.

    Returns:
        The selected entries of `GENERATOR_TERMS`.
    """
    unused = "diversity" if diversity_term == MODE_SEEKING else "mode_seeking"
    return {term: row for term, row in GENERATOR_TERMS.items() if term != unused}


def discriminator_terms(discriminator, value_and_slope, batch, fake):
    """Computes the terms of the discriminator's loss.

    Args:
        discriminator: (image, domain) → logits (batch,).
        value_and_slope: (function, x) → (function(x), gradient of its sum with
            respect to x).
        batch: a `Batch`, of which `image` x, `domain` y, and `target` ỹ are used.
        fake: G(x, s), like `batch.image`, without gradient.

    Returns:
        {term of `DISCRIMINATOR_TERMS`: scalar}; `r1` is taken at the real images.

    Reference: StarGAN v2 (Choi et al. 2020), equation 1 and appendix B.
    """
    real_logits, slope = value_and_slope(
        lambda image: discriminator(image, batch.domain), batch.image
    )
    fake_logits = discriminator(fake, batch.target)
    seen = SimpleNamespace(
        real_logits=real_logits, fake_logits=fake_logits, slope=slope
    )
    return {term: function(seen) for term, (function, _) in DISCRIMINATOR_TERMS.items()}


def generator_terms(
    generator,
    discriminator,
    style_encoder,
    mask_provider,
    batch,
    style,
    other,
    table,
    distance=None,
):
    """Computes the terms of the loss of generator, mapping network, and style encoder.

    Args:
        generator: (image, style, masks) → image.
        discriminator: (image, domain) → logits (batch,).
        style_encoder: (image, domain) → style (batch, style_dim).
        mask_provider: image → high-pass masks, or None.
        batch: a `Batch`, of which `image` x, `masks`, `domain` y, and `target` ỹ are
            used.
        style: style codes s̃ of the target domains, (batch, style_dim).
        other: G(x, s̃₂), images in a second style of the target domains. No gradient
            flows through them, which halves the memory of the diversity term.
        table: terms to compute, from `generator_table`.
        distance: distance between the codes of the two styles; see `mode_seeking`. Not
            used by the paper's diversity term.

    Returns:
        {term of `table`: scalar}.

    Reference: StarGAN v2 (Choi et al. 2020), equations 1 to 4.
    """
    fake = generator(batch.image, style, batch.masks)
    encoded_style = style_encoder(fake, batch.target)
    source_style = style_encoder(batch.image, batch.domain)
    fake_masks = mask_provider(ops.stop_gradient(fake))
    seen = SimpleNamespace(
        image=batch.image,
        style=style,
        fake=fake,
        encoded_style=encoded_style,
        back=generator(fake, source_style, fake_masks),
        other=ops.stop_gradient(other),
        distance=distance,
        fake_logits=discriminator(fake, batch.target),
    )
    return {term: function(seen) for term, (function, _) in table.items()}


def diversity_weight(initial, step, diversity_steps):
    """Computes λ_ds at a training step: it decays linearly from `initial` to zero.

    Args:
        initial: λ_ds at the first step.
        step: number of completed training steps, a number or an integer tensor.
        diversity_steps: number of steps after which λ_ds is zero.

    Returns:
        Scalar float32 tensor.

    Reference: StarGAN v2 (Choi et al. 2020), section 2.2, "Full objective".
    """
    share = ops.cast(step, "float32") / diversity_steps
    return initial * ops.maximum(1.0 - share, 0.0)


def mode_seeking(fake, other, distance):
    """Computes the mode-seeking loss, which makes images of different codes differ.

    Args:
        fake: G(x, s̃), (batch, height, width, channels).
        other: G(x, s̃₂), like `fake`.
        distance: scalar, mean |z₁ - z₂| of the latent codes, or of the style codes if
            the styles come from references.

    Returns:
        Scalar: 1 / (mean|fake - other| / distance + 1e-5).

    Reference: MSGAN (Mao et al. 2019), equation 2.
    """
    ratio = mean_absolute_difference(fake, other) / ops.maximum(distance, 1e-8)
    return 1.0 / (ratio + 1e-5)


def non_saturating_loss(logits, real):
    """Computes the non-saturating GAN loss.

    Args:
        logits: D_y(x), any shape, any float type.
        real: whether D should classify these images as real. The generator's loss is
            `non_saturating_loss(D(fake), real=True)`.

    Returns:
        Scalar float32: the mean of softplus(-logits) if `real`, else of
        softplus(logits).

    Reference: StarGAN v2 (Choi et al. 2020), equation 1; Goodfellow et al. 2014.
    """
    logits = in_full_precision(logits)
    return ops.mean(ops.softplus(-logits if real else logits))


def r1_penalty(gradients):
    """Computes R1, the penalty on the discriminator's gradient at real images.

    Args:
        gradients: ∂ Σ D_y(x) / ∂x, (batch, height, width, channels).

    Returns:
        Scalar float32: ½ · mean over the batch of ‖gradient‖₂².

    Reference: Mescheder et al. 2018, equation 9; StarGAN v2, appendix B.
    """
    gradients = in_full_precision(gradients)
    return 0.5 * ops.mean(ops.sum(ops.square(gradients), axis=(1, 2, 3)))


def mean_absolute_difference(first, second):
    """Computes the mean of |first - second| over all elements."""
    return ops.mean(ops.abs(first - second))
