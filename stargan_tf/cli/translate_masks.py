"""The masks that a StarGAN v2 model with high-pass skips needs to translate."""

from typing import Any

from stargan_tf.errors import InputError

FLAG = "mask_provider"


def check_masks(name: str | None, model: Any) -> None:
    """Refuses a model that needs masks and has none, and masks that it does not need.

    Args:
        name: `--mask_provider`, or None.
        model: an opened model.

    Raises:
        InputError: in these two cases.
    """
    high_pass = getattr(model, "high_pass", 0)
    if high_pass and model.mask_provider is None:
        raise InputError(
            f"This model has high-pass skips (high_pass={high_pass}) and needs masks, "
            f"and its run names no source of them. Pass --{FLAG} MODULE:NAME."
        )
    if name and not high_pass:
        raise InputError(
            f"This model has no high-pass skips and takes no masks. Drop --{FLAG}."
        )
