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
    loss_weight("cycle", 10.0, "Cycle consistency, of --objective cyclegan."),
    loss_weight(
        "identity",
        5.0,
        "Identity mapping, of --objective cyclegan; 0 leaves its computation out.",
    ),
)


def check(values: Mapping[str, Any]) -> None:
    """Refuses values that do not fit each other, before anything is started.

    Args:
        values: option name → value.
    """
    if len(values["dataset"]) > 1:
        raise InputError(
            "A cyclegan model is trained on one data set of two domains. Received: "
            f"--dataset {','.join(values['dataset'])}. Give one of them."
        )
    check_image_size(values["image_size"], values["discriminator_layers"])
    check_pool(values["pool_size"], values["batch_size"])


def check_image_size(image_size: int | tuple[int, int], layers: int) -> None:
    """Raises InputError if a side is too small for the discriminator.

    Args:
        image_size: side of the square images in pixels, or (height, width).
        layers: strided layers of the discriminator.
    """
    shorter = image_size if isinstance(image_size, int) else min(image_size)
    # Two more convolutions of 4x4 pixels, with a border of one, take off a pixel each.
    if shorter // 2**layers < 3:
        raise InputError(
            f"{layers} strided layers of a discriminator need images of at least "
            f"{3 * 2**layers} pixels. Received: image_size={image_size}. Use larger "
            "images or fewer --discriminator_layers."
        )


def check_pool(pool_size: int, batch_size: int) -> None:
    """Raises InputError if the fakes of a batch do not fit into the pool.

    Args:
        pool_size: images that the pool of each domain holds; 0 for no pool.
        batch_size: fakes of each domain per step.
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
            f"CycleGAN takes images of one domain each. Received: '{info.name}' with "
            "binary attributes. Turn two of them into domains: load_dataset(…, "
            "attributes=('A', 'B'), one_hot=True)."
        )
    if len(info.domains) != 2:
        listed = ", ".join(info.domains[:8]) + ", …" * (len(info.domains) > 8)
        raise InputError(
            f"CycleGAN takes exactly two domains. Received: '{info.name}' with "
            f"{len(info.domains)}: {listed}. Choose two with --attributes A,B, or "
            "train one model per pair: python -m stargan_tf_cyclegan.pairs"
        )


PRESETS = {
    "cyclegan_256": Preset(
        "CycleGAN as in the paper: 9 residual blocks, 256 px, 200,000 steps.",
        {"image_size": 256, "num_residual_blocks": 9, "steps": 200_000},
    ),
    "discogan_64": Preset(
        "DiscoGAN's objective on CycleGAN's networks: 64 px, for a GPU.",
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
        "A small CycleGAN on drawn faces, black hair and blond hair: minutes on two "
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
            "Residual blocks of each generator; the paper: 6 at 128 px, 9 from 256 px.",
            minimum=0,
            maximum=64,
        ),
        _width(
            "discriminator_filters", 64, "Width of each discriminator's first layer."
        ),
        _network(
            "discriminator_layers",
            3,
            "Strided layers of each discriminator; with 3 a score sees 70 x 70 pixels.",
            minimum=1,
            maximum=16,
        ),
        _network(
            "pool_size",
            50,
            "Earlier translations of each domain that are kept to train its "
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
            "paper: linear to zero over the second half; none.",
            choices=("paper", "none"),
        ),
        _optimization(
            "reconstruction_delay",
            10_000,
            "Steps of --objective discogan before the cycle term gets half of the "
            "weight; it has a hundredth until then.",
            minimum=0,
        ),
    ),
    loss_weights=LOSS_WEIGHTS,
)
