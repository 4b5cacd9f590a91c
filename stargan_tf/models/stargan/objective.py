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

# The paper's adversarial loss, or that of Goodfellow et al. (2014) with R1 (Mescheder
# et al. 2018).
WGAN_GP, NON_SATURATING = ADVERSARIALS = ("wgan_gp", "non_saturating")

# Term → (its function of what the networks computed, the name of its weight or None
# for 1). Logs are named after the terms; a weight, its default and its help are an
# entry of `loss_weights` in this folder's `__init__.py`.
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
# Of images translated to their own label.
IDENTITY_TERMS = {
    "identity": (
        lambda seen: mean_absolute_difference(seen.image, seen.fake),
        "identity",
    ),
}
# Standard deviations of the noise that the classifier learns to ignore, by the number
# of spots along each side; None for single pixels.
NOISE = {None: 0.06, 16: 0.09, 8: 0.12, 4: 0.12}
_PENALTIES = {WGAN_GP: "penalty", NON_SATURATING: "r1"}


def critic_table(weights, adversarial=WGAN_GP, classification=True):
    """The terms of the discriminator's loss.

    Args:
        weights: {name: weight}; a penalty of weight 0 is left out, so that nothing is
            computed for it.
        adversarial: one of `ADVERSARIALS`.
        classification: whether the classifier learns.
    """
    names = ["real", "fake"]
    if classification:
        names.append("classification")
    penalty = _PENALTIES[adversarial]
    if weights[CRITIC_TERMS[penalty][1]]:
        names.append(penalty)
    return {name: CRITIC_TERMS[name] for name in names}


def generator_table(weights, rectified=False, classification=True):
    """The terms of the generator's loss.

    Args:
        weights: {name: weight}; terms of weight 0 are left out, so that nothing is
            computed for them.
        rectified: whether to include `IDENTITY_TERMS`, whatever their weight.
        classification: whether there is a classifier.
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
    """Terms of the discriminator's loss.

    Args:
        discriminator: image → (patch logits, class logits).
        value_and_slope: (function, x) → (function(x), gradient of its sum by x).
        image: real images, float32 (batch, height, width, 3) in [-1, 1].
        label: their labels, float32 (batch, label_width).
        fake: generated images, like `image`; no gradient must flow out of them.
        alpha: float32 (batch, 1, 1, 1) in [0, 1], where WGAN-GP takes the penalty.
        label_slices: see `domain_classification`.
        table: a `critic_table`.
        adversarial: one of `ADVERSARIALS`.
        classified: the images that the classifier learns from; by default `image`.
        changed: see `adversarial_loss`; an image and its translation are left out
            together, or WGAN's critic would gain without end by its bias.
        target: one-hot labels of the fakes, if the discriminator is a multi-task one;
            WGAN-GP's penalty is then that of these domains' logits.

    Returns:
        {term of `table`: scalar}.

    Reference: StarGAN (Choi et al. 2018), equations 2, 5 and 8.
    """
    # In one pass, which reads the weights, and adds up their gradients, once.
    apart = classified is not None and "classification" in table
    parts = [image, fake, classified] if apart else [image, fake]
    patch_logits, class_logits = discriminator(ops.concatenate(parts, axis=0))
    real_logits, fake_logits, *_ = ops.split(patch_logits, len(parts))
    if target is not None:
        real_logits = of_domains(real_logits, label)
        fake_logits = of_domains(fake_logits, target)
    class_logits = ops.split(class_logits, len(parts))[2 if apart else 0]
    # R1 takes the slope at real images, WGAN-GP at x̂ of equation 8.
    at = image
    if adversarial == WGAN_GP:
        at = alpha * image + (1.0 - alpha) * fake

    def score(x):
        logits, _ = discriminator(x)
        if target is not None:
            logits = of_domains(logits, target if adversarial == WGAN_GP else label)
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
    multi_task=False,
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
        table: a `generator_table`. A rectified one adds the same-domain pass, as the
            released code of Fixed-Point GAN does: every term is summed over the target
            label and the image's own, and `IDENTITY_TERMS`, ‖G(x, c_x) - x‖₁, join.
            The discriminator sees translated images only, in that code and here.
        adversarial: one of `ADVERSARIALS`.
        label_smoothing: see `domain_classification`.
        changed: see `adversarial_loss`; not of the same-domain pass.
        multi_task: whether the discriminator has patch logits for each domain.

    Returns:
        {term of `table`: scalar}.

    Reference: StarGAN (Choi et al. 2018), equations 3, 4 and 6; Fixed-Point GAN
        (Siddiquee et al. 2019): `solver.py` at 3c43d01 of
        https://github.com/mahfuzmohammad/Fixed-Point-GAN, except that its generator
        draws a residual, tanh(x + G(x, c)), where this one is StarGAN's.
    """

    def terms(table, fake, target, changed=None):
        patch_logits, class_logits = discriminator(fake)
        if multi_task:
            patch_logits = of_domains(patch_logits, target)
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
    own = terms(table, generator([image, label]), label)
    return {term: crossed.get(term, 0.0) + own[term] for term in own}


def of_domains(logits, label):
    """The logits of each image's own domain.

    Args:
        logits: (batch, h, w, domains).
        label: one-hot (batch, domains).

    Returns:
        (batch, h, w, 1).
    """
    return ops.sum(logits * label[:, None, None, :], axis=-1, keepdims=True)


def adversarial_loss(logits, real, adversarial=WGAN_GP, changed=None):
    """One half of the adversarial loss.

    Args:
        logits: D_src, (batch, …); the mean is over images and patches.
        real: whether the critic should call these images real.
        adversarial: one of `ADVERSARIALS`.
        changed: bool (batch,), the images to include, by default all; others enter the
            mean as 0. An image that was asked to stay as it is is as good as a real
            one, and calling it generated would teach nothing.

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


def r1_penalty(gradients):
    """R1, the penalty on the discriminator's slope at real images.

    Args:
        gradients: ∂D_src(x)/∂x of the patches' mean, (batch, height, width, channels).

    Returns:
        Scalar: mean over the batch of ½·‖gradient‖₂², in at least float32.

    Reference: Mescheder et al. 2018, equation 9.
    """
    gradients = in_full_precision(gradients)
    return 0.5 * ops.mean(ops.sum(ops.square(gradients), axis=(1, 2, 3)))


def domain_classification(label, logits, label_slices, label_smoothing=0.0):
    """Classification loss over the known labels of each image.

    Args:
        label: (batch, Σ c_i + n for n > 1 else c_1): the labels of n data sets side
            by side and, for n > 1, the mask that says which of them are known.
        logits: (batch, Σ c_i).
        label_slices: for each data set (slice of its labels, "binary" or "one_hot").
        label_smoothing: share of each label that is spread over its possible values,
            as in `keras.losses.BinaryCrossentropy`: with 0.2 the loss is smallest if
            the classifier is 90 % sure of a binary label.

    Returns:
        Scalar, the mean over images; unknown labels contribute nothing.

    Reference: StarGAN (Choi et al. 2018), equations 2, 3 and section 3.3.
    """
    cross_entropy = {BINARY: binary_classification, ONE_HOT: one_hot_classification}
    losses = []
    for columns, label_type in label_slices:
        part = label[:, columns]
        values = 2 if label_type == BINARY else part.shape[1]
        part = part * (1.0 - label_smoothing) + label_smoothing / values
        losses.append(cross_entropy[label_type](part, logits[:, columns]))
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


def mean_change(image, fake, counted=None):
    """How far a translation moves the pixels.

    The channels of a pixel are measured together: an L1 distance per channel favors
    changes of a single channel, which show as color casts.

    Args:
        image: (batch, height, width, channels).
        fake: the same shape.
        counted: bool (batch,), the images to include, by default all. Other images
            enter the mean as 0.

    Returns:
        Scalar: mean over images and pixels of the root mean square over channels. If
        all channels differ equally, it equals the mean absolute difference.
    """
    squared = ops.mean(ops.square(image - fake), axis=-1)
    # The square root has no slope at 0.
    distances = ops.mean(ops.sqrt(squared + 1e-6), axis=(1, 2)) - 1e-3  # (batch,)
    if counted is not None:
        distances = ops.cast(counted, distances.dtype) * distances
    return ops.mean(distances)


def shifted(images, drawn):
    """Shifts images at random; applied to all images that the discriminator sees.

    It reduces overfitting to a few thousand images, and patterns at fixed places no
    longer fool the discriminator.

    Args:
        images: (batch, height, width, channels).
        drawn: (batch, 2), uniform in [0, 1).

    Returns:
        Images of the same shape, shifted by up to a sixteenth of each side, with the
        border pixels repeated. Differentiable.

    Reference: DiffAugment (Zhao et al. 2020), its translation.
    """
    for axis, equation in ((1, "bij,bjwc->biwc"), (2, "bij,bhjc->bhic")):
        side = images.shape[axis]
        shift = ops.round((2.0 * drawn[:, axis - 1] - 1.0) * (side // 16))
        places = ops.arange(side, dtype=shift.dtype) + shift[:, None]  # (batch, side)
        places = ops.cast(ops.clip(places, 0, side - 1), "int32")
        rows = ops.one_hot(places, side, dtype=images.dtype)  # (batch, side, side)
        images = ops.einsum(equation, rows, images)
    return images


def disturbed(images, normal):
    """Adds noise of several scales, from single pixels to large spots of color.

    Faint patterns and tints do not convince a classifier that learns from such images.
    The generator has to draw the visible features of a label.

    Args:
        images: (batch, height, width, channels) in [-1, 1].
        normal: shape → standard normal numbers.

    Returns:
        Images of the same shape, which may leave [-1, 1].

    Reference: Santurkar et al. 2019, Image Synthesis with a Single (Robust)
        Classifier; Cohen et al. 2019, whose robust classifiers learn from noise.
    """
    batch, size, channels = ops.shape(images)[0], images.shape[1:3], images.shape[3]
    for spots, deviation in NOISE.items():
        grid = (spots, spots) if spots else size
        noise = deviation * normal((batch, *grid, channels))
        if spots:
            noise = ops.image.resize(noise, size, data_format="channels_last")
        images = images + noise
    return images
