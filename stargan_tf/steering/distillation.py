"""What a student generator learns from its teacher, by the steering of both."""

import tensorflow as tf


class LabelLessons:
    """Images translated to the labels of others, as in the model's own training.

    Attributes:
        teacher: name of the network whose images are learned.
        width: the model's constructor argument that is the generator's width.
    """

    teacher = "generator"
    width = "base_filters"

    def input_shapes(self, model):
        """Shapes of the generator's inputs, without the batch."""
        size = model.label_space.image_size
        return [(size, size, 3), (model.label_space.width,)]

    def inputs(self, model, batch, seed):
        """The generator's inputs for a training batch.

        Args:
            batch: (image, label).
        """
        image, label = batch
        return [image, tf.random.experimental.stateless_shuffle(label, seed)]

    def finish(self, student):
        """Called after the training; the generator that has learned translates."""


class StyleLessons:
    """Images in styles: half of latent codes, half of references.

    Attributes:
        teacher: name of the network whose images are learned: the EMA one, which
            translates.
        width: the model's constructor argument that is the generator's width.
    """

    teacher = "generator_ema"
    width = "generator_filters"

    def input_shapes(self, model):
        """Shapes of the generator's inputs, without the batch."""
        size = model.image_size
        masks = [(size, size, 2)] if model.high_pass else []
        return [(size, size, 3), (model.style_dim,), *masks]

    def inputs(self, model, batch, seed):
        """The generator's inputs for a training batch."""
        image, _, reference, _, domain = batch
        domain = tf.cast(domain, tf.int32)
        count = tf.shape(image)[0]
        latent = tf.random.stateless_normal((count, model.latent_dim), seed)
        from_latent = model._map(latent[:, None], domain)[:, 0]
        from_reference = model._encode(reference, domain)
        is_even = tf.range(count)[:, None] % 2 == 0
        style = tf.where(is_even, from_latent, from_reference)
        masks = model._masks(image)
        return [image, style] if masks is None else [image, style, masks]

    def finish(self, student):
        """The trained generator becomes the EMA one, which translates."""
        student.generator_ema.set_weights(student.generator.get_weights())
