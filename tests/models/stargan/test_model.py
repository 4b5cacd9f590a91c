"""StarGAN v1 as a Keras model: what trains what, what is kept, and its use."""

import collections
import math
from dataclasses import replace

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.labels import LabelSpace
from stargan_tf.data.sampling import training_batches
from stargan_tf.data.source import LabeledImages
from stargan_tf.data.turns import take_turns
from stargan_tf.errors import InputError
from stargan_tf.models.base import value_and_slope
from stargan_tf.models.stargan import STARGAN
from stargan_tf.models.stargan.model import StarGAN, asked_labels
from stargan_tf.models.stargan.objective import (
    critic_table,
    critic_terms,
    generator_table,
    generator_terms,
)
from stargan_tf.optimizers import TorchAdam
from tests.models.conftest import HAIR, MOOD, tiny


def weights(network):
    return [np.array(variable) for variable in network.weights]


def changed(before, network):
    return any(
        (old != new).any() for old, new in zip(before, weights(network), strict=True)
    )


def repeat(batch, steps):
    return tf.data.Dataset.from_tensors(batch).repeat(steps)


def fit(model, batch, steps, **kwargs):
    return model.fit(repeat(batch, steps), verbose=0, shuffle=False, **kwargs)


def test_generator_moves_only_at_every_critic_steps_round(batch):
    model = tiny()
    model.compile(critic_steps=3)
    for step in range(1, 7):
        critic, generator = weights(model.discriminator), weights(model.generator)
        fit(model, batch, 1)
        assert changed(critic, model.discriminator)
        assert changed(generator, model.generator) == (step % 3 == 0), step
    assert int(model.step) == 6
    assert int(model.generator_optimizer.iterations) == 2


def test_averages_follow_the_generator_and_translate(batch):
    model = tiny(ema_decay=0.9)
    model.compile(critic_steps=2)
    before = weights(model.generator_ema)
    fit(model, batch, 1)  # The discriminator's turn alone.
    assert not changed(before, model.generator_ema)
    fit(model, batch, 1)
    decay = 1 / 11  # The averages start short.
    for old, new, mean in zip(
        before, weights(model.generator), weights(model.generator_ema), strict=True
    ):
        expected = decay * old + (1 - decay) * new
        np.testing.assert_allclose(mean, expected, atol=1e-6)
    image, label = batch
    fit(model, batch, 20)
    expected = np.asarray(model.generator_ema([image, label]))
    assert np.abs(expected - np.asarray(model.generator([image, label]))).max() > 1e-4
    for output in (
        model.translate(image, label),
        model.predict([image, label], verbose=0),
        model([image, label]),
    ):
        np.testing.assert_allclose(output, expected, atol=1e-5)


def test_the_averages_are_saved(batch, tmp_path):
    model = tiny(ema_decay=0.9)
    model.compile(critic_steps=1)
    fit(model, batch, 3)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.translate(*batch), model.translate(*batch))
    fit(again, batch, 1)
    assert changed(weights(model.generator_ema), again.generator_ema)


GROUPED = DatasetInfo(
    "grouped", ("Black", "Blond", "Male"), "binary", 16, (("Black", "Blond"),)
)


def test_asked_labels_change_one_thing_or_nothing():
    space = LabelSpace(GROUPED)
    label = np.array([[1.0, 0.0, 1.0]] * 4, "f")
    drawn = np.array([0.1, 0.3, 0.6, 0.9], "f")  # Black, Blond, Male, nothing
    expected = [[1, 0, 1], [0, 1, 1], [1, 0, 0], [1, 0, 1]]
    np.testing.assert_array_equal(asked_labels(label, drawn, space), expected)


def test_asked_labels_of_joint_training_stay_in_their_data_set():
    space = LabelSpace([GROUPED, MOOD])
    label = np.array([[1, 0, 1, 0, 0, 1, 0], [0, 0, 0, 1, 0, 0, 1]], "f")
    drawn = np.array([0.6, 0.6], "f")  # Male of the first, sad of the second
    expected = [[1, 0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 1, 0, 1]]
    np.testing.assert_array_equal(asked_labels(label, drawn, space), expected)


@pytest.mark.parametrize("datasets", [HAIR, [HAIR, MOOD]], ids=["one", "joint"])
def test_all_additions_train_together_and_are_saved(datasets, batch, tmp_path):
    model = tiny(
        datasets,
        output="sparse_additive",
        conditioning="blocks",
        upsampling="resize",
        skips=True,
        separate_classifier=True,
        ema_decay=0.9,
    )
    model.compile(
        adversarial="non_saturating",
        targets="asked",
        augment=True,
        noise=True,
        label_smoothing=0.2,
        pretraining_steps=1,
        critic_steps=1,
        learning_rate=1e-3,
        beta_1=0.0,
        loss_weights={
            "classification": 0.0,
            "reconstruction": 0.0,
            "change": 50.0,
            "unchanged": 50.0,
            "r1": 1.0,
        },
    )
    if len(model.label_space.datasets) > 1:
        batch = joint_batch(model, batch, 1)
    logs = fit(model, batch, 3).history
    terms = {"adversarial", "change", "unchanged"}
    assert {name for name in logs if name.startswith("g_")} == {
        f"g_{name}" for name in ("loss", *terms)
    }
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.get_compile_config() == model.get_compile_config()
    np.testing.assert_array_equal(again(batch), model(batch))


def test_a_weight_on_change_keeps_images_as_they_are(batch):
    image, label = batch
    change = {}
    for weight in (0.0, 50.0):
        keras.utils.set_random_seed(0)
        model = tiny(output="additive")
        weights = {"reconstruction": 0.0, "change": weight}
        model.compile(critic_steps=1, learning_rate=1e-3, loss_weights=weights)
        fit(model, batch, 40)
        change[weight] = np.abs(model.translate(image, label[::-1]) - image).mean()
    assert change[50.0] < 0.3 * change[0.0]


@pytest.mark.parametrize("critic_steps", [1, 2])
def test_the_classifier_may_learn_first(critic_steps, batch):
    model = tiny(ema_decay=0.9)
    model.compile(critic_steps=critic_steps, pretraining_steps=2)
    networks = (model.generator, model.generator_ema)
    before = [weights(network) for network in networks]
    patches = model.discriminator.get_layer("patches")
    critic = weights(model.discriminator), weights(patches)
    logs = fit(model, batch, 2).history
    assert not any(map(changed, before, networks))
    assert changed(critic[0], model.discriminator)
    assert not changed(critic[1], patches)
    assert logs["d_loss"] == logs["d_classification"] and logs["g_loss"] == [0.0]
    fit(model, batch, critic_steps)
    assert all(map(changed, before, networks)) and changed(critic[1], patches)


def test_a_separate_classifier_stays_as_it_learned_first(batch):
    model = tiny(separate_classifier=True)
    model.compile(critic_steps=1, pretraining_steps=2, beta_1=0.5)
    classifier = model.discriminator.classifier_variables
    before = [variable.numpy() for variable in classifier]
    critic = weights(model.discriminator.get_layer("halve_1"))
    fit(model, batch, 2)
    learned = [variable.numpy() for variable in classifier]
    assert not changed(critic, model.discriminator.get_layer("halve_1"))
    assert all(np.abs(a - b).max() > 0 for a, b in zip(before, learned, strict=True))
    fit(model, batch, 2)
    assert changed(critic, model.discriminator.get_layer("halve_1"))
    for variable, value in zip(classifier, learned, strict=True):
        np.testing.assert_array_equal(variable, value)
    assert model.test_on_batch(*batch, return_dict=True)["d_classification"] > 0


@pytest.mark.parametrize("adversarial", ["wgan_gp", "non_saturating"])
def test_training_in_float64(batch, adversarial):
    model = tiny(dtype="float64", ema_decay=0.9)
    others = {"noise": True, "augment": True, "targets": "asked"}
    model.compile(critic_steps=1, adversarial=adversarial, **others)
    before = weights(model.generator_ema)
    fit(model, batch, 1)
    assert changed(before, model.generator_ema)


def test_without_pretraining_a_separate_classifier_learns_along(batch):
    model = tiny(separate_classifier=True)
    model.compile(critic_steps=1)
    classes = model.discriminator.get_layer("classes")
    before = weights(classes)
    fit(model, batch, 1)
    assert changed(before, classes)


def test_images_that_should_not_change_are_no_generated_ones(batch, monkeypatch):
    model = tiny()
    model.compile(critic_steps=1, targets="asked")
    label = tf.constant(batch[1])
    seen = model._changed(label, tf.concat([1 - label[:1], label[1:]], 0))
    assert seen.numpy().tolist() == [True] + [False] * (len(batch[1]) - 1)
    model.compile(critic_steps=1)
    assert model._changed(label, label) is None


@pytest.mark.parametrize("option", ["augment", "noise"])
def test_augmentation_is_for_training_alone(batch, option):
    """It changes what is learned, and not how a model is evaluated."""
    learned, logs = [], []
    start = tiny().get_weights()
    for is_on in (False, True):
        model = tiny()
        model.set_weights(start)
        model.compile(critic_steps=1, **{option: is_on})
        logs.append(model.evaluate(repeat(batch, 1), verbose=0, return_dict=True))
        fit(model, batch, 1)
        learned.append(model)
    assert logs[0] == pytest.approx(logs[1], rel=1e-6)
    for network in ("generator", "discriminator"):
        plain, augmented = (weights(getattr(model, network)) for model in learned)
        assert any(
            np.abs(a - b).max() > 1e-5 for a, b in zip(plain, augmented, strict=True)
        )


def test_the_earlier_name_of_blend():
    assert tiny(attention=True).get_config()["output"] == "blend"
    with pytest.raises(InputError, match="deprecated and means output='blend'"):
        tiny(attention=True, output="additive")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"adversarial": "hinge"}, "adversarial must be wgan_gp or non_saturating. R"),
        ({"lr_decay": "cosine"}, "lr_decay must be paper or official or none"),
        ({"beta_1": 1.0}, "beta_1 must be a number, at least 0.0 and at most 0.9999"),
        ({"critic_steps": 0}, "critic_steps must be a whole number, at least 1"),
        ({"critic_steps": 5.0}, "critic_steps must be a whole number"),
        ({"critic_steps": None}, "critic_steps must be a whole number"),
        ({"augment": "false"}, "augment must be true or false"),
        ({"learning_rate": "1e-4"}, "learning_rate must be a number"),
        (
            {"loss_weights": {"r2": 1.0}},
            "loss_weights takes .* Received: r2",
        ),
        ({"loss_weights": {"r1": -1.0}}, "r1 must be a number, at least 0"),
    ],
)
def test_unfit_arguments_of_compile(options, text):
    with pytest.raises(InputError, match=text):
        tiny().compile(**options)


@pytest.mark.parametrize("name", ["base_filters", "num_residual_blocks"])
def test_unfit_sizes_of_networks(name):
    with pytest.raises(InputError, match=f"{name} must be a whole number, at least"):
        StarGAN(HAIR, **{name: -1})


def joint_batch(model, batch, source):
    """A batch of the data set HAIR (0) or MOOD (1), in the joint label's columns."""
    image, hair = batch
    own = hair if source == 0 else np.eye(2, dtype=np.float32)[[0, 1, 1, 0]]
    return image, model.label_space.embed(own, source)


def test_a_round_of_joint_training_is_one_batch_of_each_data_set(batch):
    model = tiny([HAIR, MOOD])
    model.compile(critic_steps=2)
    turns = []
    for step in range(8):
        generator = weights(model.generator)
        fit(model, joint_batch(model, batch, step % 2), 1)
        turns.append(changed(generator, model.generator))
    assert turns == [False, False, True, True] * 2


PAIRS = [(a, b) for a in range(1, 10) for b in range(1, 10) if math.gcd(a, b) == 1]
TRIPLES = [(1, 1, 1), (3, 1, 1), (1, 1, 3), (9, 1, 5), (2, 3, 4), (8, 9, 7)]


@pytest.mark.parametrize("critic_steps", [1, 2, 5])
@pytest.mark.parametrize("choices", [PAIRS, TRIPLES], ids=["pairs", "triples"])
def test_the_generator_learns_from_each_data_set_in_its_share(choices, critic_steps):
    count = len(choices[0])
    model = tiny([replace(HAIR, name=f"set {i}") for i in range(count)])
    model.compile(critic_steps=critic_steps)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32)])
    def generator_updates(sources):
        updates = tf.zeros([count], tf.int64)
        for source in sources:
            mask = tf.one_hot(source, count)
            turn = model._is_generators_turn(mask)
            updates += tf.cast(mask, tf.int64) * tf.cast(turn, tf.int64)
        return updates

    for shares in choices:
        turns = take_turns(shares)
        assert turns.shares == shares
        model.batches_seen.assign([0] * count)
        updates = generator_updates(turns.sources * critic_steps)
        assert tuple(updates.numpy()) == shares


class CountUpdates(keras.callbacks.Callback):
    """Generator updates and batches, by the order of the data sets."""

    def __init__(self, sources):
        super().__init__()
        self.sources = sources
        self.batches, self.updates = collections.Counter(), collections.Counter()

    def on_train_batch_end(self, batch, logs=None):
        source = self.sources[batch % len(self.sources)]
        before = sum(self.updates.values())
        self.batches[source] += 1
        self.updates[source] += int(self.model.generator_optimizer.iterations) - before


def labelled(info):
    labels = np.eye(len(info.domains), dtype=np.float32)
    return LabeledImages(
        info, labels, info.domains, lambda i: np.full((16, 16, 3), 80 * i, np.uint8), ""
    )


def test_weighted_joint_training_from_batches_to_updates():
    weights = (4, 1)
    model = tiny([HAIR, MOOD])
    model.compile(critic_steps=5)
    batches = training_batches(
        [labelled(HAIR), labelled(MOOD)], 2, cache="never", dataset_weights=weights
    )
    count = CountUpdates(take_turns(weights).sources)
    model.fit(batches, steps_per_epoch=50, verbose=0, shuffle=False, callbacks=[count])
    assert count.batches == {0: 40, 1: 10}
    assert count.updates == {0: 8, 1: 2}
    assert model.batches_seen.numpy().tolist() == [40, 10]


def test_joint_models_saved_without_the_count_take_it_from_the_step(tmp_path, batch):
    model = tiny([HAIR, MOOD])
    model.step.assign(7)
    file = tmp_path / "model.weights.h5"
    model.save_weights(file)
    with h5py.File(file, "a") as stored:
        del stored["vars/1"]
    again = tiny([HAIR, MOOD])
    again.load_weights(file)
    assert again.batches_seen.numpy().tolist() == [4, 3] and int(again.step) == 7
    for one, other in zip(
        model.generator.weights, again.generator.weights, strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_one_critic_update_leaves_the_generator_alone(batch):
    model = tiny()
    model.compile()
    image, label = map(tf.constant, batch)
    generator = weights(model.generator)
    model._update_critic(image, label, label, image, tf.ones((4, 1, 1, 1)))
    assert not changed(generator, model.generator)


@pytest.mark.parametrize(
    "how",
    [
        {"run_eagerly": True},
        {"jit_compile": True},
        {"steps_per_execution": 2},
        {"rectified": True},
    ],
)
def test_it_trains_alike_however_it_is_compiled(batch, how):
    results = []
    for arguments in ({"rectified": how.get("rectified", False)}, how):
        keras.utils.set_random_seed(1)
        model = tiny()
        # XLA draws other random numbers from the same seed.
        alpha = tf.fill((4, 1, 1, 1), 0.3)
        model._draw = lambda label, alpha=alpha: (tf.reverse(label, (0,)), alpha)
        # Plain gradient descent: Adam would turn rounding into whole steps.
        optimizers = {
            f"{network}_optimizer": keras.optimizers.SGD(1e-3)
            for network in ("generator", "discriminator")
        }
        model.compile(critic_steps=2, **optimizers, **arguments)
        results.append((fit(model, batch, 4).history, weights(model)))
    (logs, ours), (other_logs, others) = results
    for name, value in logs.items():
        assert other_logs[name] == pytest.approx(value, rel=1e-3, abs=1e-4), name
    for one, other in zip(ours, others, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_reduced_precision_trains_and_penalises_in_float32(batch):
    model = tiny(dtype="mixed_bfloat16")
    model.compile(critic_steps=1)
    logs = fit(model, batch, 3).history
    assert all(np.isfinite(value).all() for value in logs.values())
    assert model.generator.get_layer("stem").compute_dtype == "bfloat16"
    exact = tiny()
    exact.discriminator.set_weights(model.discriminator.get_weights())
    image, label = map(tf.constant, batch)
    alpha = tf.fill((4, 1, 1, 1), 0.5)
    ours, truth = (
        critic_terms(
            one.discriminator,
            value_and_slope,
            image,
            label,
            -image,
            alpha,
            model._label_slices,
            model._critic_table,
        )
        for one in (model, exact)
    )
    for name, value in truth.items():
        assert float(ours[name]) == pytest.approx(float(value), rel=1e-4), name


def test_rectified_objective_sums_target_and_own_label(batch):
    """With the target equal to the own label every summed term is twice the plain."""
    model = tiny()
    image, label = map(tf.constant, batch)
    fake = model.generator([image, label])
    terms = {}
    for rectified in (False, True):
        terms[rectified] = generator_terms(
            model.generator,
            model.discriminator,
            image,
            label,
            label,
            fake,
            model._label_slices,
            generator_table(STARGAN.weights(), rectified),
        )
    for name, plain in terms[False].items():
        assert float(terms[True][name]) == pytest.approx(2 * float(plain), rel=1e-5)
    assert float(terms[True]["identity"]) == pytest.approx(
        float(tf.reduce_mean(tf.abs(fake - image))), rel=1e-5
    )


def test_a_weight_of_zero_takes_a_term_out_of_the_loss(batch):
    model = tiny()
    model.compile(loss_weights={"classification": 0, "reconstruction": 0})
    logs = model.evaluate(repeat(batch, 1), verbose=0, return_dict=True)
    assert logs["g_loss"] == pytest.approx(logs["g_adversarial"], rel=1e-6)


def test_evaluate_changes_nothing(batch):
    model = tiny()
    model.compile()
    before = weights(model)
    model.evaluate(repeat(batch, 2), verbose=0)
    assert not changed(before, model)


def test_batches_of_an_evaluation_differ_in_noise_and_evaluations_do_not(batch):
    model = tiny()
    model.compile()

    def losses(batches):
        data = repeat(batch, batches)
        return model.evaluate(data, verbose=0, return_dict=True)

    one, two = losses(1), losses(2)
    # α of the gradient penalty and the targets' order differ between two batches.
    assert one["d_penalty"] != two["d_penalty"] and one["d_real"] == two["d_real"]
    model.step.assign(7)
    assert losses(1) == one and losses(2) == two


def test_fit_takes_arrays(batch):
    model = tiny()
    model.compile(critic_steps=1)
    image, label = batch
    history = model.fit(image, label, batch_size=2, epochs=2, verbose=0)
    assert len(history.history["d_loss"]) == 2 and int(model.step) == 4


def test_predict_takes_arrays_and_batches(batch):
    model = tiny()
    image, label = batch
    direct = model.predict([image, label], verbose=0)
    np.testing.assert_allclose(direct, model.translate(image, label), atol=1e-6)
    batched = model.predict(repeat(batch, 1), verbose=0)
    np.testing.assert_allclose(direct, batched, atol=1e-6)


def test_own_optimizers_are_used_and_kept(batch, tmp_path):
    model = tiny()
    model.compile(
        generator_optimizer=keras.optimizers.SGD(0.5),
        discriminator_optimizer=TorchAdam(1e-3),
        critic_steps=1,
    )
    fit(model, batch, 1)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert isinstance(again.generator_optimizer, keras.optimizers.SGD)
    assert float(again.generator_optimizer.learning_rate) == 0.5


@pytest.mark.usefixtures("deterministic")
@pytest.mark.parametrize("datasets", [HAIR, [HAIR, MOOD]])
def test_saved_and_loaded_it_goes_on_exactly(batch, tmp_path, datasets):
    image, label = batch
    model = tiny(datasets)
    model.compile(critic_steps=2, total_steps=10, rectified=True, seed=5)
    batch = image, model.label_space.embed(label, 0)
    fit(model, batch, 3)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.get_config() == model.get_config()
    assert again.get_compile_config() == model.get_compile_config()
    for one in (model, again):
        fit(one, batch, 3)
    for one, other in zip(model.variables, again.variables, strict=True):
        np.testing.assert_array_equal(one, other)


def test_loaded_without_training_state_it_translates(batch, tmp_path):
    model = tiny()
    model.compile()
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras", compile=False)
    np.testing.assert_array_equal(model.translate(*batch), again.translate(*batch))
    again.save(tmp_path / "again.keras")
    assert not keras.models.load_model(tmp_path / "again.keras").compiled


def test_random_numbers_follow_from_seed_and_step(batch):
    model = tiny()
    model.compile(seed=1)
    label = tf.constant(np.eye(3, dtype=np.float32))

    def draw(seed, step):
        model.seed = seed
        model.step.assign(step)
        target, alpha = model._draw(label)
        return np.concatenate([np.ravel(target), np.ravel(alpha)])

    np.testing.assert_array_equal(draw(1, 7), draw(1, 7))
    assert (draw(1, 7) != draw(1, 8)).any() and (draw(1, 7) != draw(2, 7)).any()
    target = draw(3, 3)[:9].reshape(3, 3)
    assert sorted(map(tuple, target)) == sorted(map(tuple, np.eye(3)))  # a shuffle


def test_summary_names_both_networks(capsys):
    tiny().summary()
    printed = capsys.readouterr().out
    assert "generator" in printed and "discriminator" in printed


def test_wrong_arguments_say_what_is_expected(batch):
    model = tiny()
    model.compile()
    image, label = batch
    with pytest.raises(ValueError, match="3 columns.*Black.*Received.*2"):
        fit(model, (image, label[:, :2]), 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"loss": "mse"}, "Received: loss='mse'"),
        ({"metrics": ["accuracy"]}, "Received: metrics="),
        (
            {"generator_optimizer": keras.optimizers.Adam(loss_scale_factor=8.0)},
            "generator_optimizer must not scale the loss",
        ),
        (
            {
                "discriminator_optimizer": keras.optimizers.LossScaleOptimizer(
                    keras.optimizers.Adam()
                )
            },
            "discriminator_optimizer must not scale the loss",
        ),
        (
            {"generator_optimizer": keras.optimizers.Adam(use_ema=True)},
            "ema_overwrite_frequency",
        ),
    ],
)
def test_arguments_that_would_be_ignored_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        tiny().compile(**arguments)


def test_get_config_rebuilds_the_model():
    model = tiny([HAIR, MOOD], name="both")
    again = StarGAN.from_config(model.get_config())
    assert again.label_space.to_list() == model.label_space.to_list()
    assert [w.shape for w in again.weights] == [w.shape for w in model.weights]


def test_uint8_in_uint8_out(batch):
    model = tiny()
    image, label = batch
    pixels = np.rint((image + 1) * 127.5).astype(np.uint8)
    output = model.translate(pixels, label)
    assert output.dtype == np.uint8
    exact = model.translate(pixels.astype(np.float32) / 127.5 - 1, label)
    assert np.abs(output / 127.5 - 1 - exact).max() <= 0.5 / 127.5 + 1e-6


def test_batches_and_one_label_for_all(batch):
    model = tiny()
    image, label = batch
    whole = model.translate(image, label[0])
    np.testing.assert_allclose(
        whole,
        model.translate(image, np.tile(label[:1], (4, 1)), batch_size=3),
        atol=1e-6,
    )


def test_targets_in_words(batch):
    model = tiny([HAIR, MOOD])
    image, _ = batch
    seen = (model.classify(image) >= 0.5).astype(np.float32)
    seen[:, 2] = 1.0
    label = model.label_space.embed(seen, 0)
    label[1] = model.label_space.embed(np.float32([0, 1]), 1)
    texts = ["+Male", MOOD.domains[1], "hair.Male=1", "Male:1"]
    output = model.translate(image, texts)
    np.testing.assert_allclose(output, model.generator([image, label]), atol=1e-6)
    pixels = np.rint((image + 1) * 127.5).astype(np.uint8)
    assert model.translate(pixels, "Male:0.5").dtype == np.uint8
    with pytest.raises(InputError, match="Remove dataset"):
        model.translate(image, "Male", dataset=0)
    with pytest.raises(InputError, match="4 images, 3 targets"):
        model.translate(image, texts[:3])


def test_wrong_mask_changes_the_picture(batch):
    model = tiny([HAIR, MOOD])
    image, _ = batch
    label = np.array([1.0, 0.0], "f")
    right = model.translate(image, label, dataset=1)
    wrong = model.translate(image, label, dataset=1, mask=0)
    direct = model.generator(
        [image, np.tile(np.array([[0, 0, 0, 1, 0, 1, 0]], "f"), (4, 1))]
    )
    assert np.abs(right - wrong).max() > 1e-4
    np.testing.assert_allclose(wrong, direct, atol=1e-6)


def test_classify_gives_each_data_set_its_probabilities(batch):
    model = tiny([HAIR, MOOD])
    image, _ = batch
    logits = np.asarray(model.discriminator(image)[1])
    binary, mood = model.classify(image, 0), model.classify(image, 1)
    np.testing.assert_allclose(binary, 1 / (1 + np.exp(-logits[:, :3])), atol=1e-6)
    np.testing.assert_allclose(mood.sum(-1), 1.0, atol=1e-6)


def test_no_image_gives_no_image():
    empty = np.zeros((0, 16, 16, 3), np.uint8)
    assert tiny().translate(empty, np.zeros(3)).shape == (0, 16, 16, 3)


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        ((4, 18, 16, 3), (4, 3), "multiples of 4"),
        ((16, 16, 3), (3,), r"\(n, height, width, 3\)"),
        ((4, 16, 16, 3), (2, 3), "one label vector per image.*4 images and 2 labels"),
        ((4, 16, 16, 3), (4, 2), "3 columns.*Male"),
    ],
)
def test_shapes_that_do_not_fit(images, labels, message):
    with pytest.raises(ValueError, match=message):
        tiny().translate(np.zeros(images, np.float32), np.zeros(labels))


def test_data_sets_and_shapes_that_are_not_the_models():
    model, images = tiny([HAIR, MOOD]), np.zeros((2, 16, 16, 3), np.float32)
    for index in ({"dataset": -1}, {"dataset": 2}, {"dataset": 0, "mask": 2}):
        with pytest.raises(InputError, match="must be the index of a data set"):
            model.translate(images, np.zeros((2, 3)), **index)
    with pytest.raises(InputError, match="must be the index of a data set"):
        model.classify(images, dataset=2)
    with pytest.raises(InputError, match="must have 7 values"):
        model.draw(images, np.zeros((2, 1)))
    with pytest.raises(InputError, match=r"must be \(n, 16, 16, 3\)"):
        model.classify(images[:, :12])


def test_configurations_of_version_0_1_0():
    model = tiny()
    again = StarGAN.from_config({**model.get_config(), "separable": False})
    assert again.get_config() == model.get_config()
    with pytest.raises(InputError, match="separable=True.*base_filters"):
        StarGAN.from_config({**model.get_config(), "separable": True})


# --- a multi-task discriminator -----------------------------------------------------


def test_a_multi_task_discriminator_has_no_classifier(batch):
    model = tiny(MOOD, multi_task=True, conditioning="adain")
    model.compile(critic_steps=1)
    image, label = batch[0], np.eye(2, dtype=np.float32)[[0, 1, 0, 1]]
    before = weights(model.discriminator)
    logs = fit(model, (image, label), 2).history
    after = model.discriminator.get_weights()
    assert all((a != b).any() for a, b in zip(before, after, strict=True))
    assert {"d_real", "d_fake", "d_penalty", "g_reconstruction"} < set(logs)
    assert not {"d_classification", "g_classification"} & set(logs)
    patches, classes = model.discriminator(image)
    assert patches.shape == (4, 4, 4, 2)
    means = np.asarray(patches).mean(axis=(1, 2))
    np.testing.assert_allclose(classes, means, atol=1e-5)
    # Nothing of the label enters but by the residual blocks.
    assert model.generator.get_layer("stem").kernel.shape[2] == 3


@pytest.mark.parametrize("adversarial", ["wgan_gp", "non_saturating"])
def test_each_image_meets_the_logits_of_its_domain(adversarial):
    """D_y(x) = y + 1: real images of domain 0 give 1, fakes of domain 1 give 2."""

    def discriminator(image):
        logits = tf.constant([1.0, 2.0]) + 0.0 * image[:, :1, :1, :1]
        return logits, logits[:, 0, 0]

    image, zero, one = tf.zeros((1, 4, 4, 3)), *np.eye(2, dtype=np.float32)[:, None]
    table = critic_table(STARGAN.weights(), adversarial, classification=False)
    terms = critic_terms(
        discriminator,
        value_and_slope,
        image,
        zero,
        image,
        tf.zeros((1, 1, 1, 1)),
        ((slice(0, 2), "one_hot"),),
        table,
        adversarial,
        target=one,
    )
    expected = {"wgan_gp": (-1.0, 2.0), "non_saturating": np.log1p(np.exp([-1.0, 2.0]))}
    real, fake = expected[adversarial]
    assert float(terms["real"]) == pytest.approx(real, rel=1e-6)
    assert float(terms["fake"]) == pytest.approx(fake, rel=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"datasets": HAIR, "multi_task": True}, "one-hot labels. Received: .*hair"),
        ({"datasets": (HAIR, MOOD), "multi_task": True}, "single data set"),
        (
            {"datasets": MOOD, "multi_task": True, "separate_classifier": True},
            "and separate_classifier=True. Remove one of them",
        ),
        (
            {"datasets": MOOD, "multi_task": True, "projection": True},
            "and projection=True. Remove one of them",
        ),
    ],
)
def test_multi_task_does_not_fit_everything(arguments, message):
    with pytest.raises(InputError, match=message):
        tiny(**arguments)


def test_no_classifier_no_pretraining():
    with pytest.raises(InputError, match="pretraining_steps train a classifier"):
        tiny(MOOD, multi_task=True).compile(pretraining_steps=5)


# --- a projection discriminator -----------------------------------------------------


def test_a_projection_discriminator_knows_the_label(batch):
    """It trains with a classifier, of its own or not, and in joint training."""
    for datasets, separate in ((HAIR, True), ((HAIR, MOOD), False)):
        model = tiny(datasets, projection=True, separate_classifier=separate)
        model.compile(critic_steps=1)
        image, space = batch[0], model.label_space
        hair = np.float32([[1, 0, 1], [0, 1, 0], [1, 0, 0], [0, 1, 1]])
        label = space.embed(hair, 0)
        kernel = model.discriminator.get_layer("label_patches").kernel
        before = kernel.numpy()
        logs = fit(model, (image, label), 2).history
        assert {"d_classification", "g_classification", "d_penalty"} < set(logs)
        changed = np.ptp(kernel.numpy() - before, axis=(0, 1, 2)) > 0
        known = np.arange(space.num_domains) < 3  # The other data set has no images.
        np.testing.assert_array_equal(changed, known)
        patches, classes = model.discriminator(image)
        assert patches.shape[-1] == 1 + classes.shape[-1] == 1 + space.num_domains
