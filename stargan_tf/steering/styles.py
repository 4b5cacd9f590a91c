"""Styles that were saved to a file."""

import os
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from PIL import Image

from stargan_tf.archives import open_arrays, write_arrays
from stargan_tf.data.info import composed
from stargan_tf.data.pictures import to_uint8
from stargan_tf.errors import InputError, near_names
from stargan_tf.translation.grid import Heading
from stargan_tf.translation.pictures import Fitting, InputPicture, find_inputs

# A smooth way from style to style.

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

        Args:
            steps: how many, at least 2.
            closed: whether the way leads back to the first point, for a film that
                repeats; the codes end one step before it.

        Returns:
            float32 (steps, style_dim).
        """
        positions = self.positions(steps, closed)
        before = np.floor(positions).astype(int)
        share = _ease(positions - before)[:, None]
        first = self.points[before % len(self.points)]
        second = self.points[(before + 1) % len(self.points)]
        return self.to_styles(self.blend(first, second, share)).astype(np.float32)

    def positions(self, steps: int, closed: bool = False) -> np.ndarray:
        """Where the codes lie: 0 is the first point, 1 the second, and so on.

        Args:
            steps: as in `styles`.
            closed: as in `styles`.

        Returns:
            float64 (steps,).

        Raises:
            InputError: if `steps` is below 2.
        """
        if steps < 2:
            raise InputError(
                f"An interpolation needs at least 2 steps. Received: {steps}"
            )
        end = len(self.points) if closed else len(self.points) - 1
        return np.linspace(0.0, end, steps, endpoint=not closed)


def linear(a: np.ndarray, b: np.ndarray, share: np.ndarray) -> np.ndarray:
    """The straight line from a to b: for style codes."""
    return (1.0 - share) * a + share * b


def spherical(a: np.ndarray, b: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Along the arc from a to b: for latent codes.

    Half-way on the straight line between two draws of a normal distribution is too
    short to be one of them; the mapping network has rarely seen such codes.

    Args:
        a: (k, width).
        b: (k, width).
        share: of b, (k, 1).

    Returns:
        (k, width).
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


def _ease(share: np.ndarray) -> np.ndarray:
    return 0.5 - 0.5 * np.cos(np.pi * share)


# Style codes as a file, so that they are computed once and used many times.

EXTENSION = ".npz"
FAMILY = "stargan_v2"
FORMAT = 1


@dataclass(frozen=True)
class StyleCodes:
    """Style codes, with what tells the models that understand them.

    Args:
        styles: float32 (n, style_dim).
        domains: the domain of each style, by name.
        model_domains: all domains of the model.
        family: the model's family.
    """

    styles: np.ndarray
    domains: tuple[str, ...]
    model_domains: tuple[str, ...]
    family: str = FAMILY

    def check_model(self, family: str, domains: Sequence[str], where: str) -> None:
        """Raises InputError if the model is of another family or has other domains.

        Args:
            family: the model's family.
            domains: its domains.
            where: what the message calls the styles.
        """
        ours, theirs = (self.family, self.model_domains), (family, tuple(domains))
        if ours != theirs:
            raise InputError(
                f"{where} holds styles of another model, a {ours[0]} with the domains "
                f"{', '.join(ours[1])}. Received: a {theirs[0]} with "
                f"{', '.join(theirs[1])}. Make the styles anew with this model."
            )

    def check_width(self, style_dim: int, where: str) -> None:
        """Raises InputError unless the styles are `style_dim` wide."""
        width = self.styles.shape[1]
        if width != style_dim:
            raise InputError(
                f"{where} holds styles of another model, {width} wide. This model's "
                f"are {style_dim} wide (style_dim). Make them anew with this model."
            )


def save_styles(
    path: str | os.PathLike, styles: np.ndarray, domains: Sequence[str], model: Any
) -> Path:
    """Writes style codes; the file appears in full or not at all.

    Args:
        path: where to, a `.npz`.
        styles: (n, style_dim), from `model.encode_style` or `model.map_latents`.
        domains: the domain of each style by name; a single name serves all.
        model: the `StarGANV2` that they are of.

    Returns:
        `path` as a `Path`.

    Raises:
        InputError: for another extension, styles that do not fit, or if the file
            cannot be written.
    """
    path = check_style_path(path)
    styles = np.asarray(styles, np.float32)
    names = [domains] * len(styles) if isinstance(domains, str) else list(domains)
    names = list(map(composed, names))
    if styles.ndim != 2 or len(styles) != len(names) or not names:
        raise InputError(
            "Styles are (n, style_dim) with a domain each. Received: shape "
            f"{styles.shape} and {len(names)} domains"
        )
    codes = StyleCodes(styles, tuple(names), tuple(model.info.domains))
    codes.check_width(model.style_dim, "The array")
    for name in names:
        model.info.index(name)
    _write(path, codes)
    return path


def load_styles(path: str | os.PathLike, model: Any = None) -> StyleCodes:
    """Reads style codes that `save_styles` wrote.

    Args:
        path: the file.
        model: the model to use them with, which is checked to be of the same kind.

    Returns:
        The codes; `model.translate(images, styles=codes.styles[:1])` uses the first.

    Raises:
        InputError: if the file cannot be read, or is of another model.
    """
    codes = _read(Path(path))
    if model is not None:
        codes.check_model(FAMILY, model.info.domains, str(path))
        codes.check_width(model.style_dim, str(path))
    return codes


def check_style_path(path: str | os.PathLike) -> Path:
    """`path`; InputError unless it ends in `.npz`."""
    path = Path(path)
    if path.suffix.lower() != EXTENSION:
        raise InputError(
            f"A style file's name must end in {EXTENSION}. Received: {path.name}"
        )
    return path


def _write(path: Path, codes: StyleCodes) -> None:
    arrays = {
        "format": FORMAT,
        "family": codes.family,
        "model_domains": np.array(codes.model_domains),
        "domain": np.array(codes.domains),
        "style": codes.styles,
    }
    write_arrays(path, arrays, "style file")


def _read(path: Path) -> StyleCodes:
    try:
        # No pickles: a style file from elsewhere must not run code.
        with open_arrays(path) as arrays:
            version, style = int(arrays["format"]), arrays["style"]
            family = str(arrays["family"])
            domains = tuple(map(composed, arrays["domain"].tolist()))
            model_domains = tuple(map(composed, arrays["model_domains"].tolist()))
    except InputError:
        raise
    except OSError as error:
        raise _unreadable(path, error.strerror or "not a .npz file") from error
    # What NumPy answers broken or foreign bytes with.
    except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise _unreadable(path, "not written by --save_style, or damaged") from error
    if not all(isinstance(name, str) for name in (*domains, *model_domains)):
        raise _unreadable(path, "not written by --save_style, or damaged")
    sound = style.ndim == 2 and style.dtype == np.float32 and np.isfinite(style).all()
    if version != FORMAT or not sound or len(style) != len(domains) or not domains:
        raise _unreadable(path, "of another version, or damaged")
    return StyleCodes(style, domains, model_domains, family)


def _unreadable(path: Path, reason: str) -> InputError:
    return InputError(f"Cannot read the style file {path}: {reason}.")


# Translation by style: style codes, applied to a model and its images.


class StyleModel(Protocol):
    """What translation by style asks of a model; `StarGANV2` has it."""

    style_dim: int
    latent_dim: int

    def translate(
        self, images: np.ndarray, *, styles: np.ndarray, batch_size: int
    ) -> np.ndarray:
        """Redraws images in styles, one each or one for all."""
        ...

    def map_latents(
        self, latents: np.ndarray, domain: str, truncation: float
    ) -> np.ndarray:
        """Style codes of latent codes."""
        ...

    def encode_style(self, references: np.ndarray, domain: Sequence[str]) -> np.ndarray:
        """Style codes of pictures."""
        ...


@dataclass(frozen=True)
class ToStyles:
    """Translates every picture to each of several styles.

    Args:
        codes: float32 (n, style_dim).
        columns: the head of the styles' columns in a grid.
    """

    codes: np.ndarray
    columns: Heading

    @property
    def heading(self) -> Heading:
        """The grid's head: the input, then every style."""
        return self.columns.after_input()

    def __call__(self, model: StyleModel, images: np.ndarray) -> list[np.ndarray]:
        """uint8 images (n, h, w, 3) → a list of the like, one for each style."""
        return [
            model.translate(images, styles=code[None], batch_size=len(images))
            for code in self.codes
        ]

    def draw(self, model: StyleModel, images: np.ndarray) -> Image.Image:
        """A grid: a row for each picture, a column for each style.

        Args:
            model: the model.
            images: (n, h, w, 3), uint8 or float in [-1, 1].

        Returns:
            An RGB picture.
        """
        images = as_bytes(images)
        columns = [images, *self(model, images)]
        return self.heading.draw(list(zip(*columns, strict=True)))


def as_bytes(images: np.ndarray) -> np.ndarray:
    """Images (n, h, w, 3), uint8 or float in [-1, 1], as uint8."""
    images = np.asarray(images)
    return images if images.dtype == np.uint8 else to_uint8(images)


# Where styles come from: random latent codes, reference pictures, or a file.


class StyleSource(Protocol):
    """Several styles that a model can give codes for.

    `RandomStyles`, `ReferenceStyles` and `StoredStyles` are such.
    """

    domains: Sequence[str]
    names: Sequence[str]
    columns: Heading

    def codes(self, model: StyleModel) -> np.ndarray:
        """Style codes, float32 (n, style_dim)."""
        ...

    def path_through(self, model: StyleModel) -> StylePath:
        """A way from each style to the next."""
        ...


def to_styles(model: StyleModel, source: StyleSource) -> ToStyles:
    """The translation to a source's styles.

    Args:
        model: gives the style codes.
        source: the styles.

    Returns:
        The translation, for any images of that model.
    """
    return ToStyles(source.codes(model), source.columns)


# Styles of random latent codes, each known by its domain and its seed.

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


# Styles taken from reference pictures.

MAX_STYLES = 200  # more columns or variants are a mistake rather than a wish


@dataclass(frozen=True)
class ReferenceStyles:
    """The styles of pictures.

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
        """Head of the styles' columns: the references themselves."""
        return Heading(self.domains, list(self.images), block_starts(self.domains))

    def codes(self, model: StyleModel) -> np.ndarray:
        """Style codes, float32 (n, style_dim)."""
        return model.encode_style(self.images, list(self.domains))

    def path_through(self, model: StyleModel) -> StylePath:
        """A way through the styles."""
        return StylePath(self.codes(model), linear, np.asarray)


def read_references(
    paths: Sequence[str], fitting: Fitting, domains: Sequence[str], domain: str | None
) -> ReferenceStyles:
    """Reads reference pictures.

    Args:
        paths: files and folders.
        fitting: how pictures become what the model takes.
        domains: the model's domains.
        domain: that of all the references; None takes each one's from the name of
            the folder that it lies in.

    Returns:
        The references, by domain in the model's order where they name their own.

    Raises:
        InputError: if a picture is missing or unreadable, its domain is not known,
            or there are more than `MAX_STYLES`.
    """
    pictures = find_inputs(paths, what="reference")
    check_count(len(pictures), "--reference")
    named = [(domain or _folder_domain(p.path, domains), p) for p in pictures]
    named.sort(key=lambda pair: domains.index(pair[0]))
    return ReferenceStyles(
        np.stack([fitting.read(picture.path).image for _, picture in named]),
        [name for name, _ in named],
        [picture for _, picture in named],
    )


def check_count(count: int, flag: str) -> None:
    """Raises InputError if there are more than `MAX_STYLES` styles."""
    if count > MAX_STYLES:
        raise InputError(
            f"At most {MAX_STYLES} styles at a time. Received: {count} by {flag}. "
            "Use several commands."
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


@dataclass(frozen=True)
class StoredStyles:
    """The styles in a file.

    Args:
        path: the file; error messages name it.
        content: what it holds.
    """

    path: Path
    content: StyleCodes

    @property
    def domains(self) -> list[str]:
        """The styles' domains."""
        return list(self.content.domains)

    @property
    def names(self) -> list[str]:
        """What to call the styles in file names."""
        return [f"{self.path.stem}{n}" for n, _ in enumerate(self.domains, 1)]

    @property
    def columns(self) -> Heading:
        """Head of the styles' columns: a block for each domain."""
        titles = [f"{domain}, style {n}" for n, domain in enumerate(self.domains, 1)]
        return Heading(titles, breaks=block_starts(self.domains))

    def codes(self, model: StyleModel) -> np.ndarray:
        """Style codes, float32 (n, style_dim); InputError if the model's are wider."""
        self.content.check_width(model.style_dim, str(self.path))
        return self.content.styles

    def path_through(self, model: StyleModel) -> StylePath:
        """A way through the styles."""
        return StylePath(self.codes(model), linear, np.asarray)


def read_stored(
    path: str, family: str, domains: Sequence[str], domain: str | None
) -> StoredStyles:
    """Reads a style file for a model that is not opened yet.

    Args:
        path: the file.
        family: the model's family.
        domains: the model's domains.
        domain: takes the styles of this domain only; None takes all.

    Returns:
        The styles.

    Raises:
        InputError: if the file cannot be read, is of another model, or has no style
            of the domain.
    """
    codes = load_styles(path)
    codes.check_model(family, domains, path)
    rows = [row for row, own in enumerate(codes.domains) if domain in (None, own)]
    if not rows:
        raise InputError(
            f"{path} has styles of {', '.join(dict.fromkeys(codes.domains))} only. "
            f"Received: --to {domain}"
        )
    owners = tuple(codes.domains[row] for row in rows)
    kept = replace(codes, styles=codes.styles[rows], domains=owners)
    return StoredStyles(Path(path), kept)
