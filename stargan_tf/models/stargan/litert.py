"""StarGAN as a LiteRT file: the generator."""

from typing import Any

import numpy as np
import tensorflow as tf

from stargan_tf.data.pictures import to_float
from stargan_tf.exporting.agreement import Arrays, SampleImages
from stargan_tf.exporting.litert import FileSignature, LiteRTFile, LiteRTModel


def litert_model(model: Any) -> LiteRTModel:
    """The file `generator` with the signature `translate`.

    Args:
        model: a `StarGAN` that computes in float32.

    Returns:
        The model; inputs `images` (1, size, size, 3), `labels` (1, label_width).
    """
    space = model.label_space

    def translate(images, labels):
        outputs = model.generator([images, labels], training=False)
        return {"images": tf.clip_by_value(outputs, -1.0, 1.0)}

    def samples(source: SampleImages) -> Arrays:
        # Each image is translated to the labels of another one.
        labels = space.embed(np.roll(source.labels, 1, axis=0), source.dataset)
        return {"images": to_float(source.images), "labels": labels}

    signature = FileSignature(
        name="translate",
        shapes={
            "images": (1, space.image_size, space.image_size, 3),
            "labels": (1, space.width),
        },
        function=translate,
        samples=samples,
        keras=lambda **inputs: translate(**inputs)["images"].numpy(),
    )
    return LiteRTModel([LiteRTFile("generator", [signature], [model.generator])])
