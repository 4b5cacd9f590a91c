"""Translation with StarGAN v2: latents, references, styles."""

import keras
import numpy as np
import pytest

from stargan_tf.data.info import DatasetInfo
from stargan_tf.errors import InputError
from stargan_tf.models.stargan_v2.model import StarGANV2

SIZE = 64
ANIMALS = DatasetInfo("animals", ("cat", "dog", "fox"), "one_hot", SIZE)


def tiny(**kwargs):
    sizes = {"style_dim": 4, "latent_dim": 3, "hidden_dim": 16}
    # Of such narrow networks many are dead from the start: not of this seed.
    keras.utils.set_random_seed(1)
    return StarGANV2(ANIMALS, **sizes, base_filters=2, max_filters=4, **kwargs)


@pytest.fixture(scope="module")
def model():
    return tiny()


@pytest.fixture
def images():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (3, SIZE, SIZE, 3), np.uint8)


def close(ours, theirs):
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


def floats(images):
    return images.astype(np.float32) / 127.5 - 1


def test_bytes_give_bytes_and_floats_give_bounded_floats(model, images):
    outputs = model.translate(images, "dog", seed=7)
    assert (outputs.dtype, outputs.shape) == (np.uint8, images.shape)
    outputs = model.translate(floats(images) * 50, "dog", seed=7)
    assert outputs.dtype == np.float32
    assert np.abs(outputs).max() <= 1


def test_the_seed_gives_the_latents_whatever_the_batches(model, images):
    images = floats(images)
    first = model.translate(images, "cat", seed=7, batch_size=2)
    close(first, model.translate(images, 0, seed=7))
    close(first[:2], model.translate(images[:2], 0, seed=7))
    latents = np.random.default_rng(7).standard_normal((3, 3))
    close(first, model.translate(images, 0, latents=latents))
    assert np.abs(first - model.translate(images, "cat", seed=8)).max() > 1e-3


def test_styles_can_be_made_first_and_used_later(model, images):
    references, images = images[::-1], floats(images)
    styles = model.encode_style(references, ["fox", "cat", "dog"], batch_size=2)
    assert styles.shape == (3, 4)
    close(
        model.translate(images, styles=styles),
        model.translate(images, ["fox", "cat", "dog"], references=references),
    )
    close(styles[:1], model.encode_style(references[:1], 2))


def test_one_style_serves_all_images(model, images):
    images = floats(images)
    one = model.translate(images, "dog", references=images[:1])
    close(one, model.translate(images, "dog", references=images[[0, 0, 0]]))


def test_one_latent_serves_several_domains(model):
    latents = np.ones((1, 3))
    styles = model.map_latents(latents, ["cat", "dog", "fox"])
    close(styles[1:2], model.map_latents(latents, "dog"))


def test_truncation_draws_styles_to_the_mean_of_their_domain(model):
    latents, domains = np.random.default_rng(0).standard_normal((2, 3)), ["cat", "fox"]
    mean = np.stack([model.mean_style(domain) for domain in domains])
    full = model.map_latents(latents, domains)
    close(model.map_latents(latents, domains, truncation=0.0), mean)
    close(model.map_latents(latents, domains, truncation=0.5), (full + mean) / 2)
    many = np.random.default_rng(0).standard_normal((1, 10_000, 3), np.float32)[0]
    close(mean[0], model.map_latents(many, "cat").mean(axis=0))


def test_a_mean_style_is_computed_once_until_the_weights_change(monkeypatch):
    model, computed = tiny(), []
    map_latents = model._map

    def counted(latents, domain):
        computed.extend(domain.tolist() if len(latents[0]) > 1 else [])
        return map_latents(latents, domain)

    monkeypatch.setattr(model, "_map", counted)
    latents = np.ones((2, 3), np.float32)
    first = model.map_latents(latents, ["cat", "dog"], truncation=0.5)
    again = model.map_latents(latents, ["cat", "dog"], truncation=0.5)
    assert sorted(computed) == [0, 1]
    np.testing.assert_array_equal(first, again)
    bias = model.mapping_network_ema.style.bias
    bias.assign(bias + np.array([[1.0], [0.0], [0.0]], np.float32))
    moved = model.map_latents(latents, ["cat", "dog"], truncation=0.0)
    assert sorted(computed) == [0, 0, 1, 1]
    means = [model.mean_style(domain) for domain in ("cat", "dog")]
    close(moved, np.stack(means))
    shared = model.mapping_network_ema.shared[0].bias
    shared.assign(shared + 1.0)
    assert (model.mean_style("dog") != means[1]).any()


def test_the_averaged_networks_are_used(model, images):
    other = tiny()
    for name in ("generator", "mapping_network", "style_encoder"):
        averaged = getattr(model, f"{name}_ema").get_weights()
        getattr(other, f"{name}_ema").set_weights(averaged)
    for options in ({"seed": 1}, {"references": images}):
        ours = other.translate(images, "dog", **options)
        again = model.translate(images, "dog", **options)
        # Rounding to uint8 may fall either way.
        np.testing.assert_allclose(ours, again, atol=1)


def test_no_images_give_no_images(model, images):
    for truncation in (1.0, 0.5):
        drawn = model.translate(images[:0], "cat", seed=0, truncation=truncation)
        assert drawn.shape == (0, SIZE, SIZE, 3)


def test_high_pass_takes_powers_of_two():
    with pytest.raises(InputError, match="whose side is a power of two"):
        StarGANV2(num_domains=2, image_size=96, high_pass=1.0)


def test_high_pass_takes_masks_or_asks_the_provider(images):
    images = floats(images)
    model = tiny(high_pass=1.0)
    ones = np.ones((3, SIZE, SIZE, 2), np.float32)
    given = model.translate(images, "cat", seed=1, masks=ones)
    with pytest.raises(
        InputError, match=r"masks must be \(batch, 64, 64, 2\).*Receive"
    ):
        model.translate(images, "cat", masks=ones[:, :32])
    with pytest.raises(InputError, match="from 0 to 1.*Received: .*to 2"):
        model.translate(images, "cat", masks=2 * ones)
    with pytest.raises(InputError, match="needs masks"):
        model.translate(images, "cat", seed=1)
    model.set_mask_provider(lambda batch: np.ones((len(batch), SIZE, SIZE, 2), "f4"))
    close(given, model.translate(images, "cat", seed=1))
    nothing = model.translate(images, "cat", seed=1, masks=0 * ones[:1])
    assert np.abs(given - nothing).max() > 1e-3
    styles = model.map_latents(np.random.default_rng(1).standard_normal((3, 3)), "cat")
    unmasked = np.clip(model([images, styles, None]), -1, 1)
    close(nothing, unmasked)


def test_a_strength_lies_between_the_images_own_styles_and_the_target(model, images):
    images = floats(images)
    latents = np.random.default_rng(7).standard_normal((3, 3))
    target = model.map_latents(latents, ["dog", "cat", "dog"])
    own = model.encode_style(images, ["cat", "fox", "cat"])
    share = np.float32([[0.25], [1.0], [0.0]])
    styles = own + share * (target - own)
    texts = ["dog:0.25", "cat", '"dog":0']
    output = model.translate(images, texts, seed=7, source=["cat", "fox", "cat"])
    close(output, model.translate(images, styles=styles))
    close(
        model.translate(images, "dog:0", references=images[:1], source="cat"),
        model.translate(images, "cat", references=images),
    )
    with pytest.raises(InputError, match=r"Pass source=…, one of \['cat', 'dog'"):
        model.translate(images, "dog:0.5")


PHOTO = np.zeros((2, SIZE, SIZE, 3), np.uint8)
STYLE, LATENT = np.zeros((2, 4)), np.zeros((2, 3))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"domain": "cta"}, r"no domain 'cta'.*Did you mean cat"),
        ({"domain": 3}, r"from 0 to 2.*Received: 3"),
        ({"domain": None}, r"needs a target domain.*cat"),
        ({"references": PHOTO, "seed": 1}, r"seed=1 and references"),
        ({"references": PHOTO, "latents": LATENT}, r"latents and references"),
        ({"references": PHOTO, "truncation": 0.5}, r"truncation applies only"),
        ({"references": PHOTO[:, :32]}, r"references must be \(n, 64, 64, 3\)"),
        ({"truncation": 1.5}, r"truncation must be in \[0, 1\]"),
        ({"latents": STYLE}, r"latent codes must be \(n, 3\)"),
        ({"styles": LATENT}, r"style codes must be \(n, 4\)"),
        ({"latents": np.zeros((5, 3))}, r"must have 2 rows.*Received: 5 rows"),
        ({"domain": ["cat"] * 3}, r"Received: [23] rows"),
        ({"masks": PHOTO}, r"takes no masks"),
        ({"images": PHOTO[0]}, r"images must be \(n, 64, 64, 3\)"),
    ],
)
def test_what_does_not_fit_is_refused(model, options, message):
    options = {"images": PHOTO, "domain": "cat", **options}
    with pytest.raises(InputError, match=message):
        model.translate(**options)
