"""RelGAN keeps the contract, and its terms are what the paper's equations say."""

from types import SimpleNamespace

import numpy as np
import pytest
import stargan_tf_relgan.objective as objective
from PIL import Image
from stargan_tf_relgan import RELGAN
from stargan_tf_relgan.model import RelGAN, exclusive_members
from stargan_tf_relgan.networks import RelativeDiscriminator, RelativeGenerator, joined

from stargan_tf import load_model
from stargan_tf.cli.main import main
from stargan_tf.data.info import DatasetInfo
from stargan_tf.plugin import InputError
from stargan_tf.testing import check_model

HAIR = DatasetInfo(
    "faces",
    ("Black", "Blond", "Young"),
    "binary",
    16,
    exclusive_groups=(("Black", "Blond"),),
)
MOODS = DatasetInfo("moods", ("calm", "happy", "sad"), "one_hot", 16)
SIZES = {
    "base_filters": 2,
    "num_residual_blocks": 1,
    "discriminator_filters": 2,
    "discriminator_layers": 2,
}


def tiny(info=HAIR, **kwargs):
    return RelGAN(info, **SIZES, **kwargs)


def test_it_keeps_the_contract():
    check_model("relgan", **SIZES, small=True)


def test_the_discriminator_s_terms():
    seen = SimpleNamespace(
        real=np.full((2, 1, 1, 1), 0.5),
        fake=np.full((2, 1, 1, 1), 2.0),
        match=np.array([1.0, 3.0]).reshape(2, 1, 1, 1),
        mismatches=[np.full((2, 1, 1, 1), 1.0), np.full((2, 1, 1, 1), 2.0)],
        degree=np.zeros((2, 1, 1, 1)),
        degree_of_end=np.full((2, 1, 1, 1), 0.5),
        alpha=np.array([0.2, 0.6]),
    )
    table = objective.DISCRIMINATOR_TERMS
    terms = {name: float(function(seen)) for name, (function, _) in table.items()}
    assert terms == pytest.approx(
        {
            "real": 0.25,  # (0.5 - 1)²
            "fake": 4.0,
            "match": (0 + 4) / 2,
            "mismatch": 1 + 4,
            # α̂ = 0.2 and 0.4; and the ends, α = 0 and 1, should give 0.
            "interpolation": (0.04 + 0.16) / 2 + 0.25,
        }
    )


def test_the_generator_s_terms():
    image = np.zeros((1, 2, 2, 3))
    seen = SimpleNamespace(
        image=image,
        back=image + 0.5,
        same=image - 0.25,
        fake=np.full((1, 1, 1, 1), 3.0),
        match=np.full((1, 1, 1, 1), 0.0),
        degree=np.full((1, 1, 1, 1), 0.3),
    )
    table = objective.GENERATOR_TERMS
    terms = {name: float(function(seen)) for name, (function, _) in table.items()}
    expected = {"adversarial": 4, "match": 1, "cycle": 0.5, "self": 0.25}
    assert terms == pytest.approx({**expected, "interpolation": 0.09})


@pytest.mark.parametrize(
    ("info", "label", "target", "expected"),
    [
        # Blond comes, so black need not be said to go.
        (HAIR, [1, 0, 1], [0, 1, 1], [0, 1, 0]),
        # Black goes, and nothing of its group comes.
        (HAIR, [1, 0, 1], [0, 0, 0], [-1, 0, -1]),
        (HAIR, [0, 0, 0], [0, 0, 0], [0, 0, 0]),
        (MOODS, [1, 0, 0], [0, 0, 1], [0, 0, 1]),
    ],
)
def test_a_change_names_what_comes(info, label, target, expected):
    label, target = (np.array([x], np.float32) for x in (label, target))
    groups = exclusive_members(info)
    change = objective.change_between(label, target, groups)
    np.testing.assert_array_equal(change, [expected])


def batch():
    rng = np.random.default_rng(0)
    label = np.float32([[1, 0, 0], [0, 1, 1], [0, 0, 1], [0, 1, 0]])
    return rng.uniform(-1, 1, (4, 16, 16, 3)).astype(np.float32), label


def test_triples_are_right_and_wrong():
    model = tiny()
    model.compile()
    image, label = batch()
    made = model._unpack((image, label))
    places = [
        [int((image == x).all((1, 2, 3)).argmax()) for x in np.asarray(y)]
        for y in (made.second, made.third)
    ]
    for first, second, third in zip(range(4), *places, strict=True):
        assert len({first, second, third}) == 3
        groups = exclusive_members(HAIR)
        for change, other in ((made.change, second), (made.wrong, third)):
            expected = objective.change_between(label[[first]], label[[other]], groups)
            np.testing.assert_array_equal(change[first], expected[0])
    assert ((np.asarray(made.alpha) >= 0) & (np.asarray(made.alpha) < 1)).all()


def test_triples_that_are_right_by_chance_are_left_out():
    """Of two images, the third is the first: its triple is that of the match."""
    model = tiny()
    model.compile(run_eagerly=True)
    image, label = (part[:2] for part in batch())
    made = model._unpack((image, label))
    np.testing.assert_array_equal(made.third, made.image)
    seen = []
    model._loss = lambda prefix, outputs, table: seen.append(outputs)
    model._discriminator_loss(made)
    assert np.any(seen[0].match) and not np.any(seen[0].mismatches[2])


def test_the_degree_of_the_nearer_end_is_zero():
    model = tiny()
    model.compile(run_eagerly=True)
    made = model._unpack(batch())
    made.alpha = np.float32([0.1, 0.6, 0.4, 0.9])
    seen = []
    model._loss = lambda prefix, outputs, table: seen.append(outputs)
    model._discriminator_loss(made)
    ends = np.float32([0, 1, 0, 1])[:, None]
    images = model.generator([made.image, made.change * ends])
    expected = model.discriminator.degree(model.discriminator.features(images))
    np.testing.assert_allclose(seen[0].degree_of_end, expected, atol=1e-6)


def test_a_step_changes_both_networks_and_resumes():
    def trained(steps):
        model = tiny()
        for network in ("generator", "discriminator"):
            rng = np.random.default_rng(1)
            weights = getattr(model, network).get_weights()
            fresh = [rng.normal(size=w.shape).astype("float32") * 0.1 for w in weights]
            getattr(model, network).set_weights(fresh)
        model.compile(run_eagerly=True, seed=3)
        for _ in range(steps):
            logs = model.train_step(batch())
        return model, {name: float(value) for name, value in logs.items()}

    one, logs = trained(1)
    _, same = trained(1)
    assert logs == same and all(np.isfinite(list(logs.values())))
    two, _ = trained(2)
    for network in ("generator", "discriminator"):
        first, second = (getattr(m, network).get_weights() for m in (one, two))
        assert any((a != b).any() for a, b in zip(first, second, strict=True))
    terms = ("adversarial", "match", "cycle", "self", "interpolation")
    weights = RELGAN.weights()
    total = sum(weights.get(term, 1.0) * logs[f"g_{term}"] for term in terms)
    assert logs["g_loss"] == pytest.approx(total, rel=1e-5)


def test_words_and_vectors_are_the_same_change():
    model = tiny()
    images = (batch()[0] * 127 + 127).astype(np.uint8)
    np.testing.assert_array_equal(
        model.change_of("+Blond:0.5,-Young"), np.float32([0, 0.5, -1])
    )
    outputs = model.translate(images, "+Blond:0.5,-Young")
    assert outputs.dtype == np.uint8
    np.testing.assert_array_equal(outputs, model.translate(images, [0, 0.5, -1]))
    each = model.translate(images, ["Blond", "Black", "Young", "-Young"])
    np.testing.assert_array_equal(each[3], model.translate(images[3:], [0, 0, -1])[0])


@pytest.mark.parametrize("small", [False, True])
def test_networks_come_back_from_their_config(small):
    generator = RelativeGenerator(3, 2, 1, small)
    discriminator = RelativeDiscriminator(16, 3, 2, 2)
    for network in (generator, discriminator):
        again = type(network).from_config(network.get_config())
        assert [w.shape for w in again.weights] == [w.shape for w in network.weights]
    image, change = np.zeros((1, 16, 24, 3)), np.ones((1, 3))
    assert generator([image, change]).shape == (1, 16, 24, 3)
    real, degree, match = discriminator([image[:, :, :16], change, image[:, :, :16]])
    assert real.shape == degree.shape == match.shape == (1, 4, 4, 1)


def test_the_matching_head_sees_both_images_and_the_change():
    features, changed = np.full((1, 1, 1, 2), 5.0), np.full((1, 1, 1, 2), 7.0)
    seen = np.asarray(joined(features, np.array([[-1.0, 0.5]]), changed))
    np.testing.assert_array_equal(seen.ravel(), [5, 5, -1, 0.5, 7, 7])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tiny((HAIR, MOODS)), "one data set of square images"),
        (lambda: tiny().compile(lr_decay="fast"), "lr_decay must be none or paper"),
        (
            lambda: tiny().compile(beta_1=1.0),
            "beta_1 must be a number, at least",
        ),
        (lambda: tiny().classify(batch()[0]), "has no classifier"),
        (lambda: tiny().translate(batch()[0], [1.0]), "3 numbers"),
        (lambda: tiny().translate(batch()[0][:, :15], "Young"), "multiples of 4"),
        (lambda: tiny().translate(batch()[0], "Bald"), "Bald"),
        (lambda: RelativeDiscriminator(16, 3, 2, 5), "at most 4"),
    ],
)
def test_what_does_not_fit_gets_one_line(call, message):
    with pytest.raises(InputError, match=message) as raised:
        call()
    assert "\n" not in str(raised.value)


def test_the_command_line_changes_what_is_named(tmp_path, capsys):
    model = tiny()
    model.compile()
    model.save_to_preset(tmp_path / "model")
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "face.png")
    words = [
        "translate",
        "--model",
        str(tmp_path / "model"),
        str(tmp_path / "face.png"),
    ]
    output = tmp_path / "out.png"
    assert main([*words, "--to", "+Blond:0.5,-Young", "--output", str(output)]) == 0
    expected = load_model(tmp_path / "model").translate(pixels[None], [0, 0.5, -1])[0]
    with Image.open(output) as drawn:
        np.testing.assert_allclose(np.int32(drawn), np.int32(expected), atol=1)
    grid = tmp_path / "grid.png"
    assert main([*words, "--all", "--output", str(grid)]) == 0
    with Image.open(grid) as drawn:
        # The input, then Black, Blond, and Young added and taken away.
        assert drawn.width > 5 * 100
    capsys.readouterr()
    again = [*words, "--output", str(output), "--overwrite"]
    assert main([*again, "--to", "Bald"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert main([*again, "--to", "Blond", "--from", "Black"]) == 2
    assert "does not need --from" in capsys.readouterr().err
