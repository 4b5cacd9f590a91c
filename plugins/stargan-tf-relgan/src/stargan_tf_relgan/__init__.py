"""RelGAN (Wu et al., 2019): options and presets."""

from functools import partial

from stargan_tf.plugin import (
    NETWORKS,
    OPTIMIZATION,
    ModelFamily,
    Preset,
    loss_weight,
    make_option,
)

_network = partial(make_option, NETWORKS)
_optimization = partial(make_option, OPTIMIZATION)

LOSS_WEIGHTS = (
    loss_weight("match", 1.0, "Match between images and their change."),
    loss_weight("cycle", 10.0, "Reconstruction by the reverse change."),
    loss_weight("self", 10.0, "Reconstruction by a change of 0."),
    loss_weight("interpolation", 10.0, "Realism of interpolated changes."),
)

RELGAN = ModelFamily(
    api_version=1,
    name="relgan",
    target="stargan_tf_relgan.model:RelGAN",
    sampler="stargan_tf_relgan.use:ChangeSamples",
    served="stargan_tf_relgan.use:served_model",
    litert="stargan_tf_relgan.use:litert_files",
    translated_by="relative",
    uses=(
        "--to {domain} INPUT --output OUTPUT",
        "--to {domain}:0.5 INPUT --output OUTPUT",
        "--all INPUT --output grid.png",
    ),
    compile_from_run={"steps": "total_steps"},
    model_options=(
        _network(
            "base_filters", 64, "Width of the generator's first layer.", minimum=1
        ),
        _network(
            "num_residual_blocks", 6, "Residual blocks of the generator.", minimum=0
        ),
        _network(
            "discriminator_filters",
            64,
            "Width of the discriminator's first layer.",
            minimum=1,
        ),
        _network(
            "discriminator_layers",
            6,
            "Strided layers of the discriminator; each halves the image.",
            minimum=1,
        ),
        _network(
            "small",
            False,
            "A generator for training on CPUs: every residual block receives the "
            "change, skip connections preserve detail, and a predicted mask blends the "
            "output with the input image (not in the paper).",
        ),
    ),
    compile_options=(
        _optimization(
            "learning_rate", 5e-5, "Learning rate of both optimizers.", minimum=0.0
        ),
        _optimization(
            "lr_decay",
            "none",
            "none: constant; paper: linear decay to zero over the second half, as in "
            "StarGAN.",
            choices=("none", "paper"),
        ),
        _optimization("beta_1", 0.5, "Adam's β₁.", minimum=0.0, maximum=0.9999),
        _optimization("beta_2", 0.999, "Adam's β₂.", minimum=0.0, maximum=0.999999),
    ),
    loss_weights=LOSS_WEIGHTS,
    presets={
        "relgan_celeba_256": Preset(
            "RelGAN on CelebA: 256 px, 100,000 steps.",
            {"image_size": 256, "batch_size": 4, "crop_size": 178, "steps": 100_000},
        ),
        "relgan_toons": Preset(
            "A small RelGAN on generated faces: half an hour on two CPU cores.",
            {
                "dataset": "toon_attributes",
                "image_size": 64,
                "base_filters": 16,
                "num_residual_blocks": 3,
                "discriminator_filters": 24,
                "discriminator_layers": 4,
                "small": True,
                "batch_size": 8,
                "learning_rate": 4e-4,
                "lr_decay": "paper",
                # With a smaller weight, a small generator learns the identity.
                "match": 10.0,
                "interpolation": 1.0,
                "steps": 4000,
                "checkpoint_every": 400,
                "sample_every": 400,
                "log_every": 50,
            },
        ),
    },
)
