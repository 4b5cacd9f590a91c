"""What people ask of a run that looks wrong: is the label ignored, is D saturated?"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

# Mean absolute difference, with images in [-1, 1], below which no eye sees a change.
IGNORED = 0.01


def label_effect(columns: Sequence[np.ndarray]) -> float:
    """How much the label matters: mean |G(x, c1) - G(x, c2)|, images in [-1, 1].

    Args:
        columns: uint8 images (n, height, width, 3), one array for each of at least
            two target labels.

    Returns:
        The mean over neighbouring pairs of labels.
    """
    pairs = pairwise(columns)
    effects = [np.abs(a.astype(np.int16) - b).mean() / 127.5 for a, b in pairs]
    return float(np.mean(effects))


def critic_view(real: np.ndarray, fakes: np.ndarray) -> dict[str, float]:
    """How easily the critic tells held-out images from their translations.

    Args:
        real: the critic's scores of n real images, (n,).
        fakes: those of k translations of each, (k, n).

    Returns:
        `critic_gap`: mean D(x) - D(G(x)); `critic_wins`: the share of images whose
        translation scores lower than they do. A gap that grows while the wins stay
        at 1 is a saturated critic.
    """
    return {
        "critic_gap": float(np.mean(real - fakes)),
        "critic_wins": float(np.mean(real > fakes)),
    }
