"""StarGAN v2's sample images of a run, and diagnostics computed from them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from stargan_tf.data.pictures import to_float
from stargan_tf.data.source import LabeledImages
from stargan_tf.steering.styles import random_styles, reference_grid
from stargan_tf.training.watching import (
    NO_VISIBLE_CHANGE,
    HeldOutImages,
    Samples,
    critic_view,
    label_effect,
    load_some,
    subsample,
)
from stargan_tf.translation.interpolation import interpolation_strip

SOURCES, REFERENCES = 6, 8
LATENT_COLUMNS = 9  # With more domains, an evenly spaced subset is shown.
STRIP_SEEDS = (0, 1, 2)
STRIP_ROWS = 3


class StyleSamples:
    """Makes a latent grid, a reference grid, and an interpolation strip.

    Args:
        held_out: a list with the held-out split of the data set.
    """

    def __init__(self, held_out: Sequence[LabeledImages]):
        self.sources, self.references = pick_styles(held_out[0])

    def __call__(self, model: Any) -> Samples:
        """Makes all three with the EMA networks."""
        images, domains = self.sources.images, model.info.domains
        shown = subsample(np.arange(len(domains)), LATENT_COLUMNS)
        seeds = range(max(1, LATENT_COLUMNS // len(domains)))
        styles = random_styles([domains[number] for number in shown], seeds)
        grids = {
            "latents": styles.translation(model).draw(model, images),
            "references": reference_grid(
                model,
                images,
                self.references.images,
                self.references.domains.tolist(),
            ),
            "interpolation": interpolation_strip(
                model, images[:STRIP_ROWS], domains[-1], STRIP_SEEDS
            ),
        }
        diagnostics = self._diagnose(model, shown)
        effect, diversity = (
            diagnostics[name] for name in ("label_effect", "style_diversity")
        )
        warning = ""
        if min(effect, diversity) < NO_VISIBLE_CHANGE:
            warning = (
                f"The generator hardly responds to the style (label_effect "
                f"{effect:.4f} between domains, style_diversity {diversity:.4f} within "
                "them). Increase the weight of the diversity or style loss, or reduce "
                "that of the cycle loss."
            )
        return Samples(grids, diagnostics, (len(shown), len(domains)), warning)

    def _diagnose(self, model: Any, shown: np.ndarray) -> dict[str, float]:
        """Compares translations with two styles per domain shown."""
        first, second = (self._columns(model, shown, seed) for seed in (0, 1))
        fakes = [
            _score(model, column, np.full(len(column), domain, np.int32))
            for domain, column in zip(shown, first, strict=True)
        ]
        real = _score(model, self.sources.images, self.sources.domains)
        pairs = zip(first, second, strict=True)
        return {
            **critic_view(real, np.stack(fakes)),
            "label_effect": label_effect(first),
            "style_diversity": float(np.mean([label_effect(pair) for pair in pairs])),
        }

    def _columns(self, model: Any, shown: np.ndarray, seed: int) -> list[np.ndarray]:
        """Translates the sources to every domain shown, with the same latent code."""
        code = np.random.default_rng(seed).standard_normal((1, model.latent_dim))
        names = [model.info.domains[number] for number in shown]
        return [
            model.translate(self.sources.images, name, latents=code) for name in names
        ]


def _score(model: Any, images: np.ndarray, domains: np.ndarray) -> np.ndarray:
    score = model.discriminator([to_float(images), domains], training=False)
    return np.asarray(score)


def pick_styles(source: LabeledImages) -> tuple[HeldOutImages, HeldOutImages]:
    """Selects sources and references of each domain, the same ones in every call.

    With many domains, an evenly spaced subset is used, so that there are at most
    `SOURCES` sources and `REFERENCES` references.
    """
    domains = range(len(source.info.domains))
    of_domain = [np.flatnonzero(source.labels[:, domain]) for domain in domains]
    present = [rows for rows in of_domain if len(rows)]
    first, last = (max(1, count // len(present)) for count in (SOURCES, REFERENCES))
    some = [subsample(rows, first + last) for rows in present]
    numbers = np.arange(len(some))
    sources = [some[number][:first] for number in subsample(numbers, SOURCES)]
    references = [some[number][-last:] for number in subsample(numbers, REFERENCES)]
    return (
        load_some(source, np.concatenate(sources)),
        load_some(source, np.concatenate(references)),
    )
