"""AttGAN (He et al., 2019) and STGAN (Liu et al., 2019): options and presets.

This file imports neither TensorFlow nor Keras; the model is in `model.py`.
"""

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
_width = partial(_network, minimum=1, maximum=1024)
_layers = partial(_network, minimum=1, maximum=10)
_optimization = partial(make_option, OPTIMIZATION)

TARGET, DIFFERENCE = CONDITIONS = ("target", "difference")
LOSS_WEIGHTS = (
    loss_weight("classification", 10.0, "Attribute classification, for both networks."),
    loss_weight("reconstruction", 100.0, "Reconstruction with unchanged attributes."),
    loss_weight("gradient_penalty", 10.0, "Gradient penalty of the discriminator."),
)

# All other options have the papers' values as defaults.
_CELEBA = {
    "attributes": ("Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young"),
    "crop_size": 178,
    "image_size": 128,
    "batch_size": 32,
    "steps": 500_000,
}
_STGAN = {"condition": "difference", "transfer_units": True}
_TOONS = {
    "dataset": "toon_attributes",
    "image_size": 64,
    "base_filters": 16,
    "num_layers": 3,
    "upsampling": "resize",
    "discriminator_filters": 24,
    # The last features are 4 × 4, like those of the papers' networks at 128 px.
    "discriminator_layers": 4,
    "batch_size": 8,
    "critic_steps": 1,
    "learning_rate": 4e-4,
    "steps": 4000,
    "checkpoint_every": 400,
    "sample_every": 400,
    "log_every": 50,
}
PRESETS = {
    "attgan_128": Preset(
        "AttGAN on CelebA: 5 attributes, 128 px, 500,000 steps.", _CELEBA
    ),
    "stgan_128": Preset(
        "STGAN on CelebA: 5 attributes, 128 px, 500,000 steps.",
        {**_CELEBA, **_STGAN, "shortcut_layers": 4},
    ),
    "attgan_toons": Preset(
        "A small AttGAN on generated faces: minutes on two CPU cores.", _TOONS
    ),
    "stgan_toons": Preset(
        "A small STGAN on generated faces: minutes on two CPU cores.",
        {**_TOONS, **_STGAN, "shortcut_layers": 2},
    ),
}

ATTGAN = ModelFamily(
    api_version=1,
    name="attgan",
    target="stargan_tf_attgan.model:AttGAN",
    sampler="stargan_tf_attgan.model:EditSamples",
    compile_from_run={"steps": "total_steps"},
    label_weights={
        # The condition is in the last channels. Kernels of transposed convolutions
        # have the input channels on the last axis.
        r"generator/(transfer_\d+/)?transposed_1/kernel": (3, None),
        r"generator/(transfer_\d+/)?resize_1/kernel": (2, None),
        "discriminator/attributes/kernel": (1, 0),
        "discriminator/attributes/bias": (0, 0),
    },
    presets=PRESETS,
    model_options=(
        _network(
            "condition",
            "target",
            "Input of the generator besides the image: target (the target attributes; "
            "AttGAN) or difference (target attributes minus those of the image; "
            "STGAN).",
            choices=CONDITIONS,
        ),
        _network(
            "transfer_units",
            False,
            "Selective transfer units in the skip connections (STGAN).",
        ),
        _network(
            "shortcut_layers",
            1,
            "Number of skip connections, starting at the deepest layer.",
            minimum=0,
            maximum=9,
        ),
        _layers("num_layers", 5, "Strided layers of the generator's encoder."),
        _width("base_filters", 64, "Width of the generator's first layer."),
        _network(
            "upsampling",
            "transposed",
            "transposed: transposed convolutions, as in the papers; resize: "
            "nearest-neighbor upsampling and a convolution, which avoids checkerboard "
            "artifacts.",
            choices=("transposed", "resize"),
        ),
        _width(
            "discriminator_filters", 64, "Width of the discriminator's first layer."
        ),
        _layers("discriminator_layers", 5, "Strided layers of the discriminator."),
    ),
    compile_options=(
        _optimization(
            "learning_rate",
            2e-4,
            "Initial learning rate of both optimizers.",
            minimum=0.0,
        ),
        _optimization(
            "lr_decay",
            "linear",
            "linear: linear decay to zero over the second half; none: constant.",
            choices=("linear", "none"),
        ),
        _optimization("beta_1", 0.5, "Adam's β₁.", minimum=0.0, maximum=0.9999),
        _optimization("beta_2", 0.999, "Adam's β₂.", minimum=0.0, maximum=0.999999),
        _optimization(
            "critic_steps", 5, "Discriminator updates per generator update.", minimum=1
        ),
    ),
    loss_weights=LOSS_WEIGHTS,
)
