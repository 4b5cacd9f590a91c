"""What a person gives `fit`: batches in all forms of Keras, checked before training."""

import itertools

import keras
import numpy as np
import tensorflow as tf

from stargan_tf.data.intensity import GAP
from stargan_tf.errors import InputError

# Largest magnitude of a pixel: more than 255 / 127 - 1 and other ways of scaling give.
MAX_PIXEL = 1.01
NO_WEIGHTS = (
    "These models weigh the terms of their losses, not samples or classes: use "
    "compile(loss_weights=…), or change how often the data show a class."
)


def unpack(data, fields, optional=()):
    """The values of a batch, in the order of `fields`.

    Args:
        data: a tuple of the fields, a dictionary with these keys, or either of them as
            x in Keras' (x, y, sample_weight).
        fields: names.
        optional: names of further fields, of which None stands for what is not given.

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
        [None if isinstance(v, tf.experimental.Optional) else v for v in part]
        for part in (values, rest)
    )
    given = sum(value is not None for value in values[: len(fields)])
    if given < len(fields):
        raise InputError(
            "Expected batches that are tuples or dictionaries of "
            f"{', '.join(fields)}. Received: {given} of them."
        )
    if any(value is not None for value in rest):
        raise InputError(
            f"Expected batches of {', '.join(fields)} alone. Received: sample weights "
            f"(sample_weight, class_weight), or another value. {NO_WEIGHTS}"
        )
    return values


def check_arguments(given, steps):
    """Refuses arguments of `fit` and the like that would be ignored, or never end.

    Args:
        given: {name: value} of the arguments.
        steps: {name of an argument with data: name of its number of steps}.
    """
    for name in ("sample_weight", "class_weight"):
        if given.get(name) is not None:
            raise InputError(f"Leave {name} out. {NO_WEIGHTS}")
    callbacks = given.get("callbacks") or []
    callbacks = getattr(callbacks, "callbacks", callbacks)  # Of a CallbackList.
    for callback in tf.nest.flatten(callbacks):
        if isinstance(callback, keras.callbacks.SwapEMAWeights):
            raise InputError(
                "SwapEMAWeights is for models with one optimizer; StarGAN models have "
                "one for each network. Leave it out: a model with EMA networks uses "
                "them in translate and predict."
            )
    for name, number in steps.items():
        data, endless = given.get(name), tf.data.INFINITE_CARDINALITY
        if not isinstance(data, tf.data.Dataset) or given.get(number) is not None:
            continue
        if data.cardinality() == endless:
            raise InputError(
                f"{name} is a tf.data.Dataset without an end, such as repeat() makes, "
                f"and needs {number}. Received: no {number}. Pass {number}=…, the "
                "number of batches."
            )


def with_checked_first(iterator, check, steps):
    """An iterator for the next `steps` batches, of which the first has been checked."""
    first = next(iterator)
    check(first)

    def batches():
        yield first
        yield from itertools.islice(iterator, steps - 1)

    if isinstance(iterator, tf.data.Iterator):
        spec = iterator.element_spec
        if all(isinstance(part, tf.TensorSpec) for part in tf.nest.flatten(spec)):
            # Of the same kind as the original, or Keras would trace the step twice.
            return iter(tf.data.Dataset.from_generator(batches, output_signature=spec))
    return batches()


def check_images(label_space, **images):
    """Refuses images of another shape or range; {name: array (batch, h, w, c)}."""
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
                f"{_values(image)}. Pixels from 0 to 255 are scaled by x / 127.5 - 1, "
                "and what a bicubic filter overshoots is clipped."
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
    """Refuses label vectors of another width or range, or without one data set."""
    label, width = np.asarray(label), label_space.width
    if label.ndim != 2 or label.shape[1] != width:
        mask = " and the mask" if label_space.mask_width else ""
        raise InputError(
            f"Labels must have {width} columns, {', '.join(label_space.names)}{mask}. "
            f"Received: shape {label.shape}. LabelSpace.embed makes such labels, and "
            "keras.utils.to_categorical one-hot ones from numbers of classes."
        )
    if not ((label >= 0) & (label <= 1)).all():
        raise InputError(
            f"Labels must be from 0 to 1. Received: {_values(label)}. "
            "Labels of -1 and 1 become that by (labels + 1) / 2."
        )
    mask = label[:, label_space.num_domains :]
    if label_space.mask_width and (np.sort(mask)[:, -2:] != (0, 1)).any():
        raise InputError(
            "The mask, the last columns of the labels, must say to which one data set "
            f"each label belongs. Received: {mask[:4].tolist()}, …. Use "
            "LabelSpace.embed."
        )


def check_domains(count, **domains):
    """Refuses what are no numbers of domains; {name: array (batch,)}."""
    for name, domain in domains.items():
        domain = np.asarray(domain)
        valid = np.isin(domain, np.arange(count)).all()
        if domain.ndim != 1 or not valid:
            received = f"shape {domain.shape}" if valid else _values(domain)
            raise InputError(
                f"{name} must be whole numbers from 0 to {count - 1}, shape (batch,): "
                f"the places of the domains. Received: {received}"
            )


def _values(array):
    number = array.astype(np.float64)
    if np.isnan(number).any():
        return f"{array.dtype} with NaN"
    return f"{array.dtype} from {number.min():g} to {number.max():g}"
