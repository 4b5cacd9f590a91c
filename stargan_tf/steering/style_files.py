"""Files of style codes, to reuse styles."""

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
from stargan_tf.files import check_ending, user_path
from stargan_tf.steering.styles import StyleSource, block_starts
from stargan_tf.translation.grid import Heading

EXTENSIONS = (".npz",)
FORMAT = 1


@dataclass(frozen=True)
class StyleCodes(StyleSource):
    """The style codes in a file, with the family and domains of their model.

    Args:
        styles: float32 array (n, style_dim).
        domains: name of the domain of each style.
        model_domains: names of all domains of the model.
        family: name of the model's family.
        path: path of the file.
    """

    styles: np.ndarray
    domains: tuple[str, ...]
    model_domains: tuple[str, ...]
    family: str
    path: Path

    @property
    def names(self) -> list[str]:
        """Names of the styles for file names."""
        return [f"{self.path.stem}{n}" for n, _ in enumerate(self.domains, 1)]

    @property
    def columns(self) -> Heading:
        """Column heading of the styles, with a block per domain."""
        titles = [f"{domain}, style {n}" for n, domain in enumerate(self.domains, 1)]
        return Heading(titles, breaks=block_starts(self.domains))

    def codes(self, model: Any) -> np.ndarray:
        """Returns `styles`; raises InputError if their width differs from the model's.

        Args:
            model: the model to use the styles with.
        """
        width = self.styles.shape[1]
        if width != model.style_dim:
            raise InputError(
                f"Styles for this model must be {model.style_dim} wide (style_dim). "
                f"Received: {self.path} with styles of width {width}. Save styles of "
                "this model."
            )
        return self.styles

    def check_model(self, family: str, domains: Sequence[str]) -> None:
        """Raises InputError if the model has another family or other domains."""
        if (self.family, self.model_domains) != (family, tuple(domains)):
            raise InputError(
                f"Expected styles of a {family} model with the domains "
                f"{', '.join(domains)}. Received: {self.path} with styles of a "
                f"{self.family} model with {', '.join(self.model_domains)}. Save new "
                "styles with this model."
            )


def save_styles(
    path: str | os.PathLike, styles: np.ndarray, domains: Sequence[str], model: Any
) -> Path:
    """Saves style codes to a file, atomically.

    Example:

    ```python
    styles = model.encode_style(references, "female")
    stargan_tf.save_styles("styles.npz", styles, "female", model)
    codes = stargan_tf.load_styles("styles.npz", model)
    model.translate(images, styles=codes.styles[:1])
    ```

    Args:
        path: path of the file, which must end in `.npz`.
        styles: array (n, style_dim) from `model.encode_style` or `model.map_latents`.
        domains: name of the domain of each style, or a single name for all.
        model: the `StarGANV2` that the styles belong to.

    Returns:
        `path` as a `pathlib.Path`.

    Raises:
        InputError: if the path does not end in `.npz`, styles and domains do not
            match the model, or the file cannot be written.
    """
    path = check_ending(path, "a style file", EXTENSIONS)
    styles = np.asarray(styles, np.float32)
    names = [domains] * len(styles) if isinstance(domains, str) else list(domains)
    names = list(map(composed, names))
    if styles.shape != (len(names), model.style_dim) or not names:
        raise InputError(
            f"Styles must have shape (n, {model.style_dim}) and one domain each. "
            f"Received: shape {styles.shape} and {len(names)} domains"
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
    """Loads style codes from a file of `save_styles`.

    Args:
        path: path of the file.
        model: the model to use the styles with. If given, its family, domains, and
            style width are checked.

    Returns:
        The `StyleCodes`. `model.translate(images, styles=codes.styles[:1])` uses the
        first style.

    Raises:
        InputError: if the file cannot be read, or belongs to another model.
    """
    codes = _read(user_path(path))
    if model is not None:
        codes.check_model(model.family, model.info.domains)
        codes.codes(model)
    return codes


def _read(path: Path) -> StyleCodes:
    try:
        # No pickles: files of unknown origin must not run code.
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
    # The errors of NumPy for broken or unrelated files.
    except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(
            f"Cannot read the style file {path}: it was not written by --save_style, "
            "has another version, or is damaged."
        ) from error
    return StyleCodes(style, domains, model_domains, family, path)


def read_stored(
    path: str, family: str, domains: Sequence[str], domain: str | None
) -> StyleCodes:
    """Reads a style file for a model that is not loaded yet.

    Args:
        path: path of the file.
        family: name of the model's family.
        domains: names of all domains of the model.
        domain: the domain whose styles are selected; None for all styles.

    Raises:
        InputError: if the file cannot be read, belongs to another model, or has no
            styles of `domain`.
    """
    codes = load_styles(path)
    codes.check_model(family, domains)
    rows = [row for row, name in enumerate(codes.domains) if domain in (None, name)]
    if not rows:
        raise InputError(
            f"{path} has styles of {', '.join(dict.fromkeys(codes.domains))} only. "
            f"Received: --to {domain}. Choose one of these domains."
        )
    names = tuple(codes.domains[row] for row in rows)
    return replace(codes, styles=codes.styles[rows], domains=names)
