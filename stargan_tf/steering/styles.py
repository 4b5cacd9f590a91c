"""Steering by styles: sources of styles, interpolation, and translation.

It works with every model that has `style_dim`, `latent_dim`, `family`, `info`,
`translate(images, styles=, batch_size=)`, `map_latents(latents, domain, truncation)`,
and `encode_style(references, domain)`, such as a `StarGANV2` or a model on a server.
"""

import os
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

MAX_STYLES = 200  # per command; more are most likely a mistake
# The mapping network gathers a domain's weights, several megabytes, for every code.
CODES_AT_ONCE = 64

Blend = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class StylePath:
    """An interpolation between points, eased in and out at each of them.

    Args:
        points: float array (n, width) of at least two latent or style codes.
        blend: (a (k, width), b (k, width), fraction of b (k, 1)) → (k, width).
        to_styles: function from interpolated points to style codes (k, style_dim).

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
        """Computes style codes at evenly spaced positions.

        Args:
            steps: number of positions, at least 2.
            closed: whether to return to the first point. The end is then excluded, so
                that the sequence can be repeated.

        Returns:
            float32 array (steps, style_dim).
        """
        positions = self.positions(steps, closed)
        before = np.floor(positions).astype(int)
        share = (0.5 - 0.5 * np.cos(np.pi * (positions - before)))[:, None]
        first = self.points[before % len(self.points)]
        second = self.points[(before + 1) % len(self.points)]
        return self.to_styles(self.blend(first, second, share)).astype(np.float32)

    def positions(self, steps: int, closed: bool = False) -> np.ndarray:
        """Positions of the codes, float64 (steps,): 0 is the first point, 1 the second.

        Args:
            steps: number of positions, at least 2.
            closed: whether to return to the first point.

        Raises:
            InputError: if there are fewer than 2 steps.
        """
        if steps < 2:
            raise InputError(
                f"An interpolation needs at least 2 steps. Received: {steps}"
            )
        end = len(self.points) if closed else len(self.points) - 1
        return np.linspace(0.0, end, steps, endpoint=not closed)


def linear(a: np.ndarray, b: np.ndarray, share: np.ndarray | float) -> np.ndarray:
    """Interpolates linearly from a to b; for style codes."""
    return (1.0 - share) * a + share * b


def spherical(a: np.ndarray, b: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Interpolates along the arc from a to b; for latent codes.

    The midpoint of two normally distributed vectors has a smaller norm than samples of
    the distribution, on which the mapping network was trained.
    """
    cosine = (_unit(a) * _unit(b)).sum(axis=1, keepdims=True)
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))
    sine = np.sin(angle)
    # Equal or opposite codes do not define an arc: interpolate linearly.
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
        codes: float32 array (n, style_dim).
        columns: heading of the styles' columns in a grid.
        strength: position in [0, 1] between the style of each image (0) and one of the
            codes (1).
        source_domain: name of the domain of the images; used if `strength` is below 1.
    """

    codes: np.ndarray
    columns: Heading
    strength: float = 1.0
    source_domain: str = ""

    @property
    def heading(self) -> Heading:
        """Column heading of the grid: the input, then every style."""
        return self.columns.after_input()

    def __call__(self, model: Any, images: np.ndarray) -> list[np.ndarray]:
        """Translates uint8 images (n, h, w, 3) to a list of one array per style."""
        styles = self.codes[:, None]
        if self.strength < 1.0:
            domains = [self.source_domain] * len(images)
            styles = linear(model.encode_style(images, domains), styles, self.strength)
        return [
            model.translate(images, styles=style, batch_size=len(images))
            for style in styles
        ]

    def draw(self, model: Any, images: np.ndarray) -> Image.Image:
        """Makes a grid of images (n, h, w, 3), uint8 or float: a column per style."""
        images = as_bytes(images)
        columns = [images, *self(model, images)]
        return self.heading.draw(list(zip(*columns, strict=True)))


def as_bytes(images: np.ndarray) -> np.ndarray:
    """Converts images (n, h, w, 3) or (h, w, 3), uint8 or in [-1, 1], to uint8."""
    images = np.asarray(images)
    return images if images.dtype == np.uint8 else to_uint8(images)


class StyleSource:
    """The base class of sources of styles.

    Attributes:
        domains: name of the domain of each style.
        names: names of the styles for file names.
        columns: heading of the styles' columns in a grid.
    """

    domains: Sequence[str]
    names: Sequence[str]
    columns: Heading

    def codes(self, model: Any) -> np.ndarray:
        """Computes the style codes, float32 (n, style_dim)."""
        raise NotImplementedError

    def path_through(self, model: Any) -> StylePath:
        """Returns the interpolation from each style to the next."""
        return StylePath(self.codes(model), linear, np.asarray)

    def translation(self, model: Any) -> ToStyles:
        """Returns the translation to these styles with the model."""
        return ToStyles(self.codes(model), self.columns)


def block_starts(domains: Sequence[str]) -> list[int]:
    """Returns the indices at which the domain changes in a list of domains."""
    return [i for i in range(1, len(domains)) if domains[i] != domains[i - 1]]


@dataclass(frozen=True)
class RandomStyles(StyleSource):
    """Random styles, determined by their seeds.

    Args:
        picks: (domain, seed) of each style. The style is that of
            `model.translate(image, domain, seed=seed)` for a single image.
        truncation: ψ in [0, 1]; see `StarGANV2.translate`.

    Raises:
        InputError: if the truncation is outside [0, 1], or a seed is negative.
    """

    picks: tuple[tuple[str, int], ...]
    truncation: float = 1.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.truncation <= 1.0:
            raise InputError(
                "truncation must be in [0, 1], from the mean style (0) to full "
                f"diversity (1). Received: {self.truncation}"
            )
        if any(seed < 0 for _, seed in self.picks):
            raise InputError(
                "Seeds must be 0 or greater. Received: "
                f"{[seed for _, seed in self.picks]}"
            )

    @property
    def domains(self) -> list[str]:
        """Name of the domain of each style."""
        return [domain for domain, _ in self.picks]

    @property
    def names(self) -> list[str]:
        """Names of the styles for file names."""
        return [f"{domain}_seed{seed}" for domain, seed in self.picks]

    @property
    def columns(self) -> Heading:
        """Column heading of the styles, with a block per domain."""
        titles = [f"{domain}, seed {seed}" for domain, seed in self.picks]
        return Heading(titles, breaks=block_starts(self.domains))

    def codes(self, model: Any) -> np.ndarray:
        """Computes the style codes, float32 (n, style_dim)."""
        latents = self._latents(model)
        codes = np.zeros((len(latents), model.style_dim), np.float32)
        for domain in dict.fromkeys(self.domains):
            rows = [row for row, other in enumerate(self.domains) if other == domain]
            codes[rows] = self._map(model, domain, latents[rows])
        return codes

    def path_through(self, model: Any) -> StylePath:
        """Returns the interpolation between the latent codes of a single domain.

        Raises:
            InputError: if there are several domains, or fewer than two styles.
        """
        if len(set(self.domains)) > 1:
            raise InputError(
                "An interpolation between latent codes needs a single domain. "
                f"Received: {', '.join(dict.fromkeys(self.domains))}. Choose one."
            )
        to_styles = partial(self._map, model, self.domains[0])
        return StylePath(self._latents(model), spherical, to_styles)

    def _latents(self, model: Any) -> np.ndarray:
        draws = [np.random.default_rng(seed) for _, seed in self.picks]
        return np.stack([rng.standard_normal(model.latent_dim) for rng in draws])

    def _map(self, model: Any, domain: str, latents: np.ndarray) -> np.ndarray:
        starts = range(0, len(latents), CODES_AT_ONCE)
        batches = [latents[start : start + CODES_AT_ONCE] for start in starts]
        return np.concatenate(
            [model.map_latents(batch, domain, self.truncation) for batch in batches]
        )


def random_styles(
    domains: Sequence[str], seeds: Sequence[int], truncation: float = 1.0
) -> RandomStyles:
    """Returns one style per domain and seed, ordered by domain.

    Args:
        domains: names of domains.
        seeds: integers of at least 0.
        truncation: ψ in [0, 1]; see `StarGANV2.translate`.
    """
    picks = [(domain, int(seed)) for domain in domains for seed in seeds]
    return RandomStyles(tuple(picks), truncation)


@dataclass(frozen=True)
class ReferenceStyles(StyleSource):
    """The styles of reference images.

    Args:
        images: uint8 array (n, size, size, 3).
        domains: name of the domain of each image.
        files: the image files, if the images come from files.
    """

    images: np.ndarray
    domains: Sequence[str]
    files: Sequence[InputPicture] = ()

    @property
    def names(self) -> list[str]:
        """Names of the styles for file names."""
        names = [f"by_{file.path.stem}" for file in self.files]
        if len(set(names)) == len(names):
            return names
        return [f"{name}_{number}" for number, name in enumerate(names, 1)]

    @property
    def columns(self) -> Heading:
        """Column heading with the reference images, with a block per domain."""
        return Heading(self.domains, list(self.images), block_starts(self.domains))

    def codes(self, model: Any) -> np.ndarray:
        """Computes the style codes, float32 (n, style_dim)."""
        return model.encode_style(self.images, list(self.domains))


def read_references(
    paths: Sequence[str], fitting: Fitting, domains: Sequence[str], domain: str | None
) -> ReferenceStyles:
    """Reads reference images.

    Args:
        paths: paths of files or folders.
        fitting: how image files are converted to inputs of the model.
        domains: names of all domains of the model.
        domain: name of the domain of all references. If None, the domain of each
            reference is the name of its folder.

    Raises:
        InputError: if a file cannot be read, its domain is unknown, or there are too
            many references.
    """
    files = find_inputs(paths, what="reference")
    check_count(len(files), "--reference")
    named = [(domain or _folder_domain(file.path, domains), file) for file in files]
    named.sort(key=lambda pair: domains.index(pair[0]))
    return ReferenceStyles(
        np.stack([fitting.read(file.path)[0].image for _, file in named]),
        [name for name, _ in named],
        [file for _, file in named],
    )


def check_count(count: int, flag: str) -> None:
    """Raises InputError if there are more than `MAX_STYLES` targets."""
    if count > MAX_STYLES:
        raise InputError(
            f"At most {MAX_STYLES} targets are allowed per command. Received: {count} "
            f"from {flag}. Use several commands with --to."
        )


def _folder_domain(path: Path, domains: Sequence[str]) -> str:
    name = composed(Path(os.path.abspath(path)).parent.name)
    if name in domains:
        return name
    raise InputError(
        f"The domain of the reference '{path}' must be given by --to DOMAIN or by the "
        f"name of its folder. Received: folder '{name}'. " + near_names(name, domains)
    )


def latent_grid(
    model: Any, images: np.ndarray, seeds: Sequence[int], truncation: float = 1.0
) -> Image.Image:
    """Makes a grid of images translated to random styles of every domain.

    Example:

    ```python
    model = stargan_tf.load_model("toon_people")
    stargan_tf.latent_grid(model, images, seeds=(0, 1, 2)).save("grid.png")
    ```

    Args:
        model: a `StarGANV2`.
        images: source images, (n, height, width, 3), uint8 or float in [-1, 1].
        seeds: seeds of the random styles, one column per domain and seed. The column
            "cat, seed 7" shows `model.translate(image, "cat", seed=7)`.
        truncation: ψ in [0, 1]; see `StarGANV2.translate`.

    Returns:
        `PIL.Image.Image` in RGB with a row per source and a column per style, grouped
        by domain.

    Raises:
        InputError: if the truncation is outside [0, 1], or a seed is negative.
    """
    styles = random_styles(model.info.domains, seeds, truncation)
    return styles.translation(model).draw(model, images)


def reference_grid(
    model: Any,
    images: np.ndarray,
    references: np.ndarray,
    domains: Sequence[str] | Sequence[int],
) -> Image.Image:
    """Makes a grid of images translated to the styles of reference images.

    Args:
        model: a `StarGANV2`.
        images: source images, (n, height, width, 3), uint8 or float in [-1, 1].
        references: reference images, (m, height, width, 3), uint8 or float in [-1, 1].
        domains: m names or indices, the domain of each reference.

    Returns:
        `PIL.Image.Image` in RGB with a row per source and a column per reference; the
        first row shows the references.

    Raises:
        InputError: if the numbers of references and domains differ.
    """
    if len(references) != len(domains):
        raise InputError(
            "Pass one domain per reference. Received: "
            f"{len(references)} references and {len(domains)} domains"
        )
    names = [d if isinstance(d, str) else model.info.domains[int(d)] for d in domains]
    styles = ReferenceStyles(as_bytes(references), names)
    return styles.translation(model).draw(model, images)
