"""What StarGAN v1's two networks are trained on, term by term.

The networks come in as callables, so that each term can be checked by hand on a
network of one weight.
"""

import tensorflow as tf

from stargan_tf.losses.classification import domain_classification
from stargan_tf.losses.reconstruction import mean_absolute_difference
from stargan_tf.losses.wasserstein import critic_loss, gradient_penalty, interpolate


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
