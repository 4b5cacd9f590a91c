"""The masks that a StarGAN v2 model with high-pass skips needs to translate."""

from typing import Any

from stargan_tf.errors import InputError

FLAG = "mask_provider"


def set_masks(name: str | None, model: Any) -> None:
    """Gives a model the source of its masks, which is code and not saved with it.

    Args:
        name: `--mask_provider`, `module:name`, or None.
        model: an opened `StarGANV2`.

    Raises:
        InputError: if it needs a provider and there is none, or the reverse, or the
            provider cannot be imported.
    """
    if model.high_pass and not name:
        raise InputError(
            f"This model has high-pass skips (high_pass={model.high_pass}) and needs "
            f"masks. Pass --{FLAG} MODULE:NAME, as for its training."
        )
    if name and not model.high_pass:
        raise InputError(
            f"This model has no high-pass skips and takes no masks. Drop --{FLAG}."
        )
    if name:
        from stargan_tf.training.imported import imported_by_user

        model.set_mask_provider(imported_by_user(FLAG, name))
