"""StarGAN v1 as a SavedModel."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import tensorflow as tf

from stargan_tf.data.info import ONE_HOT
from stargan_tf.serving.endpoint import Endpoint, ServedForm, row_spec
from stargan_tf.serving.samples_v1 import cases
from stargan_tf.serving.target_names import TargetNames
from stargan_tf.serving.transport import transports


def served_form(model: Any, description: Mapping[str, Any]) -> ServedForm:
    """The generator, and the discriminator as what knows a picture's own labels.

    Args:
        model: a `StarGAN` that computes in float32.
        description: as in `model.json`: `fit` and `crop_size` are used.

    Returns:
        The form; see `stargan_tf.serving`.
    """
    size = model.label_space.image_size
    networks = _Networks(model)
    endpoints = [
        make(networks, way)
        for way in transports(size, description)
        for make in (_translate, _classify)
    ]
    weighted = (model.generator, model.discriminator)
    return ServedForm(tuple(endpoints), weighted, partial(cases, model))


class _Networks:
    """What the signatures share: one function in the file for each network."""

    def __init__(self, model: Any):
        self.space = model.label_space
        self._generator, self._discriminator = model.generator, model.discriminator

    @tf.function(autograph=False)
    def draw(self, images, labels):
        drawn = self._generator([images, labels], training=False)
        return tf.clip_by_value(drawn, -1.0, 1.0)

    @tf.function(autograph=False)
    def probabilities(self, images):
        """As `StarGAN.classify`, for all data sets side by side."""
        logits = self._discriminator(images, training=False)[1]
        parts = [
            tf.nn.softmax(logits[:, part])
            if info.label_type == ONE_HOT
            else tf.math.sigmoid(logits[:, part])
            for info, part in zip(self.space.datasets, self.space.slices, strict=True)
        ]
        return tf.concat(parts, axis=1)


def _translate(networks, way):
    space = networks.space
    names = TargetNames(space)

    def wanted(images, target):
        if not way.by_name:
            return target
        return names.labels(target, networks.probabilities(images))

    def translate(images, target):
        floats = way.floats(images)
        return way.result(networks.draw(floats, wanted(floats, target)))

    labels = row_spec("labels", space.width, tf.float32)
    target = row_spec("names", None, tf.string) if way.by_name else labels
    specs = (way.spec(way.images), target)
    return Endpoint(f"translate{way.suffix}", translate, specs)


def _classify(networks, way):
    def classify(images):
        return {"labels": networks.probabilities(way.floats(images))}

    return Endpoint(f"classify{way.suffix}", classify, (way.spec(way.images),))
