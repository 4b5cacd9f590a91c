"""StarGAN v2: its options."""

from collections.abc import Mapping
from typing import Any

from stargan_tf.discovery import API_VERSION
from stargan_tf.errors import InputError
from stargan_tf.layers.pyramid import check_image_size
from stargan_tf.training.families.model_family import STYLES, ModelFamily
from stargan_tf.training.families.stargan_v2_options import (
    BATCH_OPTIONS,
    COMPILE_OPTIONS,
    LOSS_WEIGHTS,
    MODEL_OPTIONS,
)
from stargan_tf.training.imported import check_form
from stargan_tf.training.preset import Preset


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


_CELEBA_HQ = {"high_pass": 1.0}
_AFHQ = {"diversity": 2.0}
# The effective batch stays at 8, without which training suffers.
_LOW_MEMORY = {"accumulate": 8, "remat": True, "precision": "mixed_bfloat16"}
# Half the official widths, and half the steps, at a sixteenth or a quarter of the
# pixels.
_SMALL = {
    "base_filters": 64,
    "max_filters": 256,
    "hidden_dim": 256,
    "steps": 50_000,
    "diversity_steps": 50_000,
}

# What is not said here is as in the paper by the options' defaults.
PRESETS = {
    "stargan_v2_celeba_hq_256": Preset(
        "StarGAN v2 on CelebA-HQ: 2 domains, high-pass skips (--mask_provider).",
        _CELEBA_HQ,
    ),
    "stargan_v2_celeba_hq_256_low_memory": Preset(
        "The same in bfloat16, image by image, with rematerialization.",
        {**_CELEBA_HQ, **_LOW_MEMORY},
    ),
    "stargan_v2_afhq_256": Preset(
        "StarGAN v2 on AFHQ: 3 domains, diversity weight 2, no high-pass.", _AFHQ
    ),
    "stargan_v2_afhq_256_low_memory": Preset(
        "The same in bfloat16, image by image, with rematerialization.",
        {**_AFHQ, **_LOW_MEMORY},
    ),
    "stargan_v2_128": Preset(
        "A smaller StarGAN v2 for 128 px.", {**_SMALL, "image_size": 128}
    ),
    "stargan_v2_64": Preset(
        "A smaller StarGAN v2 for 64 px.", {**_SMALL, "image_size": 64}
    ),
    "demo_v2": Preset(
        "A small StarGAN v2 on drawn people, for two CPU cores.",
        {
            "dataset": "toon_people",
            "image_size": 64,
            "base_filters": 16,
            "max_filters": 64,
            "style_dim": 16,
            "latent_dim": 8,
            "hidden_dim": 64,
            "batch_size": 4,
            # Narrow networks and few steps want higher rates; the mapping network's
            # stays a hundredth of the others', or its styles fall together.
            "learning_rate": 5e-4,
            "mapping_learning_rate": 5e-6,
            "cycle": 10.0,
            "steps": 3600,
            "diversity_steps": 3600,
            "ema_decay": 0.997,
            "checkpoint_every": 400,
            "sample_every": 400,
            "log_every": 50,
        },
    ),
}

STARGAN_V2 = ModelFamily(
    api_version=API_VERSION,
    name="stargan_v2",
    target="stargan_tf.models.stargan_v2:StarGANV2",
    batches="stargan_tf.data.reference_pipeline:reference_batches",
    sampler="stargan_tf.training.callbacks.sample_styles:sample_styles",
    served="stargan_tf.serving.form_v2:served_form",
    litert="stargan_tf.litert.form_v2:device_form",
    official="stargan_tf.convert.official_v2",
    uses=(
        "--to {domain} --seed 7 INPUT --output OUTPUT",
        "--to {domain} --reference PICTURE INPUT --output OUTPUT",
    ),
    translated_by=STYLES,
    # The paper's run.
    defaults={"image_size": 256, "batch_size": 8, "steps": 100_000},
    dataset_options={"fit": "stretch", "one_hot": True},
    label_weights={
        r"mapping_network(_ema)?/(hidden_\d|style)/(kernel|bias)": (0, 0),
        r"style_encoder(_ema)?/style/(kernel|bias)": (0, 0),
        "discriminator/verdict/(kernel|bias)": (0, 0),
    },
    check=check,
    presets=PRESETS,
    model_options=MODEL_OPTIONS,
    batch_options=BATCH_OPTIONS,
    compile_options=COMPILE_OPTIONS,
    loss_weights=LOSS_WEIGHTS,
)
