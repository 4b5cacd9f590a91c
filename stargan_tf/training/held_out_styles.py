"""The fixed held-out images that a StarGAN v2 run is watched by."""

from dataclasses import dataclass

import numpy as np

from stargan_tf.data.labelled_images import LabelledImages
from stargan_tf.training.held_out_images import HeldOutImages, load_some, spread

SOURCES = 6
REFERENCES = 8


@dataclass(frozen=True)
class HeldOutStyles:
    """Sources and references with their domains.

    Args:
        images: the sources, uint8 (n, size, size, 3).
        domains: their domains, int32 (n,).
        references: other images, uint8 (m, size, size, 3).
        reference_domains: their domains, int32 (m,).
    """

    images: np.ndarray
    domains: np.ndarray
    references: np.ndarray
    reference_domains: np.ndarray


def pick_styles(source: LabelledImages) -> HeldOutStyles:
    """Some sources and references of each domain, the same ones at each call.

    Of many domains some, evenly spread, so that there are never more than `SOURCES`
    and `REFERENCES`.

    Args:
        source: the held-out split, one-hot. A domain with a single image has it in
            both places.
    """
    domains = range(len(source.info.domains))
    of_domain = [np.flatnonzero(source.labels[:, domain]) for domain in domains]
    present = [rows for rows in of_domain if len(rows)]
    first, last = (max(1, count // len(present)) for count in (SOURCES, REFERENCES))
    some = [rows[spread(len(rows), first + last)] for rows in present]
    sources = [some[place][:first] for place in spread(len(some), SOURCES)]
    references = [some[place][-last:] for place in spread(len(some), REFERENCES)]
    images = load_some(source, np.concatenate(sources))
    styles = load_some(source, np.concatenate(references))
    return HeldOutStyles(
        images.images, _numbers(images), styles.images, _numbers(styles)
    )


def _numbers(images: HeldOutImages) -> np.ndarray:
    return images.labels.argmax(axis=1).astype(np.int32)
