"""A data set's images ready to be drawn at random: from the cache, or decoded anew."""

from typing import Protocol

import numpy as np

from stargan_tf.data.cache import CachedImages, cached_images, fits_in_cache
from stargan_tf.data.decoded_images import DecodedImages
from stargan_tf.data.labelled_images import LabelledImages
from stargan_tf.errors import InputError

AUTO = "auto"
ALWAYS = "always"
NEVER = "never"


class ImageStore(Protocol):
    """Images by position, of which an unreadable one never stops a training run.

    Attributes:
        labels: float32 array (number of positions, number of domains).
        complete: whether every position is known to be readable.
    """

    labels: np.ndarray
    complete: bool

    def __len__(self) -> int: ...


def open_images(
    source: LabelledImages, cache: str = AUTO, *, same_domain: bool = False
) -> CachedImages | DecodedImages:
    """Opens the images of one source.

    Args:
        source: one split of a data set.
        cache: `"auto"` keeps the decoded images on disk where they fit the limit of
            all that is kept (environment variable `STARGAN_TF_CACHE_LIMIT_MB`, 8192
            unless set), `"always"` keeps them whatever their size, `"never"` decodes
            each image each time. The folder is `STARGAN_TF_CACHE`.
        same_domain: only an image of the same domain may stand in for an unreadable
            one, see `DecodedImages`.

    Returns:
        The images; from the cache, unreadable ones are left out.

    Raises:
        InputError: if `cache` is another word, or no image can be read.
    """
    if cache not in (AUTO, ALWAYS, NEVER):
        raise InputError(
            f"cache must be '{AUTO}', '{ALWAYS}' or '{NEVER}'. Received: {cache!r}"
        )
    if cache == ALWAYS or (cache == AUTO and fits_in_cache(source)):
        store = cached_images(source, whatever_size=cache == ALWAYS)
        if store is not None:
            return store
    return DecodedImages(source, same_domain)
