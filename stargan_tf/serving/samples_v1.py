"""What a StarGAN v1 is asked in both forms, to compare them."""

from typing import Any

import numpy as np

from stargan_tf.data.pixels import to_float
from stargan_tf.export.sample_images import SampleImages
from stargan_tf.serving.case import Case, as_files
from stargan_tf.translation.source_labels import source_labels
from stargan_tf.translation.targets import apply_target


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
