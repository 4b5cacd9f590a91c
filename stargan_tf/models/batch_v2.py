"""One training batch of a StarGAN v2."""

from typing import Any, NamedTuple

from stargan_tf.errors import InputError

FIELDS = ("image", "domain", "reference", "reference_2", "reference_domain")


class Batch(NamedTuple):
    """One training batch, with what is drawn for it.

    Args:
        image: x, float32 (batch, size, size, 3) in [-1, 1].
        domain: y, the images' domains, int32 (batch,).
        reference: images of the target domains, like `image`.
        reference_2: other images of the target domains.
        target: ỹ, the references' domains, int32 (batch,).
        latent: z, float32 (batch, latent_dim).
        latent_2: z₂, likewise.
        masks: the images' high-pass masks (batch, size, size, 2), or None.
    """

    image: Any
    domain: Any
    reference: Any
    reference_2: Any
    target: Any
    latent: Any
    latent_2: Any
    masks: Any


def parts_of(data):
    """What `StarGANV2.fit` is given for a step, in order.

    Args:
        data: a tuple, or a dictionary, of `FIELDS`.

    Returns:
        The five tensors.

    Raises:
        InputError: if some are missing.
    """
    if isinstance(data, dict):
        data = tuple(data.get(name) for name in FIELDS)
    if len(data) != len(FIELDS) or any(part is None for part in data):
        raise InputError(
            f"StarGAN v2 trains on tuples or dictionaries of {', '.join(FIELDS)}. "
            f"Received: {len([part for part in data if part is not None])} of them."
        )
    return data
