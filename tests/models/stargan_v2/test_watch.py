"""StarGAN v2's pictures and diagnostics, on a model that paints by hand."""

import json

import numpy as np
import pytest
from PIL import Image

from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.source import LabeledImages
from stargan_tf.models.stargan_v2.watch import SampleStyles, pick_styles
from stargan_tf.training.metric_log import MetricLog
from stargan_tf.training.watching import SampleSchedule

SIZE = 8
INFO = DatasetInfo("animals", ("cat", "dog", "fox"), "one_hot", SIZE)


class Step:
    def numpy(self):
        return 0


class Model:
    """A style is one number, which is painted on the image; D sees the domain."""

    style_dim, latent_dim = 1, 2
    info, step = INFO, Step()

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


def run(tmp_path, model, steps, **schedule):
    log = MetricLog(tmp_path / "metrics.jsonl")
    schedule = {"every": 2, "total_steps": 3, **schedule}
    callback = SampleStyles(SampleSchedule(tmp_path, log, **schedule), [animals()])
    callback.set_model(model)
    callback.on_train_begin()
    for _ in range(steps):
        callback.on_train_batch_end(0, {})


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


def test_three_pictures_at_intervals_and_at_the_end(tmp_path):
    run(tmp_path, Model(), 3)
    assert sorted(path.name for path in tmp_path.glob("*.png")) == [
        f"step_{step:08d}_{kind}.png"
        for step in (2, 3)
        for kind in ("interpolation", "latents", "references")
    ]


def test_a_hundred_domains_do_not_make_the_pictures_larger(tmp_path, capsys):
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
    log = MetricLog(tmp_path / "metrics.jsonl")
    schedule = SampleSchedule(tmp_path, log, every=1, total_steps=20)
    callback = SampleStyles(schedule, [held_out])
    callback.set_model(model)
    callback.on_train_begin()
    callback.on_train_batch_end(0, {})
    assert sum(translated) < 300
    pictures = sorted(tmp_path.glob("*.png"))
    assert len(pictures) == 3
    for path in pictures:
        with Image.open(path) as picture:
            assert picture.width * picture.height < 2e6
    assert capsys.readouterr().out.count("9 of 100 domains") == 1
    # From the first domain to the last.
    assert {0, 99} <= set(callback.sources.domains.tolist())
    assert {0, 99} <= set(callback.references.domains.tolist())


def test_diagnostics(tmp_path):
    run(tmp_path, Model(), 3)
    record = json.loads((tmp_path / "metrics.jsonl").read_text().splitlines()[0])
    # Neighbouring domains differ by 20; the latent codes of seeds 0 and 1 by 40.
    assert record["label_effect"] == pytest.approx(20 / 127.5)
    assert record["style_diversity"] == pytest.approx(40 / 127.5)
    # D gives the domain's number: that of x is, on average, that of the fakes.
    assert record["critic_gap"] == pytest.approx(0.0)
    assert record["critic_wins"] == pytest.approx(1 / 3)


@pytest.mark.parametrize("effects", [(0, 40), (20, 0)])
def test_warns_once_when_the_style_is_ignored(tmp_path, effects):
    with pytest.warns(UserWarning, match="hardly reacts to the style") as caught:
        run(tmp_path, Model(*effects), 4, total_steps=10)
    assert len(caught) == 1
    run(tmp_path, Model(*effects), 1, every=1, total_steps=10)  # Too early to tell.
