"""The loss terms of StarGAN v1's two networks.

Networks are passed as callables, so that tests can verify each term by hand with a
network that has a single weight.
"""

from types import SimpleNamespace

from keras import ops

from stargan_tf.data.info import BINARY, ONE_HOT
from stargan_tf.layers.precision import in_full_precision
from stargan_tf.models.stargan import NON_SATURATING, WGAN_GP

# Term → (function of the networks' outputs, name of its weight or None for a weight of
# 1). Logs are named after the terms. Weights, their defaults, and their help are in
# `LOSS_WEIGHTS` of this folder's `__init__.py`.
CRITIC_TERMS = {
    "real": (
        lambda seen: adversarial_loss(
            seen.real_logits, True, seen.adversarial, seen.changed
        ),
        None,
    ),
    "fake": (
        lambda seen: adversarial_loss(
            seen.fake_logits, False, seen.adversarial, seen.changed
        ),
        None,
    ),
    "classification": (
        lambda seen: domain_classification(
            seen.label, seen.class_logits, seen.label_slices
        ),
        "classification",
    ),
    "penalty": (lambda seen: gradient_penalty(seen.slope()), "gradient_penalty"),
    "r1": (lambda seen: r1_penalty(seen.slope()), "r1"),
}
GENERATOR_TERMS = {
    "adversarial": (
        lambda seen: adversarial_loss(
            seen.patch_logits, True, seen.adversarial, seen.changed
        ),
        None,
    ),
    "classification": (
        lambda seen: domain_classification(
            seen.label, seen.class_logits, seen.label_slices, seen.label_smoothing
        ),
        "classification",
    ),
    "reconstruction": (
        lambda seen: mean_absolute_difference(seen.image, seen.back()),
        "reconstruction",
    ),
    "change": (lambda seen: mean_change(seen.image, seen.fake), "change"),
    "unchanged": (
        lambda seen: mean_change(seen.image, seen.fake, seen.same),
        "unchanged",
    ),
}
# For images translated to their own label.
IDENTITY_TERMS = {
    "identity": (
        lambda seen: mean_absolute_difference(seen.image, seen.fake),
        "identity",
    ),
}
# Standard deviation of the noise for the classifier, by the number of noise cells along
# each side; None for noise in single pixels.
NOISE = {None: 0.06, 16: 0.09, 8: 0.12, 4: 0.12}
_PENALTIES = {WGAN_GP: "penalty", NON_SATURATING: "r1"}


def critic_table(weights, adversarial=WGAN_GP, classification=True):
    """Selects the terms of the discriminator's loss.

    Args:
        weights: {name: weight}. A penalty of weight 0 is omitted and not computed.
        adversarial: one of `ADVERSARIALS`.
        classification: whether the classifier is trained.

    Returns:
        The selected entries of `CRITIC_TERMS`.
    """
    names = ["real", "fake"]
    if classification:
        names.append("classification")
    penalty = _PENALTIES[adversarial]
    if weights[CRITIC_TERMS[penalty][1]]:
        names.append(penalty)
    return {name: CRITIC_TERMS[name] for name in names}


def generator_table(weights, rectified=False, classification=True):
    """Selects the terms of the generator's loss.

    Args:
        weights: {name: weight}. Terms of weight 0 are omitted and not computed.
        rectified: whether to include `IDENTITY_TERMS`, regardless of their weight.
        classification: whether the discriminator has a classifier.

    Returns:
        The selected entries of `GENERATOR_TERMS` and `IDENTITY_TERMS`.
    """
    used = {t: row for t, row in GENERATOR_TERMS.items() if weights.get(row[1], 1.0)}
    if not classification:
        used.pop("classification", None)
    return used | (IDENTITY_TERMS if rectified else {})


def critic_terms(
    discriminator,
    value_and_slope,
    image,
    label,
    fake,
    alpha,
    label_slices,
    table,
    adversarial=WGAN_GP,
    classified=None,
    changed=None,
    target=None,
):
    """Computes the terms of the discriminator's loss.

    Args:
        discriminator: image → (patch logits, class logits).
        value_and_slope: (function, x) → (function(x), gradient of its sum with
            respect to x).
        image: real images, float32 (batch, height, width, channels) in [-1, 1].
        label: labels of the real images, float32 (batch, label_width).
        fake: generated images, like `image`, without gradient.
        alpha: float32 (batch, 1, 1, 1) in [0, 1]; position of the gradient penalty of
            WGAN-GP between real (1) and generated (0) images.
        label_slices: for each data set, the slice of its labels and their type; see
            `domain_classification`.
        table: terms to compute, from `critic_table`.
        adversarial: one of `ADVERSARIALS`.
        classified: images that the classifier learns from. Defaults to `image`.
        changed: bool (batch,), the images to include in the adversarial loss; see
            `adversarial_loss`. An image and its translation are excluded together, or
            WGAN's critic could increase its bias without limit.
        target: labels of the generated images if the discriminator's patch logits
            depend on the label (see `of_label`); WGAN-GP's penalty then applies to the
            logits for these labels.

    Returns:
        {term of `table`: scalar}.

    Reference: StarGAN (Choi et al. 2018), equations 2, 5 and 8.
    """
    # A single pass reads the weights, and accumulates their gradients, only once.
    separate = classified is not None and "classification" in table
    images = [image, fake, classified] if separate else [image, fake]
    patch_logits, class_logits = discriminator(ops.concatenate(images, axis=0))
    real_logits, fake_logits, *_ = ops.split(patch_logits, len(images))
    if target is not None:
        real_logits = of_label(real_logits, label, label_slices)
        fake_logits = of_label(fake_logits, target, label_slices)
    class_logits = ops.split(class_logits, len(images))[2 if separate else 0]
    # R1 differentiates at real images, WGAN-GP at x̂ of equation 8.
    at = image
    if adversarial == WGAN_GP:
        alpha = ops.cast(alpha, image.dtype)
        at = alpha * image + (1.0 - alpha) * fake

    def score(x):
        logits, _ = discriminator(x)
        if target is not None:
            at_label = target if adversarial == WGAN_GP else label
            logits = of_label(logits, at_label, label_slices)
        # The released code differentiates the sum over patches.
        return logits if adversarial == WGAN_GP else ops.mean(logits, axis=(1, 2, 3))

    seen = SimpleNamespace(
        adversarial=adversarial,
        label=label,
        label_slices=label_slices,
        real_logits=real_logits,
        fake_logits=fake_logits,
        class_logits=class_logits,
        changed=changed,
        slope=lambda: value_and_slope(score, at)[1],
    )
    return {term: function(seen) for term, (function, _) in table.items()}


def generator_terms(
    generator,
    discriminator,
    image,
    label,
    target,
    fake,
    label_slices,
    table,
    adversarial=WGAN_GP,
    label_smoothing=0.0,
    changed=None,
    conditional=False,
):
    """Computes the terms of the generator's loss.

    Args:
        generator: [image, label] → image.
        discriminator: image → (patch logits, class logits).
        image: source images, float32 (batch, height, width, channels) in [-1, 1].
        label: labels of the source images, float32 (batch, label_width).
        target: target labels, like `label`.
        fake: `generator([image, target])`, computed under the caller's tape.
        label_slices: for each data set, the slice of its labels and their type; see
            `domain_classification`.
        table: terms to compute, from `generator_table`. With `IDENTITY_TERMS`, every
            term is summed over two passes, one with the target label and one with the
            image's own label, and ‖G(x, c_x) - x‖₁ is added, as in the released code
            of Fixed-Point GAN. There and here, the discriminator is trained only on
            images translated to the target label.
        adversarial: one of `ADVERSARIALS`.
        label_smoothing: see `domain_classification`.
        changed: bool (batch,), the images to include in the adversarial loss of the
            first pass; see `adversarial_loss`.
        conditional: whether the discriminator's patch logits depend on the label (see
            `of_label`).

    Returns:
        {term of `table`: scalar}.

    Reference: StarGAN (Choi et al. 2018), equations 3, 4, and 6; Fixed-Point GAN
        (Siddiquee et al. 2019), `solver.py` at 3c43d01 of
        https://github.com/mahfuzmohammad/Fixed-Point-GAN, except that the generator
        there outputs tanh(x + G(x, c)) (here: `output="fixed_point"`).
    """

    def terms(table, fake, target, changed=None):
        patch_logits, class_logits = discriminator(fake)
        if conditional:
            patch_logits = of_label(patch_logits, target, label_slices)
        seen = SimpleNamespace(
            image=image,
            fake=fake,
            back=lambda: generator([fake, label]),
            same=ops.all(ops.equal(target, label), axis=-1),
            label=target,
            label_slices=label_slices,
            label_smoothing=label_smoothing,
            adversarial=adversarial,
            changed=changed,
            patch_logits=patch_logits,
            class_logits=class_logits,
        )
        return {term: function(seen) for term, (function, _) in table.items()}

    both = {term: row for term, row in table.items() if term not in IDENTITY_TERMS}
    crossed = terms(both, fake, target, changed)
    if both.keys() == table.keys():
        return crossed
    same_domain = terms(table, generator([image, label]), label)
    return {term: crossed.get(term, 0.0) + same_domain[term] for term in same_domain}


def of_label(logits, label, label_slices):
    """Computes the patch logits for each image's label.

    Args:
        logits: (batch, h, w, domains) of a multi-task discriminator, or (batch, h, w,
            1 + domains) of a projection discriminator.
        label: (batch, label_width), of the image. A multi-task discriminator has
            one-hot labels.
        label_slices: see `domain_classification`.

    Returns:
        (batch, h, w, 1): the logit of the image's domain; or, with projection, the
        first logit plus those of the domains. A binary label that is off subtracts its
        logit, and an unknown label adds nothing.

    Reference: StarGAN v2 (Choi et al. 2020), section 3.2, for multi-task
        discriminators; Miyato and Koyama (2018), equation 4, for projection.
    """
    signs = [
        2.0 * label[:, columns] - 1.0 if label_type == BINARY else label[:, columns]
        for columns, label_type in label_slices
    ]
    if len(signs) > 1:
        known = ops.split(label[:, -len(signs) :], len(signs), axis=1)
        signs = [sign * mask for sign, mask in zip(signs, known, strict=True)]
    signs = ops.concatenate(signs, axis=-1)[:, None, None, :]
    domains = signs.shape[-1]
    total = ops.sum(logits[..., -domains:] * signs, axis=-1, keepdims=True)
    return total + logits[..., :1] if logits.shape[-1] > domains else total


def adversarial_loss(logits, real, adversarial=WGAN_GP, changed=None):
    """Computes one half of the adversarial loss, for real or for generated images.

    Args:
        logits: D_src, (batch, …); the mean is over images and patches.
        real: whether the critic should classify these images as real.
        adversarial: one of `ADVERSARIALS`.
        changed: bool (batch,), the images to include; all by default. Excluded images
            count as 0 in the mean. An image translated to its own label should equal
            the real image, so it teaches the critic nothing as a generated one.

    Returns:
        Scalar: -mean(logits) if `real`, else mean(logits), for WGAN-GP; the mean of
        log(1 + exp(·)) of these for the non-saturating loss. The generator's loss is
        `adversarial_loss(D(fake), True)`.

    Reference: StarGAN (Choi et al. 2018), equation 8; Goodfellow et al. (2014),
        section 3.
    """
    wrong = -logits if real else logits
    losses = ops.softplus(wrong) if adversarial == NON_SATURATING else wrong
    if changed is not None:
        losses = ops.mean(losses, axis=range(1, len(losses.shape)))
        losses = ops.cast(changed, losses.dtype) * losses
    return ops.mean(losses)


def gradient_penalty(gradients):
    """Computes the gradient penalty of WGAN-GP.

    Args:
        gradients: ∂ Σ_patches D_src(x̂) / ∂x̂, (batch, height, width, channels).

    Returns:
        Scalar: mean over the batch of (‖gradient‖₂ - 1)², in at least float32.

    Reference: StarGAN (Choi et al. 2018), equation 8, last term.
    """
    gradients = in_full_precision(gradients)
    squared = ops.sum(ops.square(gradients), axis=(1, 2, 3))
    # The derivative of the square root is infinite at 0: avoid NaN for a dead critic.
    norm = ops.sqrt(ops.maximum(squared, 1e-24))
    return ops.mean(ops.square(norm - 1.0))


def r1_penalty(gradients):
    """Computes R1, the penalty on the discriminator's gradient at real images.

    Args:
        gradients: ∂D_src(x)/∂x of the patches' mean, (batch, height, width, channels).

    Returns:
        Scalar: mean over the batch of ½·‖gradient‖₂², in at least float32.

    Reference: Mescheder et al. 2018, equation 9.
    """
    gradients = in_full_precision(gradients)
    return 0.5 * ops.mean(ops.sum(ops.square(gradients), axis=(1, 2, 3)))


def domain_classification(label, logits, label_slices, label_smoothing=0.0):
    """Computes the classification loss over the known labels of each image.

    Args:
        label: (batch, c_1) for a single data set; (batch, Σ c_i + n) for n > 1 data
            sets: their labels concatenated, then the mask of which labels are known.
        logits: (batch, Σ c_i).
        label_slices: for each data set (slice of its labels, "binary" or "one_hot").
        label_smoothing: in [0, 1), as in `keras.losses.BinaryCrossentropy`: with 0.2
            the loss of a binary label is smallest at a predicted probability of 90 %.

    Returns:
        Scalar, the mean over images; unknown labels do not contribute.

    Reference: StarGAN (Choi et al. 2018), equations 2 and 3, section 3.3.
    """
    cross_entropy = {BINARY: binary_classification, ONE_HOT: one_hot_classification}
    losses = []
    for columns, label_type in label_slices:
        labels = label[:, columns]
        values = 2 if label_type == BINARY else labels.shape[1]
        labels = labels * (1.0 - label_smoothing) + label_smoothing / values
        losses.append(cross_entropy[label_type](labels, logits[:, columns]))
    if len(losses) == 1:
        return ops.mean(losses[0])
    mask = label[:, -len(losses) :]  # (batch, n)
    return ops.mean(ops.sum(mask * ops.stack(losses, axis=-1), axis=-1))


def binary_classification(label, logits):
    """Computes the cross-entropy of independent attributes for each image.

    Args:
        label: (batch, attributes) in [0, 1].
        logits: (batch, attributes).

    Returns:
        (batch,): the SUM over attributes, as in the official code (the mean over five
        attributes would be five times smaller).
    """
    return ops.sum(ops.binary_crossentropy(label, logits, from_logits=True), axis=-1)


def one_hot_classification(label, logits):
    """Computes softmax cross-entropy, (batch,), of `label` and `logits` (batch, n)."""
    return ops.categorical_crossentropy(label, logits, from_logits=True)


def mean_absolute_difference(first, second):
    """Computes the mean of |first - second| over all elements (equation 4)."""
    return ops.mean(ops.abs(first - second))


def mean_change(image, fake, counted=None):
    """Computes the mean change of pixels by a translation.

    The channels of a pixel are combined, because an L1 distance per channel favors
    changes of a single channel, which appear as color casts.

    Args:
        image: (batch, height, width, channels).
        fake: like `image`.
        counted: bool (batch,), the images to include; all by default. Excluded images
            count as 0 in the mean.

    Returns:
        Scalar: mean over images and pixels of the root mean square over channels. If
        all channels differ equally, it equals the mean absolute difference.
    """
    squared = ops.mean(ops.square(image - fake), axis=-1)
    # The derivative of the square root is infinite at 0.
    distances = ops.mean(ops.sqrt(squared + 1e-6), axis=(1, 2)) - 1e-3  # (batch,)
    if counted is not None:
        distances = ops.cast(counted, distances.dtype) * distances
    return ops.mean(distances)


def shifted(images, uniform):
    """Shifts images randomly; applied to all inputs of the discriminator.

    This reduces overfitting to small data sets, and prevents the generator from
    fooling the discriminator with patterns at fixed positions.

    Args:
        images: (batch, height, width, channels).
        uniform: random numbers (batch, 2), uniform in [0, 1).

    Returns:
        Images of the same shape, shifted by up to a sixteenth of each side, with the
        border pixels repeated. Differentiable.

    Reference: DiffAugment (Zhao et al. 2020), "Translation".
    """
    for axis, equation in ((1, "bij,bjwc->biwc"), (2, "bij,bhjc->bhic")):
        side = images.shape[axis]
        shift = ops.round((2.0 * uniform[:, axis - 1] - 1.0) * (side // 16))
        indices = ops.arange(side, dtype=shift.dtype) + shift[:, None]  # (batch, side)
        indices = ops.cast(ops.clip(indices, 0, side - 1), "int32")
        rows = ops.one_hot(indices, side, dtype=images.dtype)  # (batch, side, side)
        images = ops.einsum(equation, rows, images)
    return images


def disturbed(images, normal):
    """Adds noise at several scales, from single pixels to large patches of color.

    A classifier trained on such images is robust to faint patterns and tints, so the
    generator has to change the visible features of a label.

    Args:
        images: (batch, height, width, channels) in [-1, 1].
        normal: function from a shape to standard normal numbers.

    Returns:
        Images of the same shape; values may lie outside [-1, 1].

    Reference: Santurkar et al. 2019, Image Synthesis with a Single (Robust)
        Classifier; Cohen et al. 2019, whose robust classifiers learn from noise.
    """
    batch, size, channels = ops.shape(images)[0], images.shape[1:3], images.shape[3]
    for spots, deviation in NOISE.items():
        grid = (spots, spots) if spots else size
        noise = deviation * ops.cast(normal((batch, *grid, channels)), images.dtype)
        if spots:
            noise = ops.image.resize(noise, size, data_format="channels_last")
        images = images + noise
    return images
