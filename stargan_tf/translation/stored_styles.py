"""Styles that were saved to a file."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from stargan_tf.errors import InputError
from stargan_tf.translation.by_style import StyleModel
from stargan_tf.translation.heading import Heading
from stargan_tf.translation.random_styles import block_starts
from stargan_tf.translation.style_file import StyleCodes, load_styles
from stargan_tf.translation.style_path import StylePath, linear


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
