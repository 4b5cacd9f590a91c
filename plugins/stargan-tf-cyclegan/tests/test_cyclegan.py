"""The family keeps the contract; losses, pool and networks, worked out by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from stargan_tf_cyclegan import CYCLEGAN, networks, objective
from stargan_tf_cyclegan.batches import unpaired_batches
from stargan_tf_cyclegan.model import CycleGAN
from stargan_tf_cyclegan.pool import exchange

from stargan_tf.plugin import DatasetInfo, InputError, LabeledImages
from stargan_tf.testing import check_model
from stargan_tf.training.warm_start import warm_start

TINY = {
    "base_filters": 2,
    "num_residual_blocks": 1,
    "discriminator_filters": 2,
    "discriminator_layers": 1,
}
PAIR = DatasetInfo("pair", ("horse", "zebra"), "one_hot", 16)


def noise(*shape):
    random = np.random.default_rng(sum(shape))
    return random.uniform(-1, 1, shape).astype(np.float32)


def test_it_keeps_the_contract():
    # The pool is full after the first step, so the second exchanges images.
    check_model(
        "cyclegan",
        attributes="Black_Hair,Blond_Hair",
        image_size=32,
        pool_size=2,
        **TINY,
    )


# === Loss terms ===


def test_cyclegan_terms():
    # Generators and discriminators of one weight: x → 2x, x → 3x, D(x) = x, D(x) = 2x.
    to_first, to_second = lambda x: 2.0 * x, lambda x: 3.0 * x
    of_first, of_second = lambda x: [x], lambda x: [2.0 * x]
    first, second = np.full((1, 2, 2, 1), 0.1), np.full((1, 2, 2, 1), 0.2)
    terms = objective.generator_terms(
        (to_first, to_second),
        (of_first, of_second),
        (first, second),
        (to_first(second), to_second(first)),  # 0.4 and 0.3
        objective.generator_table("cyclegan", CYCLEGAN.weights()),
    )
    assert {name: float(value) for name, value in terms.items()} == pytest.approx(
        {
            "adversarial": (0.4 - 1) ** 2 + (0.6 - 1) ** 2,
            "cycle": (0.6 - 0.1) + (1.2 - 0.2),  # back: 2·0.3 and 3·0.4
            "identity": (0.2 - 0.1) + (0.6 - 0.2),
        }
    )


def test_a_weight_of_zero_leaves_a_term_out():
    weights = CYCLEGAN.weights() | {"identity": 0.0}
    table = objective.generator_table("cyclegan", weights)
    assert list(table) == ["adversarial", "cycle"]


def test_discogan_terms():
    to_first, to_second = lambda x: 2.0 * x, lambda x: 3.0 * x

    def discriminator(x):
        return [x, x, 10.0 * x]

    first = np.array([0.0, 0.2]).reshape(2, 1, 1, 1)  # of mean 0.1
    second = np.array([0.2, 0.2]).reshape(2, 1, 1, 1)
    fake = to_first(second), to_second(first)  # 0.4, 0.4 and 0.0, 0.6
    terms = objective.generator_terms(
        (to_first, to_second),
        (discriminator, discriminator),
        (first, second),
        fake,
        objective.generator_table("discogan", CYCLEGAN.weights()),
    )
    scores = np.array([[0.4, 0.4], [0.0, 0.6]])
    assert {name: float(value) for name, value in terms.items()} == pytest.approx(
        {
            "adversarial": np.log1p(np.exp(-scores)).mean(axis=1).sum(),
            # Means of fakes and of real images: 0.4 and 0.1; 0.3 and 0.2.
            "features": (0.3**2 + 0.1**2) + (3.0**2 + 1.0**2),
            # Back: 0.0, 1.2 for 0.0, 0.2; and 1.2, 1.2 for 0.2, 0.2.
            "cycle": 1.0**2 / 2 + 1.0**2,
        }
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cyclegan", 0.5 * ((0.5**2 + 1.0**2) / 2 + 2.0**2)),
        ("discogan", np.log1p(np.exp([-0.5, -2.0])).mean() + np.log1p(np.exp(2.0))),
    ],
)
def test_discriminator_loss(name, expected):
    real, fake = np.array([0.5, 2.0]), np.array([2.0, 2.0])
    loss = objective.discriminator_loss(name, real, fake)
    assert float(loss) == pytest.approx(expected)


@pytest.mark.parametrize(("step", "rate"), [(0, 0.01), (9, 0.01), (10, 0.5)])
def test_discogan_weights(step, rate):
    weights = objective.discogan_weights(tf.constant(step, tf.int64), delay=10)
    expected = {
        "adversarial": 0.1 * (1 - rate),
        "features": 0.9 * (1 - rate),
        "cycle": rate,
    }
    assert {k: float(v) for k, v in weights.items()} == pytest.approx(expected)


def test_discogan_trains_with_the_rate_of_its_step():
    model = CycleGAN(PAIR, **TINY, pool_size=0)
    model.compile(
        objective="discogan",
        learning_rate=0.0,
        lr_decay="none",
        reconstruction_delay=1,
        run_eagerly=True,
    )
    batch = (noise(2, 16, 16, 3), noise(2, 16, 16, 3))
    for rate in (0.01, 0.5):
        model.reset_metrics()
        logs = model.train_on_batch(batch, return_dict=True)
        rest = 0.1 * logs["g_adversarial"] + 0.9 * logs["g_features"]
        expected = (1 - rate) * rest + rate * logs["g_cycle"]
        assert logs["g_loss"] == pytest.approx(expected, rel=1e-4)


# === Pool ===


def images(*values):
    return np.array(values, np.float32).reshape(-1, 1, 1, 1)


@pytest.mark.parametrize(
    ("pool", "count", "fakes", "chance", "pool_after", "returned"),
    [
        ((0, 0, 0), 0, (1, 2), (0.0, 0.0), (1, 2, 0), (1, 2)),  # fills
        ((1, 2, 0), 2, (3, 4), (0.9, 0.4), (1, 4, 3), (3, 2)),  # fills, then exchanges
        ((1, 2, 0), 2, (3, 4), (0.0, 0.6), (1, 2, 3), (3, 4)),
        ((1, 2, 3), 3, (4, 5), (0.4, 0.4), (1, 4, 5), (2, 3)),  # exchanges two
        ((1, 2, 3), 3, (4, 5), (0.6, 0.4), (1, 2, 5), (4, 3)),
        ((1, 2, 3), 3, (4, 5, 6), (0.1, 0.1, 0.1), (6, 4, 5), (2, 3, 1)),
    ],
)
def test_pool(pool, count, fakes, chance, pool_after, returned):
    # The place of the smallest number comes first: 1, 2, 0.
    order = np.array([0.9, 0.1, 0.5], np.float32)
    after, stored, shown = exchange(
        tf.constant(images(*pool)),
        count,
        tf.constant(images(*fakes)),
        tf.constant(order),
        tf.constant(chance),
    )
    assert np.ravel(after).tolist() == list(pool_after)
    assert np.ravel(shown).tolist() == list(returned)
    assert int(stored) == min(3, count + len(fakes))


def test_the_pool_is_saved(tmp_path):
    model = CycleGAN(PAIR, **TINY, pool_size=3)
    model.compile(run_eagerly=True)
    batch = (noise(2, 16, 16, 3), noise(2, 16, 16, 3))
    model.train_on_batch(batch)
    assert int(model.pooled) == 2
    assert np.ptp(model.second_pool[:2]) > 0
    assert np.ptp(model.second_pool[2:]) == 0
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for other in (model, loaded):
        other.train_on_batch(batch)
    assert int(loaded.pooled) == 3
    for one, other in zip(model.training_state, loaded.training_state, strict=True):
        assert np.array_equal(one, other), one.path


# === Networks ===


def test_a_score_depends_on_70_pixels(monkeypatch):
    # Its statistics would make a score depend on the whole image.
    monkeypatch.setattr(networks, "InstanceNormalization", keras.layers.Identity)
    discriminator = networks.PatchDiscriminator(base_filters=1)
    image = tf.Variable(noise(1, 128, 128, 3))
    with tf.GradientTape() as tape:
        scores = discriminator(image)[0]
        score = scores[0, 7, 7, 0]
    assert scores.shape == (1, 14, 14, 1)
    seen = np.abs(tape.gradient(score, image)[0]).sum(axis=-1) > 0
    assert np.ptp(np.flatnonzero(seen.any(axis=0))) + 1 == 70
    assert np.ptp(np.flatnonzero(seen.any(axis=1))) + 1 == 70


def test_reflection_padding(monkeypatch):
    x = noise(1, 5, 6, 2)
    border = ((0, 0), (3, 3), (3, 3), (0, 0))
    assert np.array_equal(networks.reflected(x, 3), np.pad(x, border, mode="reflect"))
    # Where all layers see mirrored borders, an even image stays even.
    monkeypatch.setattr(networks, "InstanceNormalization", keras.layers.Identity)
    generator = networks.CycleGenerator(base_filters=2, num_residual_blocks=2)
    for first, last, shape in (
        (generator.input, "stem_relu", (1, 8, 8, 3)),
        (generator.get_layer("down_2_relu").output, "residual_2", (1, 4, 4, 8)),
    ):
        layers = keras.Model(first, generator.get_layer(last).output)
        result = layers(np.ones(shape, np.float32))
        assert np.ptp(result, axis=(1, 2)).max() < 1e-6


def test_the_label_chooses_the_direction():
    generator = networks.GeneratorPair(base_filters=2, num_residual_blocks=1)
    x = noise(2, 16, 16, 3)
    first, second = generator.to_first(x), generator.to_second(x)
    assert not np.array_equal(first, second)
    mixed = generator([x, np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)])
    assert np.array_equal(mixed, [first[0], second[1]])
    paths = [variable.path for variable in generator.weights]
    assert len(set(paths)) == len(paths)


def test_scores_and_logits_are_of_both_discriminators():
    discriminator = networks.DiscriminatorPair(base_filters=2, num_layers=2)
    x = noise(2, 16, 16, 3)
    first, second = discriminator.of_first(x)[0], discriminator.of_second(x)[0]
    scores, logits = discriminator(x)
    assert np.allclose(scores, (first + second) / 2)
    expected = np.stack([np.mean(s, axis=(1, 2, 3)) for s in (first, second)], axis=1)
    assert np.allclose(logits, expected)


@pytest.mark.parametrize("name", ["GeneratorPair", "DiscriminatorPair"])
def test_networks_have_a_config(name):
    network = getattr(networks, name)(base_filters=2, dtype="mixed_bfloat16")
    copy = type(network).from_config(network.get_config())
    assert copy.get_config() == network.get_config()
    assert [v.path for v in copy.weights] == [v.path for v in network.weights]
    deviations = [np.std(v) for v in copy.trainable_variables if v.name == "kernel"]
    assert np.mean(deviations) == pytest.approx(0.02, rel=0.1)


# === Data ===


def numbered(labels, size=16):
    """Images whose pixels are their number."""
    return LabeledImages(
        info=DatasetInfo("numbered", ("even", "odd"), "one_hot", size),
        labels=np.asarray(labels, np.float32),
        names=tuple(map(str, range(len(labels)))),
        load=lambda index: np.full((size, size, 3), index, np.uint8),
        fingerprint="numbered",
    )


def test_batches_have_images_of_both_domains():
    source = numbered(np.tile(np.eye(2), (5, 1)))  # 0 is even, 1 is odd, …
    options = {"batch_size": 2, "seed": 3, "cache": "never"}
    batches = list(unpaired_batches(source, **options).take(5).as_numpy_iterator())
    later = unpaired_batches(source, **options, start_step=2).as_numpy_iterator()
    assert all(map(np.array_equal, next(later), batches[2]))
    for number, field in enumerate(zip(*batches, strict=True)):
        pixels = np.stack(field)  # (step, row, h, w, c)
        assert pixels.shape == (5, 2, 16, 16, 3)
        shown = np.rint((pixels[..., 0, 0, 0] + 1) * 127.5).ravel()
        assert sorted(shown[:5]) == list(range(number, 10, 2))


def test_a_domain_without_an_image():
    source = numbered([[1, 0], [1, 0]])
    with pytest.raises(InputError, match="no image of 'odd'"):
        unpaired_batches(source)


# === Errors ===


@pytest.mark.parametrize(
    ("info", "message"),
    [
        (DatasetInfo("cats", ("a", "b", "c"), "one_hot", 32), "3: a, b, c.*pairs"),
        (DatasetInfo("cats", ("a", "b"), "binary", 32), "binary attributes"),
        (DatasetInfo("cats", ("a", "b"), "one_hot", 16), "at least 24 pixels"),
    ],
)
def test_refused_data_sets(info, message):
    with pytest.raises(InputError, match=message):
        CycleGAN(info)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"dataset": ("a", "b")}, "one data set of two domains"),
        ({"image_size": (64, 16)}, "at least 24 pixels"),
        ({"batch_size": 51}, "at least batch_size"),
    ],
)
def test_refused_options(values, message):
    fitting = {
        "dataset": ("a",),
        "image_size": 64,
        "discriminator_layers": 3,
        "pool_size": 50,
        "batch_size": 1,
    }
    CYCLEGAN.check(fitting)
    with pytest.raises(InputError, match=message):
        CYCLEGAN.check(fitting | values)


def test_a_run_starts_from_the_same_domains(tmp_path):
    def made(*domains):
        info = DatasetInfo("pets", domains, "one_hot", 16)
        model = CycleGAN(info, **TINY)
        model.compile()
        return model

    source = made("cat", "dog")
    source.save(tmp_path / "pets.keras")
    model = made("cat", "dog")
    warm_start(model, str(tmp_path / "pets.keras"))
    for ours, theirs in zip(model.weights, source.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(InputError, match="the same labels in the same order"):
        warm_start(made("dog", "cat"), str(tmp_path / "pets.keras"))


def test_refused_arguments_and_batches():
    model = CycleGAN(PAIR, **TINY, pool_size=2)
    with pytest.raises(InputError, match="objective must be cyclegan or discogan"):
        model.compile(objective="wgan")
    with pytest.raises(InputError, match="DiscoGAN's are fixed"):
        model.compile(objective="discogan", loss_weights={"cycle": 5.0})
    model.compile(run_eagerly=True)
    fine = noise(2, 16, 16, 3)
    for image, reference, message in (
        (fine, noise(2, 20, 20, 3), r"reference must be \(batch, 16, 16, 3\)"),
        (100 * fine, fine, "Scale pixels"),
        (fine, fine[:1], "Received: 2 and 1"),
        (noise(3, 16, 16, 3), noise(3, 16, 16, 3), "at least batch_size"),
    ):
        with pytest.raises(InputError, match=message):
            model.fit(tf.data.Dataset.from_tensors((image, reference)), verbose=0)
