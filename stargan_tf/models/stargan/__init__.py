"""StarGAN (Choi et al. 2018): the options, presets, and code of the model family."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from stargan_tf.data.turns import take_turns
from stargan_tf.discovery import API_VERSION
from stargan_tf.errors import InputError
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

OUTPUTS = (
    "image",
    "blend",
    "clipped_blend",
    "additive",
    "sparse_additive",
    "fixed_point",
)
# The paper's adversarial loss, or that of Goodfellow et al. (2014) with R1 (Mescheder
# et al. 2018).
WGAN_GP, NON_SATURATING = ADVERSARIALS = ("wgan_gp", "non_saturating")
# Target labels in training.
PERMUTED, ASKED = TARGETS = ("permuted", "asked")

_network = partial(make_option, NETWORKS)
_width = partial(_network, minimum=1, maximum=MAX_FILTERS)
_optimization = partial(make_option, OPTIMIZATION)


def check(values: Mapping[str, Any]) -> None:
    """Checks the options of a run for contradictions.

    Args:
        values: option name → value.

    Raises:
        InputError: if a weight of a data set is not a positive number, or all steps
            would train only the classifier.
    """
    take_turns(values["dataset_weights"])
    if values["pretraining_steps"] >= values["steps"]:
        raise InputError(
            "The generator is trained after pretraining_steps. Received: "
            f"pretraining_steps={values['pretraining_steps']}, "
            f"steps={values['steps']}. Pass more --steps or fewer --pretraining_steps."
        )


LOSS_WEIGHTS = (
    loss_weight("classification", 1.0, "Domain classification."),
    loss_weight("reconstruction", 10.0, "Cycle reconstruction."),
    loss_weight("gradient_penalty", 10.0, "Gradient penalty of the discriminator."),
    loss_weight("identity", 10.0, "Identity term, with --rectified."),
    loss_weight("r1", 1.0, "R1 penalty, with --adversarial non_saturating."),
    loss_weight(
        "change", 0.0, "Mean pixel change of all translations (not in the paper)."
    ),
    loss_weight(
        "unchanged",
        0.0,
        "Mean pixel change where the target equals the image's label (not in the "
        "paper).",
    ),
)

_CELEBA_ATTRIBUTES = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young")
_PAPER = {"image_size": 128, "batch_size": 16, "lr_decay": "paper"}

# Configurations A to C of StarGAN v2's ablation (table 1); D to F are in stargan_v2.
_ABLATION_A = {"image_size": 256, "batch_size": 8, "steps": 100_000}
_ABLATION_B = {**_ABLATION_A, "multi_task": True}

# For a few thousand images.
_SMALL = {
    "output": "sparse_additive",
    "conditioning": "blocks",
    "upsampling": "resize",
    "skips": True,
    "separate_classifier": True,
    "projection": True,
    "ema_decay": 0.999,
    "adversarial": "non_saturating",
    "targets": "asked",
    "augment": True,
    "noise": True,
    "label_smoothing": 0.1,
    "critic_steps": 1,
    "learning_rate": 6e-4,
    # At low rates, the generator follows an overfitted discriminator: changes spread
    # over the background, and fewer of them succeed.
    "lr_decay": "none",
    "beta_1": 0.0,
    "beta_2": 0.99,
    "classification": 3.0,
    "reconstruction": 0.0,
    "r1": 0.0,
    "change": 4.0,
    "unchanged": 60.0,
}

# All other values are the options' defaults, which are those of the paper.
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
        "StarGAN on CelebA and RaFD jointly (two data sets, with mask vector).",
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
        "StarGAN for a few thousand photographs: 64 px, half an hour on two CPU cores.",
        {
            **_SMALL,
            "image_size": 64,
            "base_filters": 16,
            "num_residual_blocks": 3,
            "discriminator_filters": 32,
            # One patch: the mean over several would dilute local defects.
            "discriminator_layers": 6,
            "batch_size": 8,
            "pretraining_steps": 5000,
            "steps": 12_000,
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
            "steps": 28_000,
        },
    ),
    "detect": Preset(
        "StarGAN that locates disease with image-level labels: 64 px, for two CPU "
        "cores.",
        {
            "rectified": True,
            # The weight of Fixed-Point GAN's authors for brain lesions.
            "identity": 0.1,
            "output": "additive",
            "conditioning": "blocks",
            "upsampling": "resize",
            "skips": True,
            # Lesions are small: a classifier without separate layers and pretraining
            # does not learn to detect them, so the generator does not remove them.
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
        "A small StarGAN on cartoon faces: minutes on two CPU cores.",
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
            "upsampling": "resize",
            "skips": True,
            "projection": True,
            "ema_decay": 0.998,
            "batch_size": 8,
            "critic_steps": 1,
            "learning_rate": 6e-4,
            "steps": 2500,
            "checkpoint_every": 250,
            "sample_every": 250,
            "log_every": 50,
        },
    ),
}


def label_weights(options: Mapping[str, Any]) -> dict[str, tuple[int, int | None]]:
    """Returns the axes of the labels in the weights; see `ModelFamily`."""
    rules = {
        r"generator(_ema)?/residual_\d+/norm_\d/affine/kernel": (0, 0),
        "discriminator/(classes|label_patches)/kernel": (3, 0),
    }
    if options["conditioning"] != "adain":
        # The label's channels follow those of the image.
        rules["generator(_ema)?/stem/kernel"] = (2, None)
    if options["multi_task"]:
        rules["discriminator/patches/kernel"] = (3, 0)
    return rules


STARGAN = ModelFamily(
    api_version=API_VERSION,
    name="stargan",
    target="stargan_tf.models.stargan.model:StarGAN",
    official="stargan_tf.models.stargan.official:OFFICIAL",
    compile_from_run={"steps": "total_steps"},
    label_weights=label_weights,
    check=check,
    presets=PRESETS,
    batch_options=(
        make_option(
            DATA,
            "dataset_weights",
            None,
            "Relative sampling frequency of each data set, such as 2,1 (default: "
            "equal).",
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
            "Output of the generator. image: an image, as in the paper; blend: an "
            "image and a mask of where it replaces the input; clipped_blend: the same "
            "with a mask that reaches 0, so that the input can stay unchanged; "
            "additive: a change of the input; sparse_additive: the same without faint "
            "changes; fixed_point: a change added as in Fixed-Point GAN, which alters "
            "bright and dark pixels even where it is 0.",
            choices=OUTPUTS,
        ),
        _network(
            "conditioning",
            "input",
            "Where the label enters the generator. input: at the input, as in the "
            "paper; blocks: also in every residual block (not in the paper; small "
            "networks learn faster); adain: only in the residual blocks, as in StarGAN "
            "v2's ablation.",
            choices=("input", "blocks", "adain"),
        ),
        _network("attention", None, "Deprecated: use --output blend.", bool),
        _network(
            "upsampling",
            "transposed",
            "Upsampling in the generator. transposed: transposed convolutions, as in "
            "the paper; resize: nearest-neighbor doubling, then a convolution (no "
            "checkerboard artifacts).",
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
            "Give the discriminator's classifier its own layers (not in the paper).",
        ),
        _network(
            "multi_task",
            False,
            "Give the discriminator one real/fake output per domain instead of a "
            "classifier, as in StarGAN v2's ablation (one-hot labels only).",
        ),
        _network(
            "projection",
            False,
            "Let the discriminator also judge how well images fit their labels (not in "
            "the paper).",
        ),
        _network(
            "ema_decay",
            0.0,
            "Decay of an exponential moving average (EMA) of the generator's weights, "
            "such as 0.999; the EMA generator is then used to translate. 0: none, as "
            "in the paper.",
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
            "Learning rate schedule. paper: linear decay to zero over the second half; "
            "official: that of the official code; none: constant.",
            choices=("paper", "official", "none"),
        ),
        _optimization("beta_1", 0.5, "Adam's β₁.", minimum=0.0, maximum=0.9999),
        _optimization("beta_2", 0.999, "Adam's β₂.", minimum=0.0, maximum=0.999999),
        _optimization(
            "adversarial",
            "wgan_gp",
            "Adversarial loss. wgan_gp: as in the paper; non_saturating: with the R1 "
            "penalty, weighted by --r1.",
            choices=ADVERSARIALS,
        ),
        _optimization(
            "targets",
            "permuted",
            "Target labels in training. permuted: labels of other images in the batch, "
            "as in the paper; asked: the image's label with at most one change.",
            choices=TARGETS,
        ),
        _optimization(
            "augment",
            False,
            "Shift the discriminator's input images randomly (not in the paper).",
        ),
        _optimization(
            "noise",
            False,
            "Add noise to the input images of the discriminator's classifier, so that "
            "imperceptible changes cannot fool it (not in the paper).",
        ),
        _optimization(
            "label_smoothing",
            0.0,
            "Label smoothing in the generator's classification loss, such as 0.2; it "
            "prevents exaggerated translations (not in the paper).",
            minimum=0.0,
            maximum=0.99,
        ),
        _optimization(
            "critic_steps", 5, "Discriminator steps for each generator step.", minimum=1
        ),
        _optimization(
            "pretraining_steps",
            0,
            "Initial steps that train only the discriminator's classifier; with "
            "--separate_classifier it is frozen afterward (not in the paper).",
            minimum=0,
        ),
        _optimization(
            "rectified",
            False,
            "Use the objective of Fixed-Point GAN: every generator term is summed over "
            "the target label and the image's label, plus an identity loss.",
        ),
    ),
    loss_weights=LOSS_WEIGHTS,
)
