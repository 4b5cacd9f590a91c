"""StarGAN v2 (Choi et al. 2020): the options, presets, and code of the model family."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from stargan_tf.data.info import Size, checked_size, sides, size_text
from stargan_tf.discovery import API_VERSION
from stargan_tf.errors import InputError
from stargan_tf.limits import MAX_FILTERS
from stargan_tf.models.family import (
    DATA,
    NETWORKS,
    OPTIMIZATION,
    ModelFamily,
    Preset,
    loss_weight,
    make_option,
)

SMALLEST_IMAGE, LARGEST_IMAGE = 64, 1024
# Blocks at the lowest resolution of the generator: first without style, then with.
BOTTLENECK_BLOCKS = 2
# Networks with an exponential moving average of their weights, `<network>_ema`.
AVERAGED = ("generator", "mapping_network", "style_encoder")
# The term that makes styles diverse: that of the paper, or that of MSGAN.
DIFFERENCE, MODE_SEEKING = DIVERSITY_TERMS = ("difference", "mode_seeking")

_network = partial(make_option, NETWORKS)
_width = partial(_network, minimum=1, maximum=MAX_FILTERS)
_optimization = partial(make_option, OPTIMIZATION)

MODEL_OPTIONS = (
    _width("style_dim", 64, "Width of the style code."),
    _width("latent_dim", 16, "Width of the latent code."),
    _width("hidden_dim", 512, "Width of the mapping network."),
    _width(
        "base_filters",
        None,
        "Channels at full resolution (default: 16384 / image_size).",
        int,
    ),
    _width("max_filters", 512, "Maximum number of channels at lower resolutions."),
    _network(
        "high_pass",
        0.0,
        "Divisor of the high-pass skips: 1 for faces, 0 for none.",
        minimum=0.0,
    ),
    _network(
        "mask_provider",
        None,
        "Masks for --high_pass: the folder of an imported landmark network, wing.ckpt, "
        "an installed landmark provider such as mediapipe, or a function from images "
        "to masks, as MODULE:FUNCTION or FILE.py:FUNCTION.",
        opened_by="stargan_tf.faces.opening:mask_provider",
    ),
    _width(
        "generator_filters",
        None,
        "Channels of the generator at full resolution, if different from base_filters.",
        int,
    ),
    _network(
        "upsampling",
        "nearest",
        "Upsampling in the generator. nearest: as in the paper; bilinear: no visible "
        "squares with narrow networks.",
        choices=("nearest", "bilinear"),
    ),
    _network(
        "latent_injection",
        False,
        "Pass the latent code and the domain directly to the generator, without a "
        "mapping network (configuration D of the paper's ablation).",
    ),
)

BATCH_OPTIONS = (
    make_option(
        DATA,
        "crop_probability",
        0.5,
        "Fraction of the images that are cropped randomly.",
        minimum=0.0,
        maximum=1.0,
    ),
)

COMPILE_OPTIONS = (
    _optimization(
        "learning_rate",
        1e-4,
        "Learning rate of generator, style encoder, and discriminator.",
        minimum=0.0,
    ),
    _optimization(
        "mapping_learning_rate",
        1e-6,
        "Learning rate of the mapping network.",
        minimum=0.0,
    ),
    _optimization("beta_1", 0.0, "Adam's β₁.", minimum=0.0, maximum=0.9999),
    _optimization("beta_2", 0.99, "Adam's β₂.", minimum=0.0, maximum=0.999999),
    _optimization(
        "l2",
        1e-4,
        "L2 regularization added to every gradient (weight decay of PyTorch's Adam).",
        minimum=0.0,
    ),
    _optimization(
        "diversity_term",
        "difference",
        "Term that makes styles diverse. difference: as in the paper; mode_seeking: as "
        "in MSGAN, with a constant weight.",
        choices=DIVERSITY_TERMS,
    ),
    _optimization(
        "diversity_steps",
        100_000,
        "Number of steps over which the diversity weight decays to zero.",
        minimum=1,
    ),
    _optimization(
        "ema_decay",
        0.999,
        "Decay of the EMA networks' weights.",
        minimum=0.0,
        maximum=0.99999,
    ),
    _optimization(
        "accumulate",
        1,
        "Number of micro-batches per batch, computed in sequence: less memory, the "
        "same result.",
        minimum=1,
    ),
    _optimization(
        "remat",
        False,
        "Recompute activations in the backward pass instead of storing them "
        "(rematerialization): less memory, the same result.",
    ),
)

LOSS_WEIGHTS = (
    loss_weight("style", 1.0, "Style reconstruction."),
    loss_weight("diversity", 1.0, "Diversity of styles, initial weight."),
    loss_weight("cycle", 1.0, "Cycle reconstruction."),
    loss_weight("r1", 1.0, "R1 penalty of the discriminator."),
)


def check_image_size(image_size: Size) -> None:
    """Checks that StarGAN v2's networks can process images of this size.

    The shorter side must have 64 to 1024 pixels. It is halved until 4 to 7 pixels
    remain, and both sides must be divisible as often. Sizes in the paper are squares
    with a power of two as side.

    Args:
        image_size: side of the square images in pixels, or (height, width).

    Raises:
        InputError: if the networks cannot process this size.
    """
    shorter = min(sides(image_size))
    if not SMALLEST_IMAGE <= shorter <= LARGEST_IMAGE:
        raise InputError(
            f"The shorter side of StarGAN v2's images must have {SMALLEST_IMAGE} to "
            f"{LARGEST_IMAGE} pixels. Received: image_size={image_size}. Resize the "
            f"data, for example to "
            f"{min(max(shorter, SMALLEST_IMAGE), LARGEST_IMAGE)}."
        )
    count = halvings(image_size, until=4)
    factor = 2**count
    if any(side % factor for side in sides(image_size)):
        near = checked_size([round(n / factor) * factor for n in sides(image_size)])
        near = ",".join(map(str, near)) if isinstance(near, tuple) else near
        raise InputError(
            f"StarGAN v2 halves images of {size_text(image_size)} {count} times, so "
            f"both sides must be multiples of {factor}. Received: "
            f"image_size={image_size}. Resize the data, for example to {near}."
        )


def halvings(image_size: Size, until: int) -> int:
    """Returns how often to halve images until the shorter side is below 2·`until`.

    Args:
        image_size: side of the images in pixels, or (height, width).
        until: a power of two.
    """
    return min(sides(image_size)).bit_length() - until.bit_length()


def official_filters(image_size: Size) -> int:
    """Returns the official code's channels at full resolution, 2**14 / image_size.

    If the shorter side is no power of two, the next smaller power of two is used.
    """
    return 2**15 >> min(sides(image_size)).bit_length()


def widths(
    image_size: Size, base_filters: int | None, max_filters: int, blocks: int
) -> list[int]:
    """Returns the channels at full resolution and after each block.

    Args:
        image_size: side of the images in pixels, or (height, width).
        base_filters: channels at full resolution, not limited by `max_filters`; `None`
            for the official 2**14 / image_size.
        max_filters: maximum number of channels after a block, each of which doubles
            them.
        blocks: number of blocks.

    Returns:
        List of `blocks` + 1 numbers.
    """
    channels = [base_filters or official_filters(image_size)]
    for _ in range(blocks):
        channels.append(min(2 * channels[-1], max_filters))
    return channels


def check(values: Mapping[str, Any]) -> None:
    """Checks the options of a run for contradictions.

    Args:
        values: option name → value.

    Raises:
        InputError: if two options contradict each other.
    """
    check_image_size(values["image_size"])
    if len(values["dataset"]) > 1:
        raise InputError(
            "A stargan_v2 model is trained on a single data set. Received: --dataset "
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
        # It imports NumPy, which the command line's help goes without.
        from stargan_tf.faces.opening import check_mask_provider

        check_mask_provider(provider)
    if high_pass and not provider:
        raise InputError(
            f"high_pass={high_pass} needs masks of the images. Pass --mask_provider "
            "NAME: the folder of an imported landmark network, an installed provider, "
            "or MODULE:FUNCTION from images to masks (see "
            "StarGANV2.set_mask_provider), or --high_pass 0."
        )
    if provider and not high_pass:
        raise InputError(
            f"mask_provider is for models with high-pass skips. Received: {provider} "
            "with high_pass=0. Pass --high_pass 1, or remove mask_provider."
        )


_CELEBA_HQ = {"high_pass": 1.0}
_AFHQ = {"diversity": 2.0}
# The batch size stays 8: smaller batches impair training.
_LOW_MEMORY = {"accumulate": 8, "remat": True, "precision": "mixed_bfloat16"}
# Half the official widths and half the steps, for a quarter or a sixteenth of the
# pixels.
_SMALL = {
    "base_filters": 64,
    "max_filters": 256,
    "hidden_dim": 256,
    "steps": 50_000,
    "diversity_steps": 50_000,
}

# All other values are the options' defaults, which are those of the paper.
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
    "ablation_d": Preset(
        "StarGAN v2's ablation: C with the latent code as input of the generator.",
        {"latent_injection": True, "diversity": 0.0},
    ),
    "ablation_e": Preset(
        "StarGAN v2's ablation: mapping network and style encoder.", {"diversity": 0.0}
    ),
    "ablation_f": Preset(
        "StarGAN v2's ablation: E with the diversity term (the full StarGAN v2).", {}
    ),
    "stargan_v2_128": Preset(
        "A smaller StarGAN v2 for 128 px.", {**_SMALL, "image_size": 128}
    ),
    "stargan_v2_64": Preset(
        "A smaller StarGAN v2 for 64 px.", {**_SMALL, "image_size": 64}
    ),
    "photos_v2_64": Preset(
        "A small StarGAN v2 for a few thousand photographs: 64 px, 50 minutes on two "
        "CPU cores.",
        {
            "image_size": 64,
            "base_filters": 16,
            "max_filters": 128,
            "upsampling": "bilinear",
            "style_dim": 32,
            "latent_dim": 16,
            "hidden_dim": 128,
            "batch_size": 4,
            "learning_rate": 3e-4,
            "mapping_learning_rate": 3e-6,
            "cycle": 1.0,
            "steps": 7000,
            "diversity_steps": 7000,
            "ema_decay": 0.998,
            "checkpoint_every": 500,
            "sample_every": 500,
            "log_every": 50,
        },
    ),
    "demo_v2": Preset(
        "A small StarGAN v2 on cartoon people, for two CPU cores.",
        {
            "dataset": "toon_people",
            "image_size": 64,
            "base_filters": 16,
            "max_filters": 64,
            "upsampling": "bilinear",
            "style_dim": 16,
            "latent_dim": 8,
            "hidden_dim": 64,
            "batch_size": 4,
            # Narrow networks and few steps need higher rates. The mapping network's
            # stays a hundredth of the others', or its styles collapse.
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


def label_weights(options: Mapping[str, Any]) -> dict[str, tuple[int, int | None]]:
    """Returns the axes of the labels in the weights; see `ModelFamily`."""
    rules = {"discriminator/verdict/(kernel|bias)": (0, 0)}
    if options["latent_injection"]:
        # The domain follows the latent code.
        affine = r"generator(_ema)?/\w+/norm_\d/affine/kernel"
        return {**rules, affine: (0, None)}
    return {
        **rules,
        r"mapping_network(_ema)?/(hidden_\d|style)/(kernel|bias)": (0, 0),
        r"style_encoder(_ema)?/style/(kernel|bias)": (0, 0),
    }


STARGAN_V2 = ModelFamily(
    api_version=API_VERSION,
    name="stargan_v2",
    target="stargan_tf.models.stargan_v2.model:StarGANV2",
    batches="stargan_tf.models.stargan_v2.batches:reference_batches",
    sampler="stargan_tf.models.stargan_v2.watch:StyleSamples",
    served="stargan_tf.models.stargan_v2.serving:served_model",
    litert="stargan_tf.models.stargan_v2.litert:litert_model",
    official="stargan_tf.models.stargan_v2.official:OFFICIAL",
    uses=(
        "--to {domain} --seed 7 INPUT --output OUTPUT",
        "--to {domain} --reference IMAGE INPUT --output OUTPUT",
    ),
    translated_by="styles",
    # As in the paper.
    defaults={"image_size": 256, "batch_size": 8, "steps": 100_000},
    dataset_options={"fit": "stretch", "one_hot": True},
    batches_from_model={"mask_provider": "mask_provider"},
    label_weights=label_weights,
    check=check,
    presets=PRESETS,
    model_options=MODEL_OPTIONS,
    batch_options=BATCH_OPTIONS,
    compile_options=COMPILE_OPTIONS,
    loss_weights=LOSS_WEIGHTS,
)
