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
class StyleCodes(StyleSource):
    """The style codes in a file, with what identifies the models that understand them.

    Args:
        styles: float32 (n, style_dim).
        domains: the domain of each style, by name.
        model_domains: all domains of the model.
        family: the model's family.
        path: the file.
    """

    styles: np.ndarray
    domains: tuple[str, ...]
    model_domains: tuple[str, ...]
    family: str
    path: Path

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
        """`styles`; InputError if the model's are of another width."""
        width = self.styles.shape[1]
        if width != model.style_dim:
            raise InputError(
                f"{self.path} holds styles of another model, {width} wide. This "
                f"model's are {model.style_dim} wide (style_dim). Make them anew with "
                "this model."
            )
        return self.styles

    def check_model(self, family: str, domains: Sequence[str]) -> None:
        """Raises InputError if the model is of another family or has other domains."""
        if (self.family, self.model_domains) != (family, tuple(domains)):
            raise InputError(
                f"{self.path} holds styles of another model, a {self.family} with the "
                f"domains {', '.join(self.model_domains)}. Received: a {family} with "
                f"{', '.join(domains)}. Make the styles anew with this model."
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
    if styles.shape != (len(names), model.style_dim) or not names:
        raise InputError(
            f"Styles are (n, {model.style_dim}) with a domain each. Received: shape "
            f"{styles.shape} and {len(names)} domains"
        )
    for name in names:
        model.info.index(name)
    arrays = {
        "format": FORMAT,
        "family": model.family,
        "model_domains": np.array(model.info.domains),
        "domain": np.array(names),
        "style": styles,
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
        codes.check_model(model.family, model.info.domains)
        codes.codes(model)
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
    try:
        # No pickles: a style file from elsewhere must not run code.
        with open_arrays(path) as arrays:
            version, style = int(arrays["format"]), arrays["style"]
            family = str(arrays["family"])
            domains = tuple(map(composed, arrays["domain"].tolist()))
            model_domains = tuple(map(composed, arrays["model_domains"].tolist()))
        if version != FORMAT or style.ndim != 2 or len(style) != len(domains):
            raise ValueError
        if style.dtype != np.float32 or not np.isfinite(style).all() or not domains:
            raise ValueError
    except InputError:
        raise
    except OSError as error:
        reason = error.strerror or "not a .npz file"
        raise InputError(f"Cannot read the style file {path}: {reason}.") from error
    # What NumPy answers broken or foreign bytes with.
    except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(
            f"Cannot read the style file {path}: not written by --save_style, of "
            "another version, or damaged."
        ) from error
    return StyleCodes(style, domains, model_domains, family, path)


def read_stored(
    path: str, family: str, domains: Sequence[str], domain: str | None
) -> StyleCodes:
    """Reads a style file for a model of a family that is not opened yet.

    It takes the styles of one of the model's domains only; None takes all. An
    InputError says if the file is broken, of another model, or without such styles.
    """
    codes = load_styles(path)
    codes.check_model(family, domains)
    rows = [row for row, name in enumerate(codes.domains) if domain in (None, name)]
    if not rows:
        raise InputError(
            f"{path} has styles of {', '.join(dict.fromkeys(codes.domains))} only. "
            f"Received: --to {domain}"
        )
    names = tuple(codes.domains[row] for row in rows)
    return replace(codes, styles=codes.styles[rows], domains=names)
