"""The named configurations of StarGAN v2.

Learning rates, loss weights, widths, 256 px, batch 8 and 100,000 steps are the
defaults of its options (training/families): the presets say where they differ.
"""

from stargan_tf.training.preset import Preset

_V2 = {"model": "stargan_v2"}
_CELEBA_HQ = {**_V2, "high_pass": 1.0}
_AFHQ = {**_V2, "diversity": 2.0}

# Ways to a smaller memory; all keep the batch of 8, without which training suffers.
_ACCUMULATE = {"accumulate": 4}
_REMAT = {"remat": True}
_BFLOAT16 = {"precision": "mixed_bfloat16"}
_LOW_MEMORY = {"accumulate": 8, **_REMAT, **_BFLOAT16}

# Half the official widths, and half the steps, at a sixteenth or a quarter of the
# pixels.
_SMALL = {
    **_V2,
    "base_filters": 64,
    "max_filters": 256,
    "hidden_dim": 256,
    "steps": 50_000,
    "diversity_steps": 50_000,
}

PRESETS_V2 = {
    "stargan_v2_celeba_hq_256": Preset(
        "StarGAN v2 on CelebA-HQ: 2 domains, high-pass skips (--mask_provider).",
        _CELEBA_HQ,
    ),
    "stargan_v2_celeba_hq_256_low_memory": Preset(
        "The same in bfloat16, image by image, with rematerialisation.",
        {**_CELEBA_HQ, **_LOW_MEMORY},
    ),
    "stargan_v2_afhq_256": Preset(
        "StarGAN v2 on AFHQ: 3 domains, diversity weight 2, no high-pass.", _AFHQ
    ),
    "stargan_v2_afhq_256_accumulate": Preset(
        "The same with gradients accumulated over 4 parts of each batch.",
        {**_AFHQ, **_ACCUMULATE},
    ),
    "stargan_v2_afhq_256_remat": Preset(
        "The same with rematerialisation.", {**_AFHQ, **_REMAT}
    ),
    "stargan_v2_afhq_256_bfloat16": Preset(
        "The same in mixed bfloat16.", {**_AFHQ, **_BFLOAT16}
    ),
    "stargan_v2_afhq_256_low_memory": Preset(
        "The same with all three, image by image.", {**_AFHQ, **_LOW_MEMORY}
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
            **_V2,
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
