"""StarGAN (Choi et al., 2018): its options and presets, and where its code lies."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from stargan_tf.data.turns import take_turns
from stargan_tf.discovery import API_VERSION
from stargan_tf.limits import MAX_FILTERS, MAX_LAYERS
from stargan_tf.models.family import (
    DATA,
    NETWORKS,
    OPTIMIZATION,
    ModelFamily,
    Preset,
    loss_weight,
    make_option,
)

_network = partial(make_option, NETWORKS)
_width = partial(_network, minimum=1, maximum=MAX_FILTERS)
_optimization = partial(make_option, OPTIMIZATION)


def check(values: Mapping[str, Any]) -> None:
    """Checks what the options mean together.

    Args:
        values: option name → value.
    """
    take_turns(values["dataset_weights"])


LOSS_WEIGHTS = (
    loss_weight("classification", 1.0, "Domain classification."),
    loss_weight("reconstruction", 10.0, "Cycle reconstruction."),
    loss_weight("gradient_penalty", 10.0, "Gradient penalty of the discriminator."),
    loss_weight("identity", 10.0, "Identity term, with --rectified."),
    loss_weight("r1", 1.0, "R1 penalty, with --adversarial non_saturating."),
    loss_weight("change", 0.0, "Mean change of all translations (not in the paper)."),
    loss_weight(
        "unchanged",
        0.0,
        "Mean change where the target is the image's own label (not in the paper).",
    ),
)

_CELEBA_ATTRIBUTES = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young")
_PAPER = {"image_size": 128, "batch_size": 16, "lr_decay": "paper"}

# Configurations A to C of StarGAN v2's ablation (table 1); D to F are that family's.
_ABLATION_A = {"image_size": 256, "batch_size": 8, "steps": 100_000}
_ABLATION_B = {**_ABLATION_A, "multi_task": True}

# For a few thousand images and a small machine.
_SMALL = {
    "output": "additive",
    "conditioning": "blocks",
    "upsampling": "resize",
    "skips": True,
    "separate_classifier": True,
    "ema_decay": 0.999,
    "adversarial": "non_saturating",
    "targets": "asked",
    "augment": True,
    "noise": True,
    "label_smoothing": 0.1,
    "critic_steps": 1,
    "learning_rate": 6e-4,
    "beta_1": 0.0,
    "beta_2": 0.99,
    "classification": 0.6,
    "reconstruction": 0.0,
    "r1": 0.0,
    "change": 0.5,
    "unchanged": 20.0,
}

# What is not said here is as in the paper by the options' defaults.
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
    "ablation_a": Preset("StarGAN v2's ablation: the baseline, StarGAN.", _ABLATION_A),
    "ablation_b": Preset(
        "StarGAN v2's ablation: A with a multi-task discriminator.", _ABLATION_B
    ),
    "ablation_c": Preset(
        "StarGAN v2's ablation: B with R1 and AdaIN.",
        {
            **_ABLATION_B,
            "adversarial": "non_saturating",
            "conditioning": "adain",
            "critic_steps": 1,
            # The optimizer that goes with R1, as in configurations D to F.
            "beta_1": 0.0,
            "beta_2": 0.99,
            "lr_decay": "none",
        },
    ),
    "photos_64": Preset(
        "StarGAN for a few thousand photographs: 64 px, 45 minutes on two CPU cores.",
        {
            **_SMALL,
            "image_size": 64,
            "base_filters": 16,
            "num_residual_blocks": 3,
            "discriminator_filters": 32,
            # One patch: of several, each has a small say where a part looks wrong.
            "discriminator_layers": 6,
            "batch_size": 8,
            "pretraining_steps": 5000,
            "steps": 15_500,
            "checkpoint_every": 500,
            "sample_every": 500,
            "log_every": 50,
        },
    ),
    "photos_128": Preset(
        "StarGAN for a few thousand photographs: 128 px, for a GPU.",
        {
            **_SMALL,
            "image_size": 128,
            "base_filters": 32,
            "num_residual_blocks": 4,
            "discriminator_filters": 48,
            "discriminator_layers": 7,
            "batch_size": 16,
            "learning_rate": 2e-4,
            "pretraining_steps": 3000,
            "steps": 43_000,
        },
    ),
    "detect": Preset(
        "StarGAN that finds disease by labels of whole images: 64 px, for a small "
        "machine.",
        {
            "rectified": True,
            # The weight that the authors of Fixed-Point GAN set for brain lesions.
            "identity": 0.1,
            "output": "additive",
            "conditioning": "blocks",
            "upsampling": "resize",
            "skips": True,
            # Lesions are small: without layers and time of its own the classifier does
            # not learn to see them, and nothing is healed.
            "separate_classifier": True,
            "augment": True,
            "pretraining_steps": 9000,
            "image_size": 64,
            "base_filters": 16,
            "num_residual_blocks": 3,
            "discriminator_filters": 24,
            "discriminator_layers": 5,
            "batch_size": 8,
            "critic_steps": 1,
            "learning_rate": 6e-4,
            "steps": 10_500,
            "checkpoint_every": 500,
            "sample_every": 500,
            "log_every": 50,
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
            "output": "blend",
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
}

STARGAN = ModelFamily(
    api_version=API_VERSION,
    name="stargan",
    target="stargan_tf.models.stargan.model:StarGAN",
    official="stargan_tf.models.stargan.official:OFFICIAL",
    compile_from_run={"steps": "total_steps"},
    label_weights={
        # The label's channels come after the image's.
        "generator(_ema)?/stem/kernel": (2, None),
        r"generator(_ema)?/residual_\d+/norm_\d/affine/kernel": (0, 0),
        "discriminator/classes/kernel": (3, 0),
    },
    check=check,
    presets=PRESETS,
    batch_options=(
        make_option(
            DATA,
            "dataset_weights",
            None,
            "How often to draw from each of several data sets, such as 2,1; by "
            "default equally often.",
            float,
            separator=",",
        ),
    ),
    model_options=(
        _width("base_filters", 64, "Width of the generator's first layer."),
        _network(
            "num_residual_blocks",
            6,
            "Residual blocks in the generator.",
            minimum=0,
            maximum=MAX_LAYERS,
        ),
        _width(
            "discriminator_filters", 64, "Width of the discriminator's first layer."
        ),
        _network(
            "discriminator_layers",
            6,
            "Strided layers of the discriminator; each halves the image.",
            minimum=1,
            maximum=MAX_LAYERS,
        ),
        _network(
            "output",
            "image",
            "What the generator draws: image, as in the paper; blend: an image and a "
            "mask of where it replaces the input; clipped_blend: the same with a "
            "mask that reaches 0, where the input stays exactly as it is; additive: a "
            "change of the input; fixed_point: a change as Fixed-Point GAN adds it, "
            "which alters bright and dark pixels even where it is zero.",
            choices=("image", "blend", "clipped_blend", "additive", "fixed_point"),
        ),
        _network(
            "conditioning",
            "input",
            "input: the label enters where the paper has it; blocks: in every residual "
            "block besides (not in the paper; small networks learn faster); adain: in "
            "the residual blocks only, as in StarGAN v2's ablation.",
            choices=("input", "blocks", "adain"),
        ),
        _network("attention", None, "Earlier name of --output blend.", bool),
        _network(
            "upsampling",
            "transposed",
            "transposed: transposed convolutions, as in the paper; resize: doubling, "
            "then a convolution (no checkerboards).",
            choices=("transposed", "resize"),
        ),
        _network(
            "skips",
            False,
            "Skip connections in the generator (U-Net; not in the paper).",
        ),
        _network(
            "separate_classifier",
            False,
            "The discriminator classifies in layers of their own (not in the paper).",
        ),
        _network(
            "multi_task",
            False,
            "The discriminator judges each domain by itself, in place of a classifier, "
            "as in StarGAN v2's ablation; for one-hot labels.",
        ),
        _network(
            "ema_decay",
            0.0,
            "Decay of an exponential moving average of the generator's weights, which "
            "is then used to translate, such as 0.999; 0: none, as in the paper.",
            minimum=0.0,
            maximum=0.99999,
        ),
    ),
    compile_options=(
        _optimization(
            "learning_rate",
            1e-4,
            "Initial learning rate of both optimizers.",
            minimum=0.0,
        ),
        _optimization(
            "lr_decay",
            "paper",
            "paper: linear to zero over the second half; official: what the official "
            "code does; none.",
            choices=("paper", "official", "none"),
        ),
        _optimization("beta_1", 0.5, "Adam's β₁.", minimum=0.0, maximum=0.9999),
        _optimization("beta_2", 0.999, "Adam's β₂.", minimum=0.0, maximum=0.999999),
        _optimization(
            "adversarial",
            "wgan_gp",
            "wgan_gp, as in the paper, or non_saturating, whose penalty is --r1.",
            choices=("wgan_gp", "non_saturating"),
        ),
        _optimization(
            "targets",
            "permuted",
            "Target labels in training: permuted: those of other images in the batch, "
            "as in the paper; asked: one attribute changed, or none.",
            choices=("permuted", "asked"),
        ),
        _optimization(
            "augment",
            False,
            "Shift the images that the discriminator sees at random (not in the "
            "paper).",
        ),
        _optimization(
            "noise",
            False,
            "Show the discriminator's classifier noisy images, so that small changes "
            "do not convince it (not in the paper).",
        ),
        _optimization(
            "label_smoothing",
            0.0,
            "Of the generator's classification loss, so that it does not exaggerate, "
            "such as 0.2 (not in the paper).",
            minimum=0.0,
            maximum=0.99,
        ),
        _optimization(
            "critic_steps", 5, "Discriminator steps for each generator step.", minimum=1
        ),
        _optimization(
            "pretraining_steps",
            0,
            "Steps at the start in which only the discriminator's classifier learns; a "
            "separate one does not change afterwards (not in the paper).",
            minimum=0,
        ),
        _optimization(
            "rectified",
            False,
            "The rectified objective: every generator term over target and own "
            "label, and an identity loss.",
        ),
    ),
    loss_weights=LOSS_WEIGHTS,
)
