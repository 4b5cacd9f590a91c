"""CycleGAN (Zhu et al., 2017) and DiscoGAN (Kim et al., 2017): options and presets."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from stargan_tf.plugin import (
    NETWORKS,
    ONE_HOT,
    OPTIMIZATION,
    DatasetInfo,
    InputError,
    ModelFamily,
    Preset,
    loss_weight,
    make_option,
)

_network = partial(make_option, NETWORKS)
_width = partial(_network, minimum=1, maximum=4096)
_optimization = partial(make_option, OPTIMIZATION)

LOSS_WEIGHTS = (
    loss_weight("cycle", 10.0, "Cycle consistency, for --objective cyclegan."),
    loss_weight(
        "identity",
        5.0,
        "Identity mapping, for --objective cyclegan; 0 skips its computation.",
    ),
)


def check(values: Mapping[str, Any]) -> None:
    """Raises InputError if options are incompatible, before the training starts.

    Args:
        values: {option name: value}.
    """
    if len(values["dataset"]) > 1:
        raise InputError(
            "A cyclegan model requires one data set of two domains. Received: "
            f"--dataset {','.join(values['dataset'])}. Choose one of them."
        )
    check_image_size(values["image_size"], values["discriminator_layers"])
    check_pool(values["pool_size"], values["batch_size"])


def check_image_size(image_size: int | tuple[int, int], layers: int) -> None:
    """Raises InputError if images are too small for the discriminator.

    Args:
        image_size: side of the square images in pixels, or (height, width).
        layers: strided layers of the discriminator.
    """
    shorter = image_size if isinstance(image_size, int) else min(image_size)
    # Each of the two 4 × 4 convolutions that follow removes one pixel.
    if shorter // 2**layers < 3:
        raise InputError(
            f"A discriminator with {layers} strided layers requires images of at least "
            f"{3 * 2**layers} pixels. Received: image_size={image_size}. Increase "
            "--image_size or decrease --discriminator_layers."
        )


def check_pool(pool_size: int, batch_size: int) -> None:
    """Raises InputError if the image pool is smaller than a batch.

    Args:
        pool_size: capacity of each domain's pool in images; 0 for no pool.
        batch_size: number of generated images per domain and step.
    """
    if 0 < pool_size < batch_size:
        raise InputError(
            "pool_size must be 0 or at least batch_size. Received: "
            f"pool_size={pool_size}, batch_size={batch_size}. Set --pool_size "
            f"{batch_size}, or 0 for no pool."
        )


def check_two_domains(info: DatasetInfo) -> None:
    """Raises InputError unless every image belongs to one of exactly two domains.

    Args:
        info: the data set.
    """
    if info.label_type != ONE_HOT:
        raise InputError(
            "CycleGAN requires images that belong to exactly one domain each. "
            f"Received: '{info.name}' with binary attributes. Turn two of them into "
            "domains: load_dataset(…, attributes=('A', 'B'), one_hot=True)."
        )
    if len(info.domains) != 2:
        listed = ", ".join(info.domains[:8]) + ", …" * (len(info.domains) > 8)
        raise InputError(
            f"CycleGAN requires exactly two domains. Received: '{info.name}' with "
            f"{len(info.domains)}: {listed}. Choose two with --attributes A,B, or "
            "train a model for each pair: python -m stargan_tf_cyclegan.pairs"
        )


PRESETS = {
    "cyclegan_256": Preset(
        "CycleGAN from the paper: 9 residual blocks, 256 px, 200,000 steps.",
        {"image_size": 256, "num_residual_blocks": 9, "steps": 200_000},
    ),
    "discogan_64": Preset(
        "DiscoGAN's objective with CycleGAN's networks: 64 px, for a GPU.",
        {
            "objective": "discogan",
            "image_size": 64,
            # Feature matching compares means over the batch.
            "batch_size": 64,
            "pool_size": 0,
            "lr_decay": "none",
            "steps": 50_000,
        },
    ),
    "cyclegan_toons": Preset(
        "A small CycleGAN for black and blond hair on generated faces: minutes on two "
        "CPU cores.",
        {
            "dataset": "toon_attributes",
            "attributes": ("Black_Hair", "Blond_Hair"),
            "image_size": 64,
            "base_filters": 16,
            "num_residual_blocks": 3,
            "discriminator_filters": 24,
            "batch_size": 4,
            "learning_rate": 4e-4,
            "steps": 3000,
            "checkpoint_every": 300,
            "sample_every": 300,
            "log_every": 50,
        },
    ),
}

CYCLEGAN = ModelFamily(
    api_version=1,
    name="cyclegan",
    target="stargan_tf_cyclegan.model:CycleGAN",
    batches="stargan_tf_cyclegan.batches:unpaired_batches",
    defaults={"batch_size": 1},
    dataset_options={"one_hot": True},
    compile_from_run={"steps": "total_steps"},
    check=check,
    presets=PRESETS,
    model_options=(
        _width("base_filters", 64, "Width of each generator's first layer."),
        _network(
            "num_residual_blocks",
            6,
            "Residual blocks of each generator; in the paper 6 at 128 px, and 9 at "
            "256 px and above.",
            minimum=0,
            maximum=64,
        ),
        _width(
            "discriminator_filters", 64, "Width of each discriminator's first layer."
        ),
        _network(
            "discriminator_layers",
            3,
            "Strided layers of each discriminator; with 3, the receptive field is 70 x "
            "70 pixels.",
            minimum=1,
            maximum=16,
        ),
        _network(
            "pool_size",
            50,
            "Number of earlier translations per domain that are stored to train its "
            "discriminator; 0: none.",
            minimum=0,
        ),
    ),
    compile_options=(
        _optimization(
            "objective",
            "cyclegan",
            "cyclegan: least squares, cycle and identity; discogan: cross-entropy, "
            "feature matching and squared cycle.",
            choices=("cyclegan", "discogan"),
        ),
        _optimization(
            "learning_rate",
            2e-4,
            "Initial learning rate of both optimizers.",
            minimum=0.0,
        ),
        _optimization(
            "lr_decay",
            "paper",
            "paper: linear decay to zero over the second half; none: constant.",
            choices=("paper", "none"),
        ),
        _optimization(
            "reconstruction_delay",
            10_000,
            "Steps with --objective discogan until the share of the cycle term in the "
            "loss increases from 1 % to 50 %.",
            minimum=0,
        ),
    ),
    loss_weights=LOSS_WEIGHTS,
)
