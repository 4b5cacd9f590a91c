"""What every model that labels steer can do: translate images, and classify them."""

import numpy as np
import tensorflow as tf

from stargan_tf.data.info import ONE_HOT
from stargan_tf.data.pictures import to_float, to_uint8
from stargan_tf.data.targets import vectors_of_targets
from stargan_tf.distribution.replicas import check_equal_batches
from stargan_tf.errors import InputError
from stargan_tf.models.base import StarGANBase, in_batches
from stargan_tf.models.inputs import check_images, check_labels, unpack

FIELDS = ("image", "label")


class LabelModel(StarGANBase):
    """A `StarGANBase` with one generator, steered by label vectors.

    Subclasses set, besides what `StarGANBase` asks for, two networks:

    - `generator`: [images (n, h, w, c), label vectors (n, `label_space.width`)] →
      images (n, h, w, c), all float32, images in [-1, 1].
    - `discriminator`: images (n, height, width, c) → (scores (n, …), higher for real
      images; class logits (n, `label_space.num_domains`)).

    With these two names the defaults of `ModelFamily` fit: sample grids, evaluation,
    SavedModel and LiteRT file.
    """

    # The EMA of `generator`, in models that have one.
    generator_ema = None

    @property
    def translator(self):
        """The generator used to translate: the EMA one if there is one."""
        return self.generator_ema or self.generator

    def call(self, inputs):
        """G(x, c): inputs [image, label] → image, float32 in [-1, 1]."""
        return self.translator(inputs)

    def predict_step(self, data):
        """G(x, c) for images and labels, in all forms that `fit` takes."""
        image, label = unpack(data, FIELDS)
        return self.translator([self._float_images(image), label])

    def unpack_batch(self, data):
        """Image and label of a batch, in all forms that `fit` takes.

        Args:
            data: what `train_step` and `test_step` are given.

        Returns:
            Images, float (batch, height, width, c) in [-1, 1], and labels, float32
            (batch, `label_space.width`).
        """
        image, label = unpack(data, FIELDS)
        label = tf.cast(label, tf.float32)
        return check_equal_batches(self._float_images(image)), label

    def _check_batch(self, data):
        image, label = unpack(data, FIELDS)
        values = self.distribute_strategy.experimental_local_results
        for local_image, local_label in zip(values(image), values(label), strict=True):
            check_images(self.label_space, image=local_image)
            check_labels(local_label, self.label_space)

    def translate(self, images, labels, dataset=None, mask=None, batch_size=16):
        """Redraws images so that they show the labels.

        Args:
            images: (n, height, width, channels), uint8 or float in [-1, 1]; sides
                are multiples of 4.
            labels: targets in words, such as `"Blond_Hair,-Young"` (docs/targets.md),
                one for all images or a list with one for each; what they do not name
                stays as the discriminator sees it. Or label vectors: (n, c_i) of data
                set `dataset`, or (c_i,) for all images.
            dataset: which data set the label vectors belong to (joint models);
                defaults to the first. Names say it themselves.
            mask: which data set the mask claims; another than `dataset` gives the
                paper's wrong mask (figure 7).
            batch_size: images at a time.

        Returns:
            (n, height, width, channels), uint8 if `images` were, else float32 in
            [-1, 1].

        Raises:
            InputError: if shapes do not fit, or a target cannot be read.
        """
        images = self._checked(images)
        if np.asarray(labels).dtype.kind == "U":
            if dataset is not None:
                raise InputError(
                    "The names in a target say of which data set they are. Received: "
                    f"dataset={dataset} and {labels!r}. Leave out dataset."
                )
            texts = np.atleast_1d(labels).tolist()
            labels = vectors_of_targets(self, images, texts, mask)
        else:
            labels = self.label_space.embed(labels, dataset or 0, mask)
        return self.draw(images, labels, batch_size)

    def _checked(self, images):
        images, channels = np.asarray(images), self.label_space.image_shape[2]
        if (
            images.ndim != 4
            or images.shape[-1] != channels
            or any(side % 4 for side in images.shape[1:3])
        ):
            raise InputError(
                f"images must be (n, height, width, {channels}) with sides that are "
                f"multiples of 4. Received: shape {images.shape}"
            )
        return images

    def draw(self, images, labels, batch_size=16):
        """What the generator makes of images and the vectors that it takes with them.

        Args:
            images: as `translate` takes them.
            labels: (n, `label_space.width`), or (`label_space.width`,) for all images.
            batch_size: images at a time.

        Returns:
            As `translate`.

        Raises:
            InputError: if shapes do not fit.
        """
        images, labels = self._checked(images), np.asarray(labels, np.float32)
        if labels.ndim == 2 and len(labels) != len(images):
            raise InputError(
                f"Give one label per image. Received: {len(images)} images, "
                f"{len(labels)} labels"
            )
        labels = np.broadcast_to(labels, (len(images), self.label_space.width))

        def generate(rows):
            return self._generate(to_float(images[rows]), labels[rows])

        outputs = in_batches(generate, len(images), batch_size, images.shape[1:])
        return to_uint8(outputs) if images.dtype == np.uint8 else outputs

    def classify(self, images, dataset=0, batch_size=16):
        """The labels that the discriminator sees.

        Args:
            images: (n, height, width, channels), uint8 or float in [-1, 1].
            dataset: which data set's labels.
            batch_size: images at a time.

        Returns:
            float32 (n, c_i): probabilities, per attribute (binary) or summing to 1.
        """
        images = np.asarray(images)

        def class_logits(rows):
            return self._class_logits(to_float(images[rows]))

        width = self.label_space.num_domains
        logits = in_batches(class_logits, len(images), batch_size, (width,))
        one_hot = self.label_space.datasets[dataset].label_type == ONE_HOT
        probabilities = tf.nn.softmax if one_hot else tf.math.sigmoid
        return probabilities(logits[:, self.label_space.slices[dataset]]).numpy()

    @tf.function(reduce_retracing=True, autograph=False)
    def _generate(self, images, labels):
        return self.translator([images, labels], training=False)

    @tf.function(reduce_retracing=True, autograph=False)
    def _class_logits(self, images):
        return self.discriminator(images, training=False)[1]
