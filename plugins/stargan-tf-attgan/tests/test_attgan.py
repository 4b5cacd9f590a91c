"""AttGAN and STGAN: stargan_tf's contract, and numbers that can be checked by hand."""

import math
import re

import h5py
import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from stargan_tf_attgan import ATTGAN
from stargan_tf_attgan.model import AttGAN, EditSamples
from stargan_tf_attgan.networks import (
    Discriminator,
    PredictedLabels,
    SelectiveTransferUnit,
)
from stargan_tf_attgan.objective import (
    CRITIC_TERMS,
    GENERATOR_TERMS,
    attribute_classification,
    critic_terms,
    generator_terms,
    gradient_penalty,
)

from stargan_tf.data.targets import binarize
from stargan_tf.plugin import DatasetInfo, InputError, Subject, Target, value_and_slope
from stargan_tf.steering.labels import ToTarget
from stargan_tf.steering.tasks import _to_labels
from stargan_tf.testing import check_model

TINY = {
    "num_layers": 2,
    "base_filters": 4,
    "discriminator_filters": 4,
    "discriminator_layers": 2,
}
STGAN = {"condition": "difference", "transfer_units": True}
INFO = DatasetInfo(
    "faces", ("Black", "Blond", "Male", "Young"), "binary", 16, (("Black", "Blond"),)
)


def softplus(x):
    return math.log1p(math.exp(x))


def sigmoid(x):
    return 1.0 / (1.0 + math.exp(-x))


def pixel(value):
    return tf.fill((1, 1, 1, 1), value)


def images(count=3):
    random = np.random.default_rng(0)
    return random.uniform(-1.0, 1.0, (count, 16, 16, 3)).astype("f")


# === The contract ===


@pytest.mark.parametrize(
    "options",
    [
        {"critic_steps": 1},
        {**STGAN, "upsampling": "resize", "critic_steps": 2},
    ],
    ids=["attgan", "stgan"],
)
def test_it_keeps_the_contract(options):
    check_model("attgan", image_size=32, **TINY, **options)


def test_presets_fit_their_options():
    for preset in ATTGAN.presets.values():
        known = {option.name: option for option in ATTGAN.model_options}
        chosen = {n: v for n, v in preset.values.items() if n in known}
        model = AttGAN(
            DatasetInfo("faces", INFO.domains, "binary", preset.values["image_size"]),
            **{**chosen, "base_filters": 2, "discriminator_filters": 2},
        )
        for name, value in chosen.items():
            assert known[name].read(value) == value
        skips = [x for x in model.generator.layers if x.name.startswith("skip_")]
        assert len(skips) == model.arguments["shortcut_layers"]


def test_weights_of_labels_are_declared():
    """They are those whose shape depends on the number of attributes."""
    for upsampling in ("transposed", "resize"):
        options = {**TINY, **STGAN, "upsampling": upsampling, "num_layers": 3}
        options["shortcut_layers"] = 2
        small, large = (
            AttGAN(DatasetInfo("faces", names, "binary", 16), **options)
            for names in ("ab", "abcde")
        )
        for network in ("generator", "discriminator"):
            pairs = zip(
                getattr(small, network).weights,
                getattr(large, network).weights,
                strict=True,
            )
            for one, other in pairs:
                sizes = enumerate(zip(one.shape, other.shape, strict=True))
                grown = [axis for axis, (few, many) in sizes if few != many]
                path = f"{network}/{one.path}"
                declared = [
                    axis
                    for rule, (axis, _) in ATTGAN.label_weights.items()
                    if re.fullmatch(rule, path)
                ]
                assert grown == declared, path


# === Loss terms ===


def discriminator(x):
    """The score is the square of the only pixel; the logits are 1 and 3 times it."""
    x = ops.reshape(x, (-1, 1))
    return ops.square(x), ops.concatenate([x, 3.0 * x], axis=1)


def test_the_critic_s_terms():
    terms = critic_terms(
        discriminator,
        value_and_slope,
        pixel(0.5),
        tf.constant([[1.0, 0.0]]),
        pixel(-0.25),
        pixel(0.8),
    )
    assert terms.keys() == CRITIC_TERMS.keys()
    assert float(terms["real"]) == pytest.approx(-(0.5**2))
    assert float(terms["fake"]) == pytest.approx(0.25**2)
    expected = (softplus(-0.5) + softplus(1.5)) / 2
    assert float(terms["classification"]) == pytest.approx(expected)
    slope = 2 * (0.8 * 0.5 - 0.2 * 0.25)
    assert float(terms["penalty"]) == pytest.approx((slope - 1) ** 2)


def test_the_generator_s_terms():
    terms = generator_terms(
        discriminator, pixel(0.5), tf.constant([[0.0, 1.0]]), pixel(-0.25), pixel(0.3)
    )
    assert terms.keys() == GENERATOR_TERMS.keys()
    assert float(terms["adversarial"]) == pytest.approx(-(0.25**2))
    expected = (softplus(-0.25) + softplus(0.75)) / 2
    assert float(terms["classification"]) == pytest.approx(expected)
    assert float(terms["reconstruction"]) == pytest.approx(0.2)


def test_classification_does_not_grow_with_the_number_of_attributes():
    for count in (1, 7):
        label, logits = np.ones((2, count), "f"), np.zeros((2, count), "f")
        loss = attribute_classification(label, logits)
        assert float(loss) == pytest.approx(math.log(2.0))


def test_the_penalty_of_a_batch():
    slopes = np.zeros((2, 1, 2, 2), "f")
    slopes[0, 0, 0] = [3.0, 4.0]  # a norm of 5; the other one's is 0
    assert float(gradient_penalty(slopes)) == pytest.approx((16.0 + 1.0) / 2)


def test_the_penalty_s_gradient_passes_through_the_norms():
    """Against a finite difference, in float64."""
    critic = Discriminator((16, 16, 3), 2, 4, 2, dtype="float64")
    image = tf.constant(images(2), tf.float64)
    kernel = critic.get_layer("halve_1").kernel

    def penalty():
        return gradient_penalty(value_and_slope(lambda x: critic(x)[0], image)[1])

    with tf.GradientTape() as tape:
        loss = penalty()
    gradient = tape.gradient(loss, kernel.value)
    start, values = kernel.numpy(), []
    for sign in (1.0, -1.0):
        kernel.assign(start + sign * 1e-6 * gradient.numpy())
        values.append(float(penalty()))
    expected = float(tf.reduce_sum(tf.square(gradient)))
    assert expected > 0.0
    assert (values[0] - values[1]) / 2e-6 == pytest.approx(expected, rel=1e-4)


def test_training_logs_the_weighted_sums():
    model = AttGAN(INFO, **TINY)
    model.compile(critic_steps=1, loss_weights={"classification": 2.0})
    label = np.eye(4, dtype=np.float32)[:2]
    logs = model.train_on_batch(images(2), label, return_dict=True)
    assert logs["g_loss"] == pytest.approx(
        logs["g_adversarial"]
        + 2.0 * logs["g_classification"]
        + 100.0 * logs["g_reconstruction"],
        rel=1e-5,
    )
    assert logs["d_loss"] == pytest.approx(
        logs["d_real"]
        + logs["d_fake"]
        + 2.0 * logs["d_classification"]
        + 10.0 * logs["d_penalty"],
        rel=1e-5,
    )


def test_the_generator_learns_in_every_critic_steps_th_step():
    model = AttGAN(INFO, **TINY)
    model.compile(critic_steps=3)
    changed = []
    for _ in range(6):
        before = model.generator.get_weights()
        model.train_on_batch(images(4), np.eye(4, dtype=np.float32))
        after = model.generator.get_weights()
        changed.append(not all(map(np.array_equal, before, after)))
    assert changed == [False, False, True, False, False, True]
    assert int(model.discriminator_optimizer.iterations) == 6


# === The selective transfer unit ===


@pytest.mark.parametrize("upsampling", ["transposed", "resize"])
def test_the_unit_s_equations(upsampling):
    unit = SelectiveTransferUnit(1, upsampling)
    unit.build([(1, 2, 2, 1), (1, 1, 1, 1), (1, 1)])
    # ŝ from [state, condition]; of the transposed kernel every output pixel sees one
    # tap, the others see the middle of 3 × 3.
    double = np.zeros(unit.double.kernel.shape, "f")
    if upsampling == "transposed":
        double[..., 0, :] = [0.5, 0.25]
    else:
        double[1, 1, :, 0] = [0.5, 0.25]
    unit.double.kernel.assign(double)
    for layer, weights in (
        (unit.reset, [1.0, 2.0]),
        (unit.update, [-1.0, 0.5]),
        (unit.transfer, [0.3, 2.0]),
    ):
        kernel = np.zeros((3, 3, 2, 1), "f")
        kernel[1, 1, :, 0] = weights
        layer.kernel.assign(kernel)
    features = tf.fill((1, 2, 2, 1), 0.4)
    output, state = unit([features, pixel(2.0), tf.constant([[-1.0]])])
    doubled = 0.5 * 2.0 - 0.25
    kept = sigmoid(0.4 + 2.0 * doubled) * doubled
    z = sigmoid(-0.4 + 0.5 * doubled)
    expected = (1.0 - z) * doubled + z * math.tanh(0.3 * 0.4 + 2.0 * kept)
    np.testing.assert_allclose(output, np.full((1, 2, 2, 1), expected), rtol=1e-5)
    np.testing.assert_allclose(state, np.full((1, 2, 2, 1), kept), rtol=1e-5)


# === Own labels and the translator ===


@pytest.mark.parametrize("groups", [(), ((0, 1, 3),), ((0, 1), (2, 4))])
def test_predicted_labels_equal_binarized_probabilities(groups):
    info = DatasetInfo(
        "faces", "abcde", "binary", 16, [["abcde"[i] for i in g] for g in groups]
    )
    logits = np.random.default_rng(1).normal(0.0, 2.0, (200, 5)).astype("f")
    logits[:50] *= 20.0  # Among them are several probabilities of exactly 1.
    labels = ops.convert_to_numpy(PredictedLabels(groups)(logits))
    np.testing.assert_array_equal(
        labels, binarize(info, tf.math.sigmoid(logits).numpy())
    )


def test_of_an_exclusive_group_at_most_one_label_is_on():
    logits = np.array([[2.0, 3.0, -1.0], [-0.8, -0.7, 1.0], [-4.0, -5.0, 1.0]], "f")
    labels = ops.convert_to_numpy(PredictedLabels([[0, 1]])(logits))
    # The second image: 0.31 + 0.33 are likely together, though neither is alone.
    np.testing.assert_array_equal(labels, [[0, 1, 0], [0, 1, 1], [0, 0, 1]])


def test_the_translator_of_target_labels_is_the_generator():
    model = AttGAN(INFO, **TINY)
    assert model.translator is model.generator


def test_the_translator_subtracts_the_predicted_labels():
    model = AttGAN(INFO, **TINY, **STGAN)
    own = binarize(INFO, model.classify(images()))
    assert own.any()
    unedited = model.generator([images(), np.zeros_like(own)])
    np.testing.assert_allclose(
        model.translate(images(), own), unedited, atol=1e-6, rtol=0
    )
    # Halfway to an attribute that is off.
    target = own + 0.5 * (1.0 - own) * [0, 0, 1, 0]
    difference = (target - own).astype("f")
    edited = model.generator([images(), difference])
    np.testing.assert_allclose(
        model.translate(images(), target.astype("f")), edited, atol=1e-6, rtol=0
    )


def test_known_labels_replace_the_predicted_ones():
    model = AttGAN(INFO, **TINY, **STGAN)
    source = 1.0 - binarize(INFO, model.classify(images()))
    subject = Subject(model, "labels", None, None)
    male, young = (Target(0, {name: 1.0}) for name in ("Male", "Young"))
    translations = [
        ToTarget(model.label_space, male, given=young)(model, images())[0],
        EditSamples.translate(None, model, images(), source, source, 0),
        _to_labels(subject, source, source)(np.arange(3), images())[:, 0],
        model.translate(images(), source[0], source=source[0]),
    ]
    changes = [[0, 0, 1, 0], *([[0, 0, 0, 0]] * 3)]
    for translation, change in zip(translations, changes, strict=True):
        expected = model.generator([images(), np.float32([change] * 3)])
        np.testing.assert_allclose(translation, expected, atol=1e-6, rtol=0)
    with pytest.raises(InputError, match="With source, pass label vectors"):
        model.translate(images(), "Male", source=source)


def test_sizes_that_are_possible():
    assert AttGAN(INFO, **TINY).side_multiple == 4
    assert AttGAN(INFO, **TINY, **STGAN).side_multiple is None


def test_nothing_asked_is_nothing_changed():
    """The generator's input for its reconstruction term."""
    label = tf.constant([[1.0, 0.0, 1.0, 0.0]])
    image = tf.constant(images(1))
    for options, own in (({}, label), (STGAN, tf.zeros_like(label))):
        model = AttGAN(INFO, **TINY, **options)
        target = 1.0 - label
        fake, unedited = model._edit(image, label, target)
        expected = model.generator([image, own])
        np.testing.assert_allclose(unedited, expected, atol=1e-6, rtol=0)
        asked = target - label if options else target
        expected = model.generator([image, asked])
        np.testing.assert_allclose(fake, expected, atol=1e-6, rtol=0)


def test_in_bfloat16_only_the_generator_is_coarse():
    model = AttGAN(INFO, **TINY, **STGAN, dtype="mixed_bfloat16")
    assert model.generator.get_layer("halve_1").compute_dtype == "bfloat16"
    assert model.discriminator.get_layer("halve_1").compute_dtype == "float32"
    outputs = model.translate(images(), np.ones(4, "f"))
    assert outputs.dtype == np.float32 and np.abs(outputs).max() <= 1.0


def test_weights_are_held_and_saved_once(tmp_path):
    model = AttGAN(INFO, **TINY, **STGAN)
    networks = model.generator.weights + model.discriminator.weights
    assert len(model.weights) == len(networks) + 1  # the step
    assert [layer.name for layer in model.layers] == ["generator", "discriminator"]
    model.save_weights(tmp_path / "model.weights.h5")
    saved = []
    with h5py.File(tmp_path / "model.weights.h5") as file:
        file.visititems(lambda _, item: saved.append(isinstance(item, h5py.Dataset)))
    assert sum(saved) == len(model.weights)


# === Errors ===


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"condition": "both"}, "condition must be target or difference"),
        ({"upsampling": "cubic"}, "upsampling must be transposed or resize"),
        ({"shortcut_layers": 2}, "from 0 to num_layers - 1. Received: shortcut"),
        ({"shortcut_layers": 0, **STGAN}, "shortcut_layers must be from 1"),
        ({"num_layers": 4}, "multiples of 16, at least 32. Received: 16 x 16"),
        ({"discriminator_layers": 4}, "4 layers for images of 16 x 16"),
    ],
)
def test_arguments_that_do_not_fit(options, message):
    with pytest.raises(InputError, match=message):
        AttGAN(INFO, **{**TINY, **options})


def test_data_that_does_not_fit():
    one_hot = DatasetInfo("moods", ("happy", "sad"), "one_hot", 16)
    with pytest.raises(InputError, match="'moods', which has one-hot labels"):
        AttGAN(one_hot, **TINY)
    with pytest.raises(InputError, match="one data set. Received: faces, moods"):
        AttGAN([INFO, one_hot], **TINY)
    window = {"low": [0], "high": [1], "invalid": "0"}
    gaps = DatasetInfo("scans", ("ill",), "binary", 16, intensity=window)
    with pytest.raises(InputError, match="pixels without data. Received: 'scans'"):
        AttGAN(gaps, **TINY)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"critic_steps": 0}, "critic_steps must be a whole number, at least 1"),
        ({"lr_decay": "cosine"}, "lr_decay must be linear or none"),
        ({"beta_1": 1.0}, "beta_1 must be a number"),
        ({"loss_weights": {"cycle": 1.0}}, "loss_weights takes"),
    ],
)
def test_compile_arguments_that_do_not_fit(options, message):
    with pytest.raises(InputError, match=message):
        AttGAN(INFO, **TINY).compile(**options)


def test_images_of_other_sizes():
    label = np.ones(4, "f")
    model = AttGAN(INFO, **TINY)
    assert model.translate(np.zeros((1, 24, 32, 3), "f"), label).shape[1:3] == (24, 32)
    with pytest.raises(InputError, match="multiples of 4 pixels. Received: 18 x 32"):
        model.translate(np.zeros((1, 18, 32, 3), "f"), label)
    model = AttGAN(INFO, **TINY, **STGAN)
    with pytest.raises(InputError, match="images of 16 x 16 pixels. Received: 24 x 32"):
        model.translate(np.zeros((1, 24, 32, 3), "f"), label)
