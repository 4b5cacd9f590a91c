"""What StarGAN v2's networks are trained on, term by term.

The networks come in as callables, so that each term can be checked by hand on a
network of one weight.
"""

from types import SimpleNamespace

from keras import ops

from stargan_tf.layers.precision import in_full_precision
from stargan_tf.models.stargan_v2 import STARGAN_V2

LOSS_WEIGHTS = {option.name: option.default for option in STARGAN_V2.loss_weights}

# Term → (its function of what the networks computed, the name of its weight or None
# for 1). Logs are named after the terms; a weight, its default and its help are an
# entry of `loss_weights` in this folder's `__init__.py`.
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
    # To be maximized: its weight is negative, and falls (see `diversity_weight`).
    "diversity": (
        lambda seen: mean_absolute_difference(seen.fake, seen.other),
        "diversity",
    ),
    # In its place, with `diversity_term="mode_seeking"`.
    "mode_seeking": (
        lambda seen: mode_seeking(seen.fake, seen.other, seen.distance),
        "diversity",
    ),
    "cycle": (lambda seen: mean_absolute_difference(seen.image, seen.back), "cycle"),
}


# How styles are kept apart: as in the paper, or as in MSGAN.
DIFFERENCE, MODE_SEEKING = DIVERSITY_TERMS = ("difference", "mode_seeking")


def generator_table(diversity_term=DIFFERENCE):
    """The terms of the loss of generator, mapping network and style encoder.

    Args:
        diversity_term: one of `DIVERSITY_TERMS`.
    """
    unused = "diversity" if diversity_term == MODE_SEEKING else "mode_seeking"
    return {term: row for term, row in GENERATOR_TERMS.items() if term != unused}


def discriminator_terms(discriminator, value_and_slope, batch, fake):
    """Terms of the discriminator's loss.

    Args:
        discriminator: (image, domain) → logits (batch,).
        value_and_slope: (function, x) → (function(x), gradient of its sum by x).
        batch: `image` x, `domain` y and `target` ỹ of a `Batch`.
        fake: G(x, s), like the images; no gradient must flow out of them.

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
    """Terms of the loss of generator, mapping network and style encoder.

    Args:
        generator: (image, style, masks) → image.
        discriminator: (image, domain) → logits (batch,).
        style_encoder: (image, domain) → style (batch, style_dim).
        mask_provider: image → the high-pass masks of the fakes, or None.
        batch: `image` x, `masks`, `domain` y and `target` ỹ of a `Batch`.
        style: style codes s̃ of the target domains, (batch, style_dim).
        other: G(x, s̃₂), images drawn in another style of these domains; no gradient
            flows out of them, which halves the memory of this term.
        table: a `generator_table`.
        distance: how far the codes behind the two styles are apart, see
            `mode_seeking`; unused with the paper's term.

    Returns:
        {term of `table`: scalar}.

    Reference: StarGAN v2 (Choi et al. 2020), equations 1 to 4.
    """
    fake = generator(batch.image, style, batch.masks)
    encoded_style = style_encoder(fake, batch.target)
    own_style = style_encoder(batch.image, batch.domain)
    fake_masks = mask_provider(ops.stop_gradient(fake))
    seen = SimpleNamespace(
        image=batch.image,
        style=style,
        fake=fake,
        encoded_style=encoded_style,
        back=generator(fake, own_style, fake_masks),
        other=ops.stop_gradient(other),
        distance=distance,
        fake_logits=discriminator(fake, batch.target),
    )
    return {term: function(seen) for term, (function, _) in table.items()}


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
    share = ops.cast(step, "float32") / diversity_steps
    return initial * ops.maximum(1.0 - share, 0.0)


def mode_seeking(fake, other, distance):
    """The loss that keeps images of different codes different.

    Args:
        fake: G(x, s̃), (batch, height, width, channels).
        other: G(x, s̃₂), like `fake`.
        distance: scalar, mean |z₁ - z₂| of the latent codes, or of the style codes
            where the styles come from references.

    Returns:
        Scalar: 1 / (mean|fake - other| / distance + 1e-5).

    Reference: MSGAN (Mao et al. 2019), equation 2.
    """
    ratio = mean_absolute_difference(fake, other) / ops.maximum(distance, 1e-8)
    return 1.0 / (ratio + 1e-5)


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


def mean_absolute_difference(first, second):
    """Mean of |first - second| over everything."""
    return ops.mean(ops.abs(first - second))
