"""Styles: where they come from, the way from one to the next, translating to them.

The models here are any with `style_dim`, `latent_dim`, `family`, `info`,
`translate(images, styles=, batch_size=)`, `map_latents(latents, domain, truncation)`
and `encode_style(references, domain)`: a `StarGANV2`, or one that a server holds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from stargan_tf.data.info import composed
from stargan_tf.data.pictures import to_uint8
from stargan_tf.errors import InputError, near_names
from stargan_tf.translation.grid import Heading
from stargan_tf.translation.pictures import Fitting, InputPicture, find_inputs

MAX_STYLES = 200  # more columns or variants are a mistake rather than a wish
# The mapping network gathers a domain's weights for every code: megabytes each.
CODES_AT_ONCE = 64

Blend = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class StylePath:
    """A way through given points, each step eased: it rests for a moment at them.

    Args:
        points: float (n, width), at least two: latent or style codes.
        blend: (a (k, width), b (k, width), share of b (k, 1)) → (k, width).
        to_styles: turns what lies on the way into style codes (k, style_dim).

    Raises:
        InputError: if there are fewer than two points.
    """

    points: np.ndarray
    blend: Blend
    to_styles: Callable[[np.ndarray], np.ndarray]

    def __post_init__(self) -> None:
        if len(self.points) < 2:
            raise InputError(
                "An interpolation needs at least two styles. "
                f"Received: {len(self.points)}"
            )

    def styles(self, steps: int, closed: bool = False) -> np.ndarray:
        """Style codes along the way, evenly spread.

        Returns:
            float32 (steps, style_dim).
        """
        positions = self.positions(steps, closed)
        before = np.floor(positions).astype(int)
        share = (0.5 - 0.5 * np.cos(np.pi * (positions - before)))[:, None]
        first = self.points[before % len(self.points)]
        second = self.points[(before + 1) % len(self.points)]
        return self.to_styles(self.blend(first, second, share)).astype(np.float32)

    def positions(self, steps: int, closed: bool = False) -> np.ndarray:
        """Where the codes lie, float64 (steps,): 0 is the first point, 1 the second."""
        if steps < 2:
            raise InputError(
                f"An interpolation needs at least 2 steps. Received: {steps}"
            )
        end = len(self.points) if closed else len(self.points) - 1
        return np.linspace(0.0, end, steps, endpoint=not closed)


def linear(a: np.ndarray, b: np.ndarray, share: np.ndarray | float) -> np.ndarray:
    """The straight line from a to b: for style codes."""
    return (1.0 - share) * a + share * b


def spherical(a: np.ndarray, b: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Along the arc from a to b: for latent codes.

    Half-way on the straight line between two draws of a normal distribution is too
    short to be one of them; the mapping network has rarely seen such codes.
    """
    cosine = (_unit(a) * _unit(b)).sum(axis=1, keepdims=True)
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))
    sine = np.sin(angle)
    # Equal or opposite codes span no arc: the straight line then.
    arc = sine > 1e-4
    safe = np.where(arc, sine, 1.0)
    bent = (np.sin((1.0 - share) * angle) * a + np.sin(share * angle) * b) / safe
    return np.where(arc, bent, linear(a, b, share))


def _unit(codes: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(codes, axis=1, keepdims=True)
    return codes / np.maximum(lengths, 1e-12)


@dataclass(frozen=True)
class ToStyles:
    """Translates every image to each of several styles.

    Args:
        codes: float32 (n, style_dim).
        columns: the head of the styles' columns in a grid.
        strength: in [0, 1]: how far each image's style goes from its own style to one
            of the codes.
        own_domain: the domain that the images show, where `strength` is below 1.
    """

    codes: np.ndarray
    columns: Heading
    strength: float = 1.0
    own_domain: str = ""

    @property
    def heading(self) -> Heading:
        """The grid's head: the input, then every style."""
        return self.columns.after_input()

    def __call__(self, model: Any, images: np.ndarray) -> list[np.ndarray]:
        """uint8 images (n, h, w, 3) → an array of the same shape for each style."""
        styles = self.codes[:, None]
        if self.strength < 1.0:
            own = model.encode_style(images, [self.own_domain] * len(images))
            styles = linear(own, styles, self.strength)
        return [
            model.translate(images, styles=style, batch_size=len(images))
            for style in styles
        ]

    def draw(self, model: Any, images: np.ndarray) -> Image.Image:
        """A grid of images (n, h, w, 3), uint8 or float: a column for each style."""
        images = as_bytes(images)
        columns = [images, *self(model, images)]
        return self.heading.draw(list(zip(*columns, strict=True)))


def as_bytes(images: np.ndarray) -> np.ndarray:
    """Images (n, h, w, 3) or (h, w, 3), uint8 or float in [-1, 1], as uint8."""
    images = np.asarray(images)
    return images if images.dtype == np.uint8 else to_uint8(images)


class StyleSource:
    """Several styles that a model can give codes for.

    Attributes:
        domains: the domain of each style, by name.
        names: what to call the styles in file names.
        columns: head of the styles' columns in a grid.
    """

    domains: Sequence[str]
    names: Sequence[str]
    columns: Heading

    def codes(self, model: Any) -> np.ndarray:
        """Style codes, float32 (n, style_dim)."""
        raise NotImplementedError

    def path_through(self, model: Any) -> StylePath:
        """A way from each style to the next."""
        return StylePath(self.codes(model), linear, np.asarray)

    def translation(self, model: Any) -> ToStyles:
        """The translation to the styles, for any images of that model."""
        return ToStyles(self.codes(model), self.columns)


def block_starts(domains: Sequence[str]) -> list[int]:
    """Where a domain follows another in a list of domains."""
    return [i for i in range(1, len(domains)) if domains[i] != domains[i - 1]]


@dataclass(frozen=True)
class RandomStyles(StyleSource):
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

    def codes(self, model: Any) -> np.ndarray:
        """Style codes, float32 (n, style_dim)."""
        latents = self._latents(model)
        codes = np.zeros((len(latents), model.style_dim), np.float32)
        for domain in dict.fromkeys(self.domains):
            rows = [row for row, other in enumerate(self.domains) if other == domain]
            codes[rows] = self._map(model, domain, latents[rows])
        return codes

    def path_through(self, model: Any) -> StylePath:
        """A way through two or more styles of one domain, between latent codes."""
        if len(set(self.domains)) > 1:
            raise InputError(
                "An interpolation between latent codes stays in one domain. "
                f"Received: {', '.join(dict.fromkeys(self.domains))}. Name one."
            )
        to_styles = partial(self._map, model, self.domains[0])
        return StylePath(self._latents(model), spherical, to_styles)

    def _latents(self, model: Any) -> np.ndarray:
        draws = [np.random.default_rng(seed) for _, seed in self.picks]
        return np.stack([rng.standard_normal(model.latent_dim) for rng in draws])

    def _map(self, model: Any, domain: str, latents: np.ndarray) -> np.ndarray:
        starts = range(0, len(latents), CODES_AT_ONCE)
        parts = [latents[start : start + CODES_AT_ONCE] for start in starts]
        return np.concatenate(
            [model.map_latents(part, domain, self.truncation) for part in parts]
        )


def random_styles(
    domains: Sequence[str], seeds: Sequence[int], truncation: float = 1.0
) -> RandomStyles:
    """Every seed in every domain: a block of styles for each domain."""
    picks = [(domain, int(seed)) for domain in domains for seed in seeds]
    return RandomStyles(tuple(picks), truncation)


@dataclass(frozen=True)
class ReferenceStyles(StyleSource):
    """The styles of reference images.

    Args:
        images: uint8 (n, size, size, 3).
        domains: the domain of each, by name.
        pictures: the files they come from, if they do.
    """

    images: np.ndarray
    domains: Sequence[str]
    pictures: Sequence[InputPicture] = ()

    @property
    def names(self) -> list[str]:
        """What to call the styles in file names."""
        names = [f"by_{picture.path.stem}" for picture in self.pictures]
        if len(set(names)) == len(names):
            return names
        return [f"{name}_{number}" for number, name in enumerate(names, 1)]

    @property
    def columns(self) -> Heading:
        """The references themselves stand above their columns."""
        return Heading(self.domains, list(self.images), block_starts(self.domains))

    def codes(self, model: Any) -> np.ndarray:
        """Style codes, float32 (n, style_dim)."""
        return model.encode_style(self.images, list(self.domains))


def read_references(
    paths: Sequence[str], fitting: Fitting, domains: Sequence[str], domain: str | None
) -> ReferenceStyles:
    """Reads reference images.

    Args:
        domain: that of all the references; None takes each one's from the name of
            the folder that it lies in.
    """
    pictures = find_inputs(paths, what="reference")
    check_count(len(pictures), "--reference")
    named = [(domain or _folder_domain(p.path, domains), p) for p in pictures]
    named.sort(key=lambda pair: domains.index(pair[0]))
    return ReferenceStyles(
        np.stack([fitting.read(picture.path)[0].image for _, picture in named]),
        [name for name, _ in named],
        [picture for _, picture in named],
    )


def check_count(count: int, flag: str) -> None:
    """Raises InputError if there are more than `MAX_STYLES` targets."""
    if count > MAX_STYLES:
        raise InputError(
            f"At most {MAX_STYLES} targets at a time. Received: {count} by {flag}. "
            "Use several commands with --to."
        )


def _folder_domain(path: Path, domains: Sequence[str]) -> str:
    name = composed(path.resolve().parent.name)
    if name in domains:
        return name
    raise InputError(
        f"The domain of the reference '{path}' is not known: give --to DOMAIN, or keep "
        f"it in a folder named after its domain. Received: folder '{name}'. "
        + near_names(name, domains)
    )


def latent_grid(
    model: Any, images: np.ndarray, seeds: Sequence[int], truncation: float = 1.0
) -> Image.Image:
    """Sources in random styles of every domain.

    Args:
        model: a `StarGANV2`.
        images: the sources, (n, size, size, 3), uint8 or float in [-1, 1].
        seeds: of the random styles: as many columns for each domain. The column
            "cat, seed 7" is `model.translate(image, "cat", seed=7)`.
        truncation: ψ in [0, 1], see `StarGANV2.translate`.

    Returns:
        An RGB image: rows are sources, columns styles, a block for each domain.
    """
    styles = random_styles(model.info.domains, seeds, truncation)
    return styles.translation(model).draw(model, images)


def reference_grid(
    model: Any,
    images: np.ndarray,
    references: np.ndarray,
    domains: Sequence[str] | Sequence[int],
) -> Image.Image:
    """Sources in the styles of reference images.

    Args:
        model: a `StarGANV2`.
        images: the sources, (n, size, size, 3), uint8 or float in [-1, 1].
        references: (m, size, size, 3), uint8 or float in [-1, 1].
        domains: the references' domains, m names or numbers.

    Returns:
        An RGB image: sources down, references across, as the first row.

    Raises:
        InputError: unless there is a domain for each reference.
    """
    if len(references) != len(domains):
        raise InputError(
            "Each reference needs its domain. Received: "
            f"{len(references)} references and {len(domains)} domains"
        )
    names = [d if isinstance(d, str) else model.info.domains[int(d)] for d in domains]
    styles = ReferenceStyles(as_bytes(references), names)
    return styles.translation(model).draw(model, images)
