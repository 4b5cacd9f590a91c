"""Named configurations: the papers' hyper-parameters, and a small demonstration."""

from stargan_tf.errors import InputError, near_names
from stargan_tf.training.preset import Preset
from stargan_tf.training.presets_v2 import PRESETS_V2

_CELEBA_ATTRIBUTES = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young")

# Learning rate, loss weights, widths and critic steps of StarGAN v1 are the defaults
# of its options (training/families/stargan.py): the presets say where they differ.
_PAPER = {"image_size": 128, "batch_size": 16, "lr_decay": "paper"}


PRESETS = {
    "stargan_celeba_128": Preset(
        "StarGAN on CelebA: 5 attributes, 128 px, 200,000 steps.",
        {
            **_PAPER,
            "attributes": _CELEBA_ATTRIBUTES,
            "crop_size": 178,
            "steps": 200_000,
        },
    ),
    "stargan_rafd_128": Preset(
        "StarGAN on RaFD: 8 expressions, 128 px, 200,000 steps.",
        {**_PAPER, "crop_size": 256, "steps": 200_000},
    ),
    "stargan_celeba_rafd_128": Preset(
        "StarGAN on CelebA and RaFD together (two data sets, with mask vector).",
        {
            **_PAPER,
            "attributes": (_CELEBA_ATTRIBUTES, ()),
            "crop_size": (178, 256),
            # A step is one batch and the data sets take turns: 200,000 steps each.
            "steps": 400_000,
        },
    ),
    "demo": Preset(
        "A small StarGAN on drawn faces: minutes on two CPU cores.",
        {
            "dataset": "toon_attributes",
            "image_size": 64,
            "base_filters": 16,
            "num_residual_blocks": 3,
            "discriminator_filters": 24,
            # 2 × 2 patches, as in the paper's networks: the penalty holds the slope
            # of their sum at 1, so more patches would weaken the adversarial term.
            "discriminator_layers": 5,
            "attention": True,
            "conditioning": "blocks",
            "batch_size": 8,
            "critic_steps": 1,
            "learning_rate": 6e-4,
            "steps": 3600,
            "checkpoint_every": 300,
            "sample_every": 300,
            "log_every": 50,
        },
    ),
    **PRESETS_V2,
}


def preset(name: str) -> Preset:
    """The preset called `name`.

    Args:
        name: as listed by `stargan-tf presets`.

    Raises:
        InputError: if there is none; near ones are named.
    """
    if name not in PRESETS:
        raise InputError(f"There is no preset '{name}'. {near_names(name, PRESETS)}")
    return PRESETS[name]
