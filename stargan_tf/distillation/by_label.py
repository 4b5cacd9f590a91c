"""What there is to learn from a model that labels steer: StarGAN."""

import tensorflow as tf

TEACHER = "generator"
WIDTH = "base_filters"


def input_shapes(model):
    """Shapes of the generator's inputs, without the batch.

    Args:
        model: the teacher, or a student.
    """
    size = model.label_space.image_size
    return [(size, size, 3), (model.label_space.width,)]


def inputs(model, batch, seed):
    """The generator's inputs for a training batch.

    As in the model's own training, the target labels are the batch's, shuffled.

    Args:
        model: the teacher.
        batch: (image, label); see `training_batches`.
        seed: int64 (2,), another one for each step.

    Returns:
        [image, label].
    """
    image, label = batch
    return [image, tf.random.experimental.stateless_shuffle(label, seed)]


def finish(student):
    """Nothing: the student's generator is the one that translates.

    Args:
        student: the trained student.
    """
