"""Where styles come from: random latent codes, reference pictures, or a file."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from stargan_tf.translation.by_style import StyleModel, ToStyles
from stargan_tf.translation.heading import Heading
from stargan_tf.translation.style_path import StylePath


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
