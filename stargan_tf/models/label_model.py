"""The base class of models steered by labels: translation and classification."""

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
    """A `StarGANBase` with one generator that is steered by label vectors.

    In addition to the requirements of `StarGANBase`, subclasses set two networks:

    - `generator`: [images (n, h, w, c), label vectors (n, `label_space.width`)] →
      images (n, h, w, c); all float32, images in [-1, 1].
    - `discriminator`: images (n, height, width, c) → (scores (n, …), higher for real
      images; class logits (n, `label_space.num_domains`)).

    The defaults of `ModelFamily` use these two networks for sample grids, evaluation,
    the SavedModel, and the LiteRT file.
    """

    # The EMA of `generator`, in models that have one.
    generator_ema = None

    @property
    def translator(self):
        """The generator used to translate: the EMA generator if there is one."""
        return self.generator_ema or self.generator

    def call(self, inputs):
        """Computes G(x, c): inputs [image, label] → image, float32 in [-1, 1]."""
        return self.translator(inputs)

    def predict_step(self, data):
        """Computes G(x, c) for a batch of any structure that `fit` accepts."""
        image, label = unpack(data, FIELDS)
        return self.translator([self._float_images(image), label])

    def unpack_batch(self, data):
        """Unpacks a batch of any structure that `fit` accepts.

        Args:
            data: the argument of `train_step` or `test_step`.

        Returns:
            Images, float (batch, height, width, c) in [-1, 1], and labels
            (batch, `label_space.width`).

        Raises:
            InputError: if a field is missing, or there are sample weights.
        """
        image, label = unpack(data, FIELDS)
        image = check_equal_batches(self._float_images(image))
        return image, tf.cast(label, image.dtype)

    def _check_batch(self, data):
        fields = unpack(data, FIELDS)
        for image, label in self.distribute_strategy.experimental_local_results(fields):
            check_images(self.label_space, image=image)
            check_labels(label, self.label_space)

    def translate(self, images, labels, dataset=None, mask=None, batch_size=16):
        """Translates images to target labels.

        Example:

        ```python
        model = stargan_tf.load_model("toon_attributes")
        model.translate(images, "Blond_Hair,-Young")
        ```

        Args:
            images: array (n, height, width, channels), uint8 or float in [-1, 1].
                Height and width are multiples of 4.
            labels: targets as text, such as `"Blond_Hair,-Young"` (see
                docs/targets.md), either one for all images or a list with one per
                image; labels that are not named keep the values that the discriminator
                predicts. Alternatively label vectors of data set `dataset`, (n, c_i),
                or (c_i,) for all images.
            dataset: in models trained on several data sets, the index of the data set
                that the label vectors belong to. Defaults to the first. Not accepted
                with targets as text.
            mask: index of the data set that the mask selects. Defaults to the data set
                of the labels; another one gives the wrong mask of the paper's figure 7.
            batch_size: number of images per call of the generator.

        Returns:
            Array (n, height, width, channels): uint8 if `images` is uint8, otherwise
            float32 in [-1, 1].

        Raises:
            InputError: if shapes do not match, or a target is invalid.
        """
        images = self._checked(images)
        if np.asarray(labels).dtype.kind == "U":
            if dataset is not None:
                raise InputError(
                    "dataset applies to label vectors only; names of labels identify "
                    f"their data set. Received: dataset={dataset} and {labels!r}. "
                    "Remove dataset."
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
        """Runs the generator on images and complete label vectors.

        Args:
            images: array (n, height, width, channels), uint8 or float in [-1, 1].
                Height and width are multiples of 4.
            labels: array (n, `label_space.width`), or (`label_space.width`,) for all
                images.
            batch_size: number of images per call of the generator.

        Returns:
            Array (n, height, width, channels): uint8 if `images` is uint8, otherwise
            float32 in [-1, 1].

        Raises:
            InputError: if shapes do not match.
        """
        images, labels = self._checked(images), np.asarray(labels, np.float32)
        if labels.ndim == 2 and len(labels) != len(images):
            raise InputError(
                f"Pass one label vector per image. Received: {len(images)} images and "
                f"{len(labels)} labels"
            )
        width = self.label_space.width
        if labels.shape[-1:] != (width,):
            raise InputError(
                f"Label vectors must have {width} values. Received: shape "
                f"{labels.shape}"
            )
        labels = np.broadcast_to(labels, (len(images), width))

        def generate(rows):
            return self._generate(to_float(images[rows]), labels[rows])

        outputs = in_batches(generate, len(images), batch_size, images.shape[1:])
        return to_uint8(outputs) if images.dtype == np.uint8 else outputs

    def classify(self, images, dataset=0, batch_size=16):
        """Predicts labels with the discriminator.

        Args:
            images: array (n, height, width, channels), uint8 or float in [-1, 1].
            dataset: index of the data set whose labels are predicted.
            batch_size: number of images per call of the discriminator.

        Returns:
            float32 array (n, c_i) of probabilities: independent for binary labels,
            summing to 1 for one-hot labels.

        Raises:
            InputError: if the shape is not that of the training images.
        """
        images = np.asarray(images)
        if images.ndim != 4 or images.shape[1:] != self.label_space.image_shape:
            sizes = ", ".join(map(str, self.label_space.image_shape))
            raise InputError(
                f"images must be (n, {sizes}). Received: shape {images.shape}"
            )

        def class_logits(rows):
            return self._class_logits(to_float(images[rows]))

        self.label_space.check_index("dataset", dataset)
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
