"""Style codes in files, so that they are computed once and used many times."""

import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from stargan_tf.archives import open_arrays, write_arrays
from stargan_tf.data.info import composed
from stargan_tf.errors import InputError
from stargan_tf.steering.styles import StyleSource, block_starts
from stargan_tf.translation.grid import Heading

EXTENSION = ".npz"
FORMAT = 1


@dataclass(frozen=True)
class StyleCodes:
    """Style codes, with what identifies the models that understand them.

    Args:
        styles: float32 (n, style_dim).
        domains: the domain of each style, by name.
        model_domains: all domains of the model.
        family: the model's family.
    """

    styles: np.ndarray
    domains: tuple[str, ...]
    model_domains: tuple[str, ...]
    family: str

    def check_model(self, family: str, domains: Sequence[str], where: str) -> None:
        """Raises InputError if the model is of another family or has other domains."""
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
    codes = StyleCodes(styles, tuple(names), tuple(model.info.domains), model.family)
    codes.check_width(model.style_dim, "The array")
    for name in names:
        model.info.index(name)
    arrays = {
        "format": FORMAT,
        "family": codes.family,
        "model_domains": np.array(codes.model_domains),
        "domain": np.array(codes.domains),
        "style": codes.styles,
    }
    write_arrays(path, arrays, "style file")
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
        codes.check_model(model.family, model.info.domains, str(path))
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


def _read(path: Path) -> StyleCodes:
    damaged = "not written by --save_style, or damaged"
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
        raise _unreadable(path, damaged) from error
    if not all(isinstance(name, str) for name in (*domains, *model_domains)):
        raise _unreadable(path, damaged)
    sound = style.ndim == 2 and style.dtype == np.float32 and np.isfinite(style).all()
    if version != FORMAT or not sound or len(style) != len(domains) or not domains:
        raise _unreadable(path, "of another version, or damaged")
    return StyleCodes(style, domains, model_domains, family)


def _unreadable(path: Path, reason: str) -> InputError:
    return InputError(f"Cannot read the style file {path}: {reason}.")


@dataclass(frozen=True)
class StoredStyles(StyleSource):
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

    def codes(self, model: Any) -> np.ndarray:
        """Style codes, float32 (n, style_dim); InputError if the model's are wider."""
        self.content.check_width(model.style_dim, str(self.path))
        return self.content.styles


def read_stored(
    path: str, family: str, domains: Sequence[str], domain: str | None
) -> StoredStyles:
    """Reads a style file for a model that is not opened yet.

    Args:
        path: the file.
        family: the model's family.
        domains: the model's domains.
        domain: takes the styles of this domain only; None takes all.

    Raises:
        InputError: if the file cannot be read, is of another model, or has no style
            of the domain.
    """
    codes = load_styles(path)
    codes.check_model(family, domains, path)
    rows = [row for row, name in enumerate(codes.domains) if domain in (None, name)]
    if not rows:
        raise InputError(
            f"{path} has styles of {', '.join(dict.fromkeys(codes.domains))} only. "
            f"Received: --to {domain}"
        )
    names = tuple(codes.domains[row] for row in rows)
    return StoredStyles(
        Path(path), replace(codes, styles=codes.styles[rows], domains=names)
    )
