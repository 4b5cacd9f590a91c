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
    api_version=API_VERSION,
    name="stargan_v2",
    target="stargan_tf.models.stargan_v2:StarGANV2",
    batches="stargan_tf.data.reference_pipeline:reference_batches",
    sampler="stargan_tf.training.callbacks.sample_styles:sample_styles",
    served="stargan_tf.serving.form_v2:served_form",
    litert="stargan_tf.litert.form_v2:device_form",
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
    model_options=MODEL_OPTIONS,
    batch_options=BATCH_OPTIONS,
    compile_options=COMPILE_OPTIONS,
    loss_weights=LOSS_WEIGHTS,
)
