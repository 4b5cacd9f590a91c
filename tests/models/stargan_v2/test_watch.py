"""StarGAN v2's pictures and diagnostics, on a model that paints by hand."""

import numpy as np
import pytest

from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.source import LabeledImages
from stargan_tf.models.stargan_v2.watch import StyleSamples, pick_styles

SIZE = 8
INFO = DatasetInfo("animals", ("cat", "dog", "fox"), "one_hot", SIZE)


class Model:
    """A style is one number, which is painted on the image; D sees the domain."""

    style_dim, latent_dim = 1, 2
    info = INFO

    def __init__(self, domain_effect=20, latent_effect=40):
        self.domain_effect, self.latent_effect = domain_effect, latent_effect

    def map_latents(self, latents, domain, truncation=1.0):
        domains = [domain] if isinstance(domain, str) else domain
        numbers = np.array([self.info.index(name) for name in domains], np.float32)
        codes = self.domain_effect * numbers[:, None]
        return codes + self.latent_effect * (np.asarray(latents)[:, :1] > 0.13)

    def encode_style(self, references, domain, batch_size=16):
        return references.mean(axis=(1, 2, 3))[:, None].astype(np.float32)

    def translate(self, images, domain=None, latents=None, styles=None, batch_size=16):
        if latents is not None:
            styles = self.map_latents(latents, domain)
        painted = images + np.asarray(styles)[:, :, None, None]
        return painted.clip(0, 255).astype(np.uint8)

    def discriminator(self, inputs, training):
        assert not training
        _, domains = inputs
        return domains.astype(np.float32)


def animals(counts=(9, 9, 9)):
    domains = np.repeat(np.arange(3), counts)
    return LabeledImages(
        INFO,
        np.eye(3, dtype=np.float32)[domains],
        tuple(f"{i}.png" for i in range(len(domains))),
        lambda index: np.full((SIZE, SIZE, 3), index, np.uint8),
        "animals",
    )


def test_sources_and_references_are_other_images_of_every_domain():
    sources, references = pick_styles(animals())
    assert sources.domains.tolist() == [0, 0, 1, 1, 2, 2]
    assert references.domains.tolist() == [0, 0, 1, 1, 2, 2]
    shown = set(sources.images[:, 0, 0, 0].tolist())
    assert not shown & set(references.images[:, 0, 0, 0].tolist())


@pytest.mark.parametrize("counts", [(1, 9, 2), (0, 5, 5)])
def test_small_and_missing_domains_are_no_obstacle(counts):
    present = [number for number, count in enumerate(counts) if count]
    for some in pick_styles(animals(counts)):
        assert sorted(set(some.domains.tolist())) == present


def test_a_hundred_domains_do_not_make_the_pictures_larger():
    """Once 100 × 100 translations each, 204 million pixels."""
    info = DatasetInfo("many", tuple(f"d{i}" for i in range(100)), "one_hot", 64)
    model, translated = Model(), []
    model.info, translate = info, model.translate

    def counted(images, *args, **kwargs):
        translated.append(len(images))
        return translate(images, *args, **kwargs)

    model.translate = counted
    held_out = LabeledImages(
        info,
        np.eye(100, dtype=np.float32)[np.repeat(np.arange(100), 2)],
        tuple(f"{i}.png" for i in range(200)),
        lambda index: np.full((64, 64, 3), index, np.uint8),
        "many",
    )
    draw = StyleSamples([held_out])
    samples = draw(model)
    assert sum(translated) < 300
    assert samples.pictures.keys() == {"latents", "references", "interpolation"}
    for picture in samples.pictures.values():
        assert picture.width * picture.height < 2e6
    assert samples.shown == (9, 100)
    # From the first domain to the last.
    assert {0, 99} <= set(draw.sources.domains.tolist())
    assert {0, 99} <= set(draw.references.domains.tolist())


def test_diagnostics():
    samples = StyleSamples([animals()])(Model())
    # Neighbouring domains differ by 20; the latent codes of seeds 0 and 1 by 40.
    # D gives the domain's number: that of x is, on average, that of the fakes.
    assert samples.diagnostics == pytest.approx(
        {
            "label_effect": 20 / 127.5,
            "style_diversity": 40 / 127.5,
            "critic_gap": 0.0,
            "critic_wins": 1 / 3,
        }
    )
    assert samples.shown == (3, 3) and not samples.warning


@pytest.mark.parametrize("effects", [(0, 40), (20, 0)])
def test_a_style_that_is_ignored_is_told(effects):
    samples = StyleSamples([animals()])(Model(*effects))
    assert "hardly responds to the style" in samples.warning
