"""The paper's pictures of StarGAN v2: the latent grid and the reference grid."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from stargan_tf.errors import InputError
from stargan_tf.translation.by_style import as_bytes
from stargan_tf.translation.random_styles import random_styles
from stargan_tf.translation.reference_styles import ReferenceStyles
from stargan_tf.translation.style_source import to_styles


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
        An RGB picture: rows are sources, columns styles, a block for each domain.
    """
    styles = random_styles(model.info.domains, seeds, truncation)
    return to_styles(model, styles).draw(model, images)


def reference_grid(
    model: Any,
    images: np.ndarray,
    references: np.ndarray,
    domains: Sequence[str] | Sequence[int],
) -> Image.Image:
    """Sources in the styles of reference pictures.

    Args:
        model: a `StarGANV2`.
        images: the sources, (n, size, size, 3), uint8 or float in [-1, 1].
        references: (m, size, size, 3), likewise.
        domains: the references' domains, m names or numbers.

    Returns:
        An RGB picture: sources down, references across, as the first row.

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
    return to_styles(model, styles).draw(model, images)
