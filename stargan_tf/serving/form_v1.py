"""StarGAN v1 as a SavedModel."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from stargan_tf.data.info import ONE_HOT
from stargan_tf.export.full_precision import in_float32
from stargan_tf.serving import pictures
from stargan_tf.serving.endpoint import Endpoint, ServedForm, image_spec, row_spec
from stargan_tf.serving.target_names import TargetNames


def served_form(model: Any, description: Mapping[str, Any]) -> ServedForm:
    """The generator, and the discriminator as what knows a picture's own labels.

    Args:
        model: a `StarGAN`.
        description: as in `model.json`: `fit` and `crop_size` are used.

    Returns:
        The form; see `stargan_tf.serving`.
    """
    generator, discriminator = map(in_float32, (model.generator, model.discriminator))
    space = model.label_space
    size, names = space.image_size, TargetNames(space)
    label_spec = row_spec("labels", space.width, tf.float32)

    def draw(images, labels):
        drawn = generator([images, labels], training=False)
        return tf.clip_by_value(drawn, -1.0, 1.0)

    def translate(images, labels):
        return {"images": pictures.to_uint8(draw(pictures.to_float(images), labels))}

    def translate_float(images, labels):
        return {"images": draw(images, labels)}

    def classify_float(images):
        logits = discriminator(images, training=False)[1]
        return {"labels": _probabilities(space, logits)}

    def classify(images):
        return classify_float(pictures.to_float(images))

    def translate_encoded(encoded, target):
        square = pictures.decode(
            encoded, size, description["fit"], description["crop_size"]
        )
        images = pictures.to_float(square)
        labels = names.labels(target, classify_float(images)["labels"])
        drawn = pictures.to_uint8(draw(images, labels))
        return {"encoded_bytes": pictures.encode(drawn)}

    arrays = (image_spec("images", size), label_spec)
    floats = (image_spec("images", size, tf.float32), label_spec)
    files = tuple(row_spec(name, None, tf.string) for name in ("encoded", "names"))
    return ServedForm(
        (
            Endpoint("translate", translate, arrays),
            Endpoint("translate_float", translate_float, floats),
            Endpoint("classify", classify, arrays[:1]),
            Endpoint("classify_float", classify_float, floats[:1]),
            Endpoint("translate_encoded", translate_encoded, files),
        ),
        (generator, discriminator),
    )


def _probabilities(space, logits):
    """As `StarGAN.classify`, for all data sets side by side."""
    parts = [
        tf.nn.softmax(logits[:, part])
        if info.label_type == ONE_HOT
        else tf.math.sigmoid(logits[:, part])
        for info, part in zip(space.datasets, space.slices, strict=True)
    ]
    return tf.concat(parts, axis=1)
