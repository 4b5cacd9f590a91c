"""StarGAN v1 as a SavedModel."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from stargan_tf.data.info import ONE_HOT
from stargan_tf.data.pictures import to_float
from stargan_tf.exporting.agreement import SampleImages
from stargan_tf.exporting.saved_model import (
    Case,
    Endpoint,
    ServedForm,
    TargetNames,
    as_files,
    row_spec,
    transports,
)
from stargan_tf.steering.labels import apply_target, source_labels

# What a StarGAN v1 is asked in both forms, to compare them.


def cases(model: Any, pictures: SampleImages) -> list[Case]:
    """One for each signature.

    Args:
        model: a `StarGAN`.
        pictures: what is translated, each to the labels of the one before.
    """
    images, dataset = pictures.images, pictures.dataset
    own = np.roll(pictures.labels, 1, axis=0)
    labels = model.label_space.embed(own, dataset)
    sources = {"translate_float": to_float(images), "translate": images}
    arrays = [
        Case(
            name,
            {"images": source, "labels": labels},
            "images",
            lambda source=source: model.translate(source, own, dataset=dataset),
        )
        for name, source in sources.items()
    ]
    return [*arrays, _by_name(model, images, dataset), *_seen(model, images)]


def _seen(model: Any, images: np.ndarray) -> list[Case]:
    """What the discriminator says."""

    def expected() -> np.ndarray:
        count = len(model.label_space.datasets)
        parts = [model.classify(images, dataset=number) for number in range(count)]
        return np.concatenate(parts, axis=1)

    sources = {
        "classify_float": {"images": to_float(images)},
        "classify": {"images": images},
        "classify_encoded": {"encoded": as_files(images)},
    }
    return [Case(name, inputs, "labels", expected) for name, inputs in sources.items()]


def _by_name(model: Any, images: np.ndarray, dataset: int) -> Case:
    """Every label in turn is switched on; the rest is what the model sees."""
    info = model.label_space.datasets[dataset]
    names = [info.domains[i % len(info.domains)] for i in range(len(images))]

    def expected() -> np.ndarray:
        source = source_labels(model, images, dataset, None)
        pairs = zip(source, names, strict=True)
        labels = [apply_target(info, label, {name: 1.0}) for label, name in pairs]
        return model.translate(images, np.stack(labels), dataset=dataset)

    full = np.array([f"{info.name}.{name}" for name in names], object)
    inputs = {"encoded": as_files(images), "names": full}
    return Case("translate_encoded", inputs, "encoded_bytes", expected)


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
