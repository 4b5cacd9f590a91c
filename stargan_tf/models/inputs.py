"""Unpacks and checks the batches that users pass to `fit`."""

import itertools

import keras
import numpy as np
import tensorflow as tf

from stargan_tf.data.intensity import GAP
from stargan_tf.errors import InputError

# Largest accepted magnitude of a pixel; allows for scaling by 1 / 127, not 1 / 127.5.
MAX_PIXEL = 1.01
NO_WEIGHTS = (
    "These models do not weigh samples or classes. Weigh the loss terms with "
    "compile(loss_weights=…), or change how often a class occurs in the data."
)


def unpack(data, fields, optional=()):
    """Returns the values of a batch, in the order of `fields`.

    Args:
        data: a tuple of the fields, a dictionary with these keys, or either of these
            as x of a Keras tuple (x, y, sample_weight).
        fields: names of the fields.
        optional: names of further fields, which are None if they are missing.

    Returns:
        List of the values.

    Raises:
        InputError: if a field is missing, or there are sample weights.
    """
    rest = ()
    if isinstance(data, tuple | list) and isinstance(data[0], dict | tuple | list):
        data, rest = data[0], data[1:]
    if isinstance(data, dict):
        values = [data.get(name) for name in (*fields, *optional)]
    else:
        data = data if isinstance(data, tuple | list) else (data,)
        most = len(fields) + len(optional)
        values, rest = list(data[:most]), (*data[most:], *rest)
        values += [None] * (most - len(values))
    values, rest = (
        [None if isinstance(v, tf.experimental.Optional) else v for v in group]
        for group in (values, rest)
    )
    given = sum(value is not None for value in values[: len(fields)])
    if given < len(fields):
        raise InputError(
            "Expected batches that are tuples or dictionaries of "
            f"{', '.join(fields)}. Received: {given} of them."
        )
    if any(value is not None for value in rest):
        raise InputError(
            f"Expected batches of {', '.join(fields)} and nothing else. Received: "
            "sample weights (sample_weight, class_weight) or another value. "
            f"{NO_WEIGHTS}"
        )
    return values


def check_arguments(given, steps):
    """Checks arguments of `fit`, `evaluate`, and `train_on_batch`.

    Args:
        given: {name: value} of the arguments.
        steps: {name of a data argument: name of the argument with its number of steps}.

    Raises:
        InputError: if an argument would be ignored, or an endless data set needs a
            number of steps.
    """
    for name in ("sample_weight", "class_weight"):
        if given.get(name) is not None:
            raise InputError(f"{NO_WEIGHTS} Received: {name}. Remove {name}.")
    callbacks = given.get("callbacks") or []
    callbacks = getattr(callbacks, "callbacks", callbacks)  # Of a CallbackList.
    for callback in tf.nest.flatten(callbacks):
        if isinstance(callback, keras.callbacks.SwapEMAWeights):
            raise InputError(
                "Expected callbacks other than SwapEMAWeights, which needs a model "
                "with a single optimizer. Received: SwapEMAWeights. Remove it: "
                "translate and predict already use the EMA networks."
            )
    for name, number in steps.items():
        data, endless = given.get(name), tf.data.INFINITE_CARDINALITY
        if not isinstance(data, tf.data.Dataset) or given.get(number) is not None:
            continue
        if data.cardinality() == endless:
            raise InputError(
                f"If {name} is an endless tf.data.Dataset, {number} is required. "
                f"Received: no {number}. Pass {number}=…, the number of batches."
            )


def with_checked_first(iterator, check, steps):
    """Returns an iterator over the next `steps` batches, after checking the first."""
    first = next(iterator)
    check(first)

    def batches():
        yield first
        yield from itertools.islice(iterator, steps - 1)

    if isinstance(iterator, tf.data.Iterator):
        spec = iterator.element_spec
        if all(isinstance(leaf, tf.TensorSpec) for leaf in tf.nest.flatten(spec)):
            # Of the same type as the original, or Keras would trace the step twice.
            return iter(tf.data.Dataset.from_generator(batches, output_signature=spec))
    return batches()


def check_images(label_space, **images):
    """Raises InputError for images with a wrong shape or range of values.

    Args:
        label_space: the model's `LabelSpace`.
        **images: arrays (batch, height, width, channels), by the names for messages.
    """
    shape = label_space.image_shape
    for name, image in images.items():
        image = np.asarray(image)
        if image.shape[1:] != shape:
            expected = ", ".join(map(str, ("batch", *shape)))
            raise InputError(
                f"{name} must be ({expected}). Received: shape {image.shape}"
            )
        is_fine = np.abs(image) <= MAX_PIXEL
        if label_space.has_gaps:
            is_fine |= (image >= GAP) & (image < 0)
        if image.dtype != np.uint8 and not is_fine.all():
            raise InputError(
                f"{name} must be float in [-1, 1], or uint8. Received: "
                f"{_values(image)}. Scale pixels in [0, 255] with x / 127.5 - 1, and "
                "clip the overshoot of bicubic resizing."
            )


def check_masks(info, masks=None):
    """Refuses high-pass masks of another shape or range; None stands for none."""
    if masks is None:
        return
    masks, shape = np.asarray(masks), (*info.shape[:2], 2)
    if masks.shape[1:] != shape or not ((masks >= 0) & (masks <= 1)).all():
        expected = ", ".join(map(str, ("batch", *shape)))
        raise InputError(
            f"masks must be ({expected}), from 0 to 1. Received: shape {masks.shape}, "
            f"{_values(masks)}. A mask provider makes them of images."
        )


def check_labels(label, label_space):
    """Raises InputError for label vectors with a wrong width, range, or mask.

    Args:
        label: array (batch, `label_space.width`).
        label_space: the model's `LabelSpace`.
    """
    label, width = np.asarray(label), label_space.width
    if label.ndim != 2 or label.shape[1] != width:
        mask = " and the mask" if label_space.mask_width else ""
        raise InputError(
            f"Labels must have {width} columns, {', '.join(label_space.names)}{mask}. "
            f"Received: shape {label.shape}. Make such labels with LabelSpace.embed, "
            "or one-hot labels from class indices with keras.utils.to_categorical."
        )
    if not ((label >= 0) & (label <= 1)).all():
        raise InputError(
            f"Labels must be in [0, 1]. Received: {_values(label)}. "
            "Convert labels in {-1, 1} with (labels + 1) / 2."
        )
    mask = label[:, label_space.num_domains :]
    if label_space.mask_width and (np.sort(mask)[:, -2:] != (0, 1)).any():
        raise InputError(
            "The mask, the last columns of the labels, must be one-hot: it names the "
            f"data set of each label. Received: {mask[:4].tolist()}, …. Make labels "
            "with LabelSpace.embed."
        )


def check_domains(count, **domains):
    """Raises InputError for arrays that are not domain indices.

    Args:
        count: number of domains.
        **domains: arrays (batch,), by the names for messages.
    """
    for name, domain in domains.items():
        domain = np.asarray(domain)
        valid = np.isin(domain, np.arange(count)).all()
        if domain.ndim != 1 or not valid:
            received = f"shape {domain.shape}" if valid else _values(domain)
            raise InputError(
                f"{name} must be domain indices, integers from 0 to {count - 1}, with "
                f"shape (batch,). Received: {received}"
            )


def _values(array):
    number = array.astype(np.float64)
    if np.isnan(number).any():
        return f"{array.dtype} with NaN"
    return f"{array.dtype} from {number.min():g} to {number.max():g}"
