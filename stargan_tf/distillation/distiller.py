"""The training of a light generator by the teacher's pictures."""

import keras
import tensorflow as tf

from stargan_tf.precision import keras_settings


class Distiller(keras.Model):
    """min ‖student(inputs) − teacher(inputs)‖₁ over the student's generator.

    Nothing else is needed: the teacher's picture says what is to be drawn at every
    pixel, so there is no adversary and no cycle.

    Args:
        teacher: the trained model.
        student: the model whose `generator` learns.
        kind: how they are steered; see `Steering.distillation`.
        seed: of the targets' labels and styles, which follow from (seed, step).

    `fit` takes what the model itself is trained on.
    """

    def __init__(self, teacher, student, kind, seed=0):
        super().__init__()
        # In a tuple: Keras would adopt the models, whose weights it need not know.
        self._models = (teacher, student, kind)
        self.seed = seed
        self.difference = keras.metrics.Mean("difference", "float32")

    def train_step(self, data):
        """One update of the student's generator."""
        teacher, student, kind = self._models
        seed = tf.stack([tf.cast(self.seed, tf.int64), self._step()])
        inputs = kind.inputs(teacher, data, seed)
        target = getattr(teacher, kind.TEACHER)(inputs, training=False)
        # As it is shown: what is beyond white or black need not be learnt.
        target = tf.clip_by_value(target, -1.0, 1.0)
        variables = student.generator.trainable_variables
        with tf.GradientTape() as tape:
            drawn = student.generator(inputs, training=True)
            difference = tf.reduce_mean(tf.abs(drawn - target))
        self.optimizer.apply(tape.gradient(difference, variables), variables)
        self.difference.update_state(difference)
        return {"difference": self.difference.result()}

    def _step(self):
        return tf.cast(tf.convert_to_tensor(self.optimizer.iterations.value), tf.int64)


@keras_settings()
def distill(teacher, student, kind, batches, *, steps, learning_rate=2e-3, seed=0):
    """Trains a student's generator, with Keras' progress bar.

    Args:
        teacher: the trained model.
        student: from `mobile_student`.
        kind: how they are steered; see `Steering.distillation`.
        batches: endless `tf.data.Dataset` of what the teacher was trained on.
        steps: batches to train on.
        learning_rate: Adam's, falling to zero as a cosine.
        seed: of the targets.

    Returns:
        The mean absolute difference to the teacher over the last tenth of the steps.
    """
    distiller = Distiller(teacher, student, kind, seed)
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    distiller.compile(keras.optimizers.Adam(schedule), jit_compile=False)
    distiller.optimizer.build(student.generator.trainable_variables)
    last_tenth = steps - max(1, steps // 10)

    def start_last_tenth(batch, logs=None):
        if batch == last_tenth:
            distiller.reset_metrics()

    history = distiller.fit(
        batches,
        steps_per_epoch=steps,
        shuffle=False,
        callbacks=[
            keras.callbacks.LambdaCallback(on_train_batch_begin=start_last_tenth)
        ],
    )
    kind.finish(student)
    return history.history["difference"][-1]
