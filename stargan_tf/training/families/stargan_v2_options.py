"""StarGAN v2's options, with the paper's values as defaults."""

from stargan_tf.training.families.model_family import (
    DATA,
    NETWORKS,
    OPTIMIZATION,
    WIDEST,
    loss_weight,
)
from stargan_tf.training.options import Option

MODEL_OPTIONS = (
    Option(
        "style_dim",
        int,
        64,
        "Width of the style code.",
        NETWORKS,
        minimum=1,
        maximum=WIDEST,
    ),
    Option(
        "latent_dim",
        int,
        16,
        "Width of the latent code.",
        NETWORKS,
        minimum=1,
        maximum=WIDEST,
    ),
    Option(
        "hidden_dim",
        int,
        512,
        "Width of the mapping network.",
        NETWORKS,
        minimum=1,
        maximum=WIDEST,
    ),
    Option(
        "base_filters",
        int,
        None,
        "Channels at full size; by default 16384 / image_size.",
        NETWORKS,
        minimum=1,
        maximum=WIDEST,
    ),
    Option(
        "max_filters",
        int,
        512,
        "Cap of the channels at the smaller sizes.",
        NETWORKS,
        minimum=1,
        maximum=WIDEST,
    ),
    Option(
        "high_pass",
        float,
        0.0,
        "Divisor of the high-pass skips: 1 for faces, 0 for none.",
        NETWORKS,
        minimum=0.0,
    ),
    Option(
        "mask_provider",
        str,
        None,
        "MODULE:FUNCTION or FILE.py:FUNCTION from images to masks, for --high_pass.",
        NETWORKS,
        imported=True,
    ),
    Option(
        "generator_filters",
        int,
        None,
        "Channels of the generator at full size, if others than base_filters.",
        NETWORKS,
        minimum=1,
        maximum=WIDEST,
    ),
    Option(
        "separable",
        bool,
        False,
        "A light generator of depthwise-separable convolutions (not in the paper; "
        "see stargan-tf distill).",
        NETWORKS,
    ),
)

BATCH_OPTIONS = (
    Option(
        "crop_probability",
        float,
        0.5,
        "Share of the images that are cropped at random.",
        DATA,
        minimum=0.0,
        maximum=1.0,
    ),
)

COMPILE_OPTIONS = (
    Option(
        "learning_rate",
        float,
        1e-4,
        "Learning rate of generator, style encoder and discriminator.",
        OPTIMIZATION,
        minimum=0.0,
    ),
    Option(
        "mapping_learning_rate",
        float,
        1e-6,
        "Learning rate of the mapping network.",
        OPTIMIZATION,
        minimum=0.0,
    ),
    Option(
        "beta_1",
        float,
        0.0,
        "Adam's decay of the mean gradient.",
        OPTIMIZATION,
        minimum=0.0,
    ),
    Option(
        "beta_2",
        float,
        0.99,
        "Adam's decay of the mean square.",
        OPTIMIZATION,
        minimum=0.0,
    ),
    Option(
        "l2",
        float,
        1e-4,
        "L2 in every gradient (PyTorch's weight decay).",
        OPTIMIZATION,
        minimum=0.0,
    ),
    Option(
        "diversity_steps",
        int,
        100_000,
        "Steps in which the diversity weight falls to zero.",
        OPTIMIZATION,
        minimum=1,
    ),
    Option(
        "ema_decay",
        float,
        0.999,
        "Decay of the averaged weights.",
        OPTIMIZATION,
        minimum=0.0,
    ),
    Option(
        "accumulate",
        int,
        1,
        "Parts in which a batch is computed, one after another: less memory, the "
        "same result.",
        OPTIMIZATION,
        minimum=1,
    ),
    Option(
        "remat",
        bool,
        False,
        "Compute the networks' inner values again instead of storing them: less "
        "memory, the same result.",
        OPTIMIZATION,
    ),
)

LOSS_WEIGHTS = (
    loss_weight("style", 1.0, "Reconstruction of the style."),
    loss_weight("diversity", 1.0, "Diversity of styles, at the first step."),
    loss_weight("cycle", 1.0, "Cycle reconstruction."),
    loss_weight("r1", 1.0, "R1 penalty of the discriminator."),
)
