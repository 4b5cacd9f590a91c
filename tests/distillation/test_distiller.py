"""A light generator comes near to what its teacher draws, and only it changes."""

import types

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from stargan_tf.data.info import DatasetInfo
from stargan_tf.distillation.distiller import (
    counted,
    distill,
    mobile_student,
    multiply_adds,
)
from stargan_tf.errors import InputError
from stargan_tf.models.stargan.model import StarGAN
from stargan_tf.models.stargan_v2.model import StarGANV2
from stargan_tf.steering.tasks import LabelLessons, StyleLessons

HAIR = DatasetInfo("hair", ("Black", "Blond", "Male"), "binary", 16)
ANIMALS = DatasetInfo("animals", ("cat", "dog"), "one_hot", 64)


def label_teacher(**options):
    return StarGAN(
        HAIR,
        base_filters=8,
        num_residual_blocks=1,
        discriminator_layers=2,
        **options,
    )


def averaged_teacher():
    return label_teacher(skips=True, conditioning="blocks", ema_decay=0.9)


def style_teacher(**options):
    return StarGANV2(
        ANIMALS,
        style_dim=4,
        latent_dim=3,
        hidden_dim=5,
        base_filters=8,
        max_filters=16,
        **options,
    )


def images(count, side):
    return tf.constant(
        np.random.default_rng(0).uniform(-1, 1, (count, side, side, 3)), tf.float32
    )


def label_batch():
    return images(4, 16), tf.eye(4, 3)


def style_batch():
    x, domain = images(2, 64), tf.constant([0, 1])
    return x, domain, tf.reverse(x, (0,)), x, domain


CASES = [
    (label_teacher, LabelLessons(), label_batch),
    (averaged_teacher, LabelLessons(), label_batch),
    (style_teacher, StyleLessons(), style_batch),
]


@pytest.mark.parametrize(("make", "lessons", "batch"), CASES)
def test_the_student_is_light_and_otherwise_the_teacher(make, lessons, batch):
    teacher = make()
    student = mobile_student(teacher, lessons)
    assert student.cost <= student.teacher_cost / 10
    for network in teacher.layers:
        ours = student.model.get_layer(network.name)
        if network.name.startswith("generator"):
            assert ours.count_params() < network.count_params() / 2
            continue
        for one, other in zip(ours.weights, network.weights, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(("make", "lessons", "batch"), CASES)
def test_the_student_learns_the_teachers_pictures(make, lessons, batch, capsys):
    teacher = make()
    student = mobile_student(teacher, lessons).model
    others = {
        network.name: network.get_weights()
        for network in (*student.layers, *teacher.layers)
        if not network.name.startswith("generator") or network in teacher.layers
    }
    inputs = lessons.inputs(teacher, batch(), (0, 0))
    target = np.clip(getattr(teacher, lessons.teacher)(inputs), -1, 1)

    def distance():
        drawn = getattr(student, lessons.teacher)(inputs)
        return float(np.abs(drawn - target).mean())

    before = distance()
    batches = tf.data.Dataset.from_tensors(batch()).repeat()
    distill(teacher, student, lessons, batches, steps=30, learning_rate=2e-2)
    assert distance() < 0.9 * before
    for network in (*student.layers, *teacher.layers):
        if not network.name.startswith("generator") or network in teacher.layers:
            for one, other in zip(
                network.get_weights(), others[network.name], strict=True
            ):
                np.testing.assert_array_equal(one, other)


def test_it_trains_for_exactly_as_many_steps_as_asked(monkeypatch):
    optimizers, adam = [], keras.optimizers.Adam

    def remembered(rate):
        optimizers.append(adam(rate))
        return optimizers[0]

    monkeypatch.setattr(keras.optimizers, "Adam", remembered)
    lessons = types.SimpleNamespace(
        teacher="generator",
        inputs=lambda teacher, batch, seed: batch,
        finish=lambda student: None,
    )
    teacher, student = types.SimpleNamespace(), types.SimpleNamespace()
    teacher.generator = lambda x, training: 0.5 * x
    student.generator = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3)])
    batches = tf.data.Dataset.from_tensors(tf.ones((2, 3))).repeat()
    distill(teacher, student, lessons, batches, steps=19)
    (optimizer,) = optimizers
    assert int(optimizer.iterations) == 19
    assert float(optimizer.learning_rate) == 0.0  # The cosine has ended.


def test_high_pass_masks_are_passed_on():
    def nothing(image):
        return tf.zeros((*image.shape[:3], 2))

    teacher = style_teacher(high_pass=1.0, mask_provider=nothing)
    _, style, masks = StyleLessons().inputs(teacher, style_batch(), (0, 0))
    assert style.shape == (2, 4)
    assert masks.shape == (2, 64, 64, 2)


def test_a_light_teacher_is_refused():
    light = StarGAN(HAIR, base_filters=8, discriminator_layers=2, separable=True)
    with pytest.raises(InputError, match="light model already"):
        mobile_student(light, LabelLessons())


def test_a_teacher_without_a_light_form_is_refused():
    class Heavy(StarGAN):
        def get_config(self):
            config = super().get_config()
            return {name: config[name] for name in config if name != "separable"}

    with pytest.raises(InputError, match="Received: Heavy, which has none"):
        mobile_student(Heavy(HAIR, discriminator_layers=2), LabelLessons())


def test_a_tiny_teacher_is_refused():
    tiny = StarGAN(HAIR, base_filters=1, num_residual_blocks=0, discriminator_layers=2)
    with pytest.raises(InputError, match="small enough as it is"):
        mobile_student(tiny, LabelLessons())


# Counts that can be checked by hand.


def count(layer, *shape):
    inputs = keras.Input(shape)
    return multiply_adds(keras.Model([inputs], layer(inputs)), [shape])


def test_convolutions():
    plain = layers.Conv2D(8, 3, padding="same")
    assert count(plain, 4, 4, 3) == 4 * 4 * 8 * 3 * 9
    strided = layers.Conv2D(8, 4, 2, padding="same")
    assert count(strided, 4, 4, 3) == 2 * 2 * 8 * 3 * 16
    # What falls off the border is counted, as it is for other convolutions.
    transposed = layers.Conv2DTranspose(8, 4, 2, padding="same")
    assert count(transposed, 4, 4, 3) == 4 * 4 * 8 * 3 * 16


def test_separable_convolutions_are_a_depthwise_and_a_small_one():
    separable = layers.SeparableConv2D(8, 3, padding="same")
    assert count(separable, 4, 4, 3) == 4 * 4 * 3 * 9 + 4 * 4 * 3 * 8


def test_matrix_products():
    assert count(layers.Dense(5), 7) == 35


def test_norms_and_activations_cost_nothing():
    assert count(layers.LayerNormalization(), 7) == 0
    assert count(layers.ReLU(), 7) == 0


def test_gradients_cost_as_much_to_each_side():
    @tf.function(autograph=False)
    def gradients(image, kernel, matrix):
        with tf.GradientTape() as tape:
            tape.watch([image, kernel, matrix])
            rows = tf.reshape(tf.nn.conv2d(image, kernel, 1, "SAME"), (4, 8))
            loss = tf.reduce_sum(rows @ matrix)
        return tape.gradient(loss, [image, kernel, matrix])

    shapes = ((1, 2, 2, 3), (3, 3, 3, 8), (8, 5))
    function = gradients.get_concrete_function(*map(tf.TensorSpec, shapes))
    forward = 2 * 2 * 8 * 3 * 9 + 4 * 8 * 5
    assert counted(function.graph.get_operations()) == 3 * forward
