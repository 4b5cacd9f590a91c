"""Domain classification terms of StarGAN v1."""

from keras import ops

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
