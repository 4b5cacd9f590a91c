"""StarGAN v1 as one LiteRT file."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from stargan_tf.data.pictures import to_float
from stargan_tf.exporting.agreement import SampleImages, in_float32
from stargan_tf.exporting.litert_file import (
    GENERATOR,
    Arrays,
    DeviceForm,
    Endpoint,
    Part,
)


def device_form(model: Any) -> DeviceForm:
    """The generator, with the signature `translate`.

    Args:
        model: a `StarGAN`.

    Returns:
        The form; inputs `images` (1, size, size, 3), `labels` (1, label_width).
    """
    network = in_float32(model.generator)
    space = model.label_space

    def translate(images, labels):
        drawn = network([images, labels], training=False)
        return {"images": tf.clip_by_value(drawn, -1.0, 1.0)}

    def samples(source: SampleImages) -> Iterator[Arrays]:
        # Each image is drawn with the labels of another one.
        labels = space.embed(np.roll(source.labels, 1, axis=0), source.dataset)
        for image, label in zip(to_float(source.images), labels, strict=True):
            yield {"images": image[None], "labels": label[None]}

    endpoint = Endpoint(
        name="translate",
        function=translate,
        reference=translate,
        shapes={
            "images": (1, space.image_size, space.image_size, 3),
            "labels": (1, space.width),
        },
        samples=samples,
        pictures=("images",),
    )
    return DeviceForm((Part(GENERATOR, (endpoint,), (network,)),))
