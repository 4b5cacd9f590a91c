"""How a trained StarGAN v1 is used: labels in, pictures out, and back."""

import numpy as np
import tensorflow as tf

from stargan_tf.data.pixels import to_float, to_uint8
from stargan_tf.errors import InputError
from stargan_tf.models.batching import in_batches


class TranslationV1:
    """Translation and classification by labels; a part of `StarGAN`."""

    def translate(self, images, labels, dataset=0, mask=None, batch_size=16):
        """Redraws images so that they show the labels.

        Args:
            images: (n, height, width, 3), uint8 or float in [-1, 1]; sides are
                multiples of 4.
            labels: (n, c_i) of data set `dataset`, or (c_i,) for all images.
            dataset: which data set the labels belong to (joint models).
            mask: which data set the mask claims; another than `dataset` gives the
                paper's wrong mask (figure 7).
            batch_size: images at a time.

        Returns:
            (n, height, width, 3), uint8 if `images` were, else float32 in [-1, 1].

        Raises:
            InputError: if shapes do not fit.
        """
        images = np.asarray(images)
        labels = self.label_space.embed(labels, dataset, mask)
        _check_shapes(images, labels)
        labels = np.broadcast_to(labels, (len(images), self.label_space.width))

        def generate(part):
            return self._generate(to_float(images[part]), labels[part])

        outputs = in_batches(generate, len(images), batch_size, images.shape[1:])
        return to_uint8(outputs) if images.dtype == np.uint8 else outputs

    def classify(self, images, dataset=0, batch_size=16):
        """The labels that the discriminator sees.

        Args:
            images: (n, image_size, image_size, 3), uint8 or float in [-1, 1].
            dataset: which data set's labels.
            batch_size: images at a time.

        Returns:
            float32 (n, c_i): probabilities, per attribute (binary) or summing to 1.
        """
        images = np.asarray(images)

        def judge(part):
            return self._class_logits(to_float(images[part]))

        width = self.label_space.num_domains
        logits = in_batches(judge, len(images), batch_size, (width,))
        logits = logits[:, self.label_space.slices[dataset]]
        if self._parts[dataset][1] == "one_hot":
            return tf.nn.softmax(logits).numpy()
        return tf.math.sigmoid(logits).numpy()

    @tf.function(reduce_retracing=True, autograph=False)
    def _generate(self, images, labels):
        return self.generator([images, labels], training=False)

    @tf.function(reduce_retracing=True, autograph=False)
    def _class_logits(self, images):
        return self.discriminator(images, training=False)[1]


def _check_shapes(images, labels):
    if (
        images.ndim != 4
        or images.shape[-1] != 3
        or any(side % 4 for side in images.shape[1:3])
    ):
        raise InputError(
            "images must be (n, height, width, 3) with sides that are multiples "
            f"of 4. Received: shape {images.shape}"
        )
    if labels.ndim == 2 and len(labels) != len(images):
        raise InputError(
            f"Give one label per image. Received: {len(images)} images, "
            f"{len(labels)} labels"
        )
