"""What there is to learn from a model that styles steer: StarGAN v2."""

import tensorflow as tf

# Pictures are made with the averaged networks; they are what is learnt.
TEACHER = "generator_ema"
WIDTH = "generator_filters"


def input_shapes(model):
    """Shapes of the generator's inputs, without the batch.

    Args:
        model: the teacher, or a student.
    """
    size = model.image_size
    masks = [(size, size, 2)] if model.high_pass else []
    return [(size, size, 3), (model.style_dim,), *masks]


def inputs(model, batch, seed):
    """The generator's inputs for a training batch.

    Half of the styles are those of latents, half those of references, as they are
    used.

    Args:
        model: the teacher.
        batch: see `reference_batches`.
        seed: int64 (2,), another one for each step.

    Returns:
        [image, style] or, with high-pass skips, [image, style, masks].
    """
    image, _, reference, _, domain = model.unpack_batch(batch)
    domain = tf.cast(domain, tf.int32)
    count = tf.shape(image)[0]
    latent = tf.random.stateless_normal((count, model.latent_dim), seed)
    drawn = model._map(latent[:, None], domain)[:, 0]
    seen = model._encode(reference, domain)
    style = tf.where(tf.range(count)[:, None] % 2 == 0, drawn, seen)
    masks = model._masks(image)
    return [image, style] if masks is None else [image, style, masks]


def finish(student):
    """The trained generator is also the averaged one, which translates.

    Args:
        student: the trained student.
    """
    student.generator_ema.set_weights(student.generator.get_weights())
