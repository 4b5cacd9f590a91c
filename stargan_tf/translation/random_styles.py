"""Styles of random latent codes, each known by its domain and its seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from stargan_tf.errors import InputError
from stargan_tf.translation.by_style import StyleModel
from stargan_tf.translation.heading import Heading
from stargan_tf.translation.style_path import StylePath, spherical

# The mapping network gathers a domain's weights for every code: megabytes each.
CODES_AT_ONCE = 64


@dataclass(frozen=True)
class RandomStyles:
    """Random styles; the same seeds give the same styles.

    Args:
        picks: (domain, seed) of each style. The style is the one that
            `model.translate(image, domain, seed=seed)` gives a single image.
        truncation: ψ in [0, 1], see `StarGANV2.translate`.

    Raises:
        InputError: if the truncation is outside of [0, 1], or a seed is negative.
    """

    picks: tuple[tuple[str, int], ...]
    truncation: float = 1.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.truncation <= 1.0:
            raise InputError(
                "truncation must be in [0, 1]: 0 is the mean style, 1 the full "
                f"variety. Received: {self.truncation}"
            )
        if any(seed < 0 for _, seed in self.picks):
            raise InputError(
                f"A seed is 0 or more. Received: {[seed for _, seed in self.picks]}"
            )

    @property
    def domains(self) -> list[str]:
        """The styles' domains."""
        return [domain for domain, _ in self.picks]

    @property
    def names(self) -> list[str]:
        """What to call the styles in file names."""
        return [f"{domain}_seed{seed}" for domain, seed in self.picks]

    @property
    def columns(self) -> Heading:
        """Head of the styles' columns: a block for each domain."""
        titles = [f"{domain}, seed {seed}" for domain, seed in self.picks]
        return Heading(titles, breaks=block_starts(self.domains))

    def codes(self, model: StyleModel) -> np.ndarray:
        """Style codes, float32 (n, style_dim)."""
        latents = self._latents(model)
        codes = np.zeros((len(latents), model.style_dim), np.float32)
        for domain in dict.fromkeys(self.domains):
            rows = [row for row, own in enumerate(self.domains) if own == domain]
            codes[rows] = self._map(model, domain, latents[rows])
        return codes

    def path_through(self, model: StyleModel) -> StylePath:
        """A way through the styles, in the space of the latent codes.

        Args:
            model: the model.

        Raises:
            InputError: if the styles are of several domains, or fewer than two.
        """
        if len(set(self.domains)) > 1:
            raise InputError(
                "An interpolation between latent codes stays in one domain. "
                f"Received: {', '.join(dict.fromkeys(self.domains))}. Name one."
            )
        to_styles = partial(self._map, model, self.domains[0])
        return StylePath(self._latents(model), spherical, to_styles)

    def _latents(self, model: StyleModel) -> np.ndarray:
        draws = [np.random.default_rng(seed) for _, seed in self.picks]
        return np.stack([rng.standard_normal(model.latent_dim) for rng in draws])

    def _map(self, model: StyleModel, domain: str, latents: np.ndarray) -> np.ndarray:
        starts = range(0, len(latents), CODES_AT_ONCE)
        parts = [latents[start : start + CODES_AT_ONCE] for start in starts]
        return np.concatenate(
            [model.map_latents(part, domain, self.truncation) for part in parts]
        )


def random_styles(
    domains: Sequence[str], seeds: Sequence[int], truncation: float = 1.0
) -> RandomStyles:
    """Every seed in every domain.

    Args:
        domains: the domains' names.
        seeds: of the latent codes.
        truncation: as in `RandomStyles`.

    Returns:
        The styles, a block for each domain.
    """
    picks = [(domain, int(seed)) for domain in domains for seed in seeds]
    return RandomStyles(tuple(picks), truncation)


def block_starts(domains: Sequence[str]) -> list[int]:
    """Where a domain follows another in a list of domains."""
    return [i for i in range(1, len(domains)) if domains[i] != domains[i - 1]]
