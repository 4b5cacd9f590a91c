"""StarGAN v2: its options."""

from collections.abc import Mapping
from typing import Any

from stargan_tf.errors import InputError
from stargan_tf.layers.pyramid import check_image_size
from stargan_tf.training.families.model_family import (
    DATA,
    NETWORKS,
    OPTIMIZATION,
    WEIGHTS,
    ModelFamily,
)
from stargan_tf.training.imported import check_form
from stargan_tf.training.options import Option


def check(values: Mapping[str, Any]) -> None:
    """Refuses values that do not fit each other, before anything is started.

    Args:
        values: option name → value.

    Raises:
        InputError: if there are several data sets, the image size is no power of
            two, a batch cannot be split, or masks are asked for without a provider,
            or a provider without masks.
    """
    check_image_size(values["image_size"])
    if len(values["dataset"]) > 1:
        raise InputError(
            "A stargan_v2 model is trained on one data set. Received: --dataset "
            f"{','.join(values['dataset'])}"
        )
    if values["batch_size"] % values["accumulate"]:
        raise InputError(
            f"accumulate must divide batch_size. Received: "
            f"accumulate={values['accumulate']}, batch_size={values['batch_size']}"
        )
    _check_masks(values["high_pass"], values["mask_provider"])


def _check_masks(high_pass: float, provider: str | None) -> None:
    if provider:
        check_form("mask_provider", provider)
    if high_pass and not provider:
        raise InputError(
            f"high_pass={high_pass} needs masks of the images. Pass --mask_provider "
            "MODULE:FUNCTION, a function from images to masks (see "
            "StarGANV2.set_mask_provider), or --high_pass 0."
        )
    if provider and not high_pass:
        raise InputError(
            f"mask_provider is for models with high-pass skips. Received: {provider} "
            "with high_pass=0. Pass --high_pass 1, or leave it out."
        )


STARGAN_V2 = ModelFamily(
    name="stargan_v2",
    target="stargan_tf.models.stargan_v2:StarGANV2",
    batches="stargan_tf.data.reference_pipeline:reference_batches",
    sampler="stargan_tf.training.callbacks.sample_styles:sample_styles",
    uses=(
        "--to {domain} --seed 7 INPUT --output OUTPUT",
        "--to {domain} --reference PICTURE INPUT --output OUTPUT",
    ),
    # The paper's run.
    defaults={"image_size": 256, "batch_size": 8, "steps": 100_000},
    dataset_options={"fit": "stretch", "one_hot": True},
    check=check,
    model_options=(
        Option("style_dim", int, 64, "Width of the style code.", NETWORKS, minimum=1),
        Option("latent_dim", int, 16, "Width of the latent code.", NETWORKS, minimum=1),
        Option(
            "hidden_dim",
            int,
            512,
            "Width of the mapping network.",
            NETWORKS,
            minimum=1,
        ),
        Option(
            "base_filters",
            int,
            None,
            "Channels at full size; by default 16384 / image_size.",
            NETWORKS,
            minimum=1,
        ),
        Option(
            "max_filters",
            int,
            512,
            "Cap of the channels at the smaller sizes.",
            NETWORKS,
            minimum=1,
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
            "MODULE:FUNCTION from images to masks, for --high_pass.",
            NETWORKS,
            imported=True,
        ),
    ),
    batch_options=(
        Option(
            "crop_probability",
            float,
            0.5,
            "Share of the images that are cropped at random.",
            DATA,
            minimum=0.0,
            maximum=1.0,
        ),
    ),
    compile_options=(
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
    ),
    loss_weights=(
        Option(
            "style", float, 1.0, "Reconstruction of the style.", WEIGHTS, minimum=0.0
        ),
        Option(
            "diversity",
            float,
            1.0,
            "Diversity of styles, at the first step.",
            WEIGHTS,
            minimum=0.0,
        ),
        Option("cycle", float, 1.0, "Cycle reconstruction.", WEIGHTS, minimum=0.0),
        Option(
            "r1",
            float,
            1.0,
            "R1 penalty of the discriminator.",
            WEIGHTS,
            minimum=0.0,
        ),
    ),
)
