"""StarGAN (v1): its options."""

from collections.abc import Mapping
from typing import Any

from stargan_tf.data.turns import take_turns
from stargan_tf.discovery import API_VERSION
from stargan_tf.training.families.model_family import (
    DATA,
    DEEPEST,
    NETWORKS,
    OPTIMIZATION,
    WIDEST,
    ModelFamily,
    loss_weight,
)
from stargan_tf.training.options import Option


def check(values: Mapping[str, Any]) -> None:
    """Checks what the options mean together.

    Args:
        values: option name → value.

    Raises:
        InputError: if the weights of the data sets are not positive.
    """
    take_turns(values["dataset_weights"])


STARGAN = ModelFamily(
    api_version=API_VERSION,
    name="stargan",
    target="stargan_tf.models.stargan:StarGAN",
    batches="stargan_tf.data.pipeline:training_batches",
    sampler="stargan_tf.training.callbacks.sample_images:sample_images",
    served="stargan_tf.serving.form_v1:served_form",
    litert="stargan_tf.litert.form_v1:device_form",
    uses=(
        "--to {domain} INPUT --output OUTPUT",
        "--all INPUT --output grid.png",
    ),
    compile_from_run={"steps": "total_steps"},
    label_weights={
        # The label's channels come after the image's three.
        "generator/stem/(depthwise_)?kernel": (2, 3),
        r"generator/residual_\d+/norm_\d/affine/kernel": (0, 0),
        "discriminator/classes/kernel": (3, 0),
    },
    check=check,
    batch_options=(
        Option(
            "dataset_weights",
            float,
            None,
            "How often to draw from each of several data sets, such as 2,1; by "
            "default equally often.",
            DATA,
            separator=",",
        ),
    ),
    model_options=(
        Option(
            "base_filters",
            int,
            64,
            "Width of the generator's first layer.",
            NETWORKS,
            minimum=1,
            maximum=WIDEST,
        ),
        Option(
            "num_residual_blocks",
            int,
            6,
            "Residual blocks in the generator.",
            NETWORKS,
            minimum=0,
            maximum=DEEPEST,
        ),
        Option(
            "discriminator_filters",
            int,
            64,
            "Width of the discriminator's first layer.",
            NETWORKS,
            minimum=1,
            maximum=WIDEST,
        ),
        Option(
            "discriminator_layers",
            int,
            6,
            "Strided layers of the discriminator; each halves the image.",
            NETWORKS,
            minimum=1,
            maximum=DEEPEST,
        ),
        Option(
            "attention",
            bool,
            False,
            "The generator also draws a mask of where to change the input (not in "
            "the paper).",
            NETWORKS,
        ),
        Option(
            "conditioning",
            str,
            "input",
            "input: the label enters where the paper has it; blocks: in every residual "
            "block besides (not in the paper; small networks learn faster).",
            NETWORKS,
            choices=("input", "blocks"),
        ),
        Option(
            "separable",
            bool,
            False,
            "A light generator of depthwise-separable convolutions (not in the paper; "
            "see stargan-tf distill).",
            NETWORKS,
        ),
    ),
    compile_options=(
        Option(
            "learning_rate",
            float,
            1e-4,
            "Initial learning rate of both optimizers.",
            OPTIMIZATION,
            minimum=0.0,
        ),
        Option(
            "lr_decay",
            str,
            "paper",
            "paper: linear to zero over the second half; official: what the official "
            "code does; none.",
            OPTIMIZATION,
            choices=("paper", "official", "none"),
        ),
        Option(
            "critic_steps",
            int,
            5,
            "Discriminator steps for each generator step.",
            OPTIMIZATION,
            minimum=1,
        ),
        Option(
            "rectified",
            bool,
            False,
            "The rectified objective: every generator term over target and own "
            "label, and an identity loss.",
            OPTIMIZATION,
        ),
    ),
    loss_weights=(
        loss_weight("classification", 1.0, "Domain classification."),
        loss_weight("reconstruction", 10.0, "Cycle reconstruction."),
        loss_weight("gradient_penalty", 10.0, "Gradient penalty of the discriminator."),
        loss_weight("identity", 10.0, "Identity term, with --rectified."),
    ),
)
