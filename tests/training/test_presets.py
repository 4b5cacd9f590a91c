import pytest

from stargan_tf.models.registry import known_families, presets
from stargan_tf.training.config import resolve

CELEBA = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young")


PRESETS = presets(known_families())


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_resolves(name):
    values = PRESETS[name].values
    given = {} if "dataset" in values else {"dataset": "a"}
    if name == "stargan_celeba_rafd_128":
        given = {"dataset": "a,b"}
    if values.get("high_pass"):
        given["mask_provider"] = "masks:find"
    assert resolve({"preset": name, **given}).preset == name


@pytest.mark.parametrize(
    ("name", "datasets", "attributes", "crops", "steps"),
    [
        ("stargan_celeba_128", "a", (CELEBA,), (178,), 200_000),
        ("stargan_rafd_128", "a", ((),), (256,), 200_000),
        ("stargan_celeba_rafd_128", "a,b", (CELEBA, ()), (178, 256), 400_000),
    ],
)
def test_presets_have_the_papers_hyper_parameters(
    name, datasets, attributes, crops, steps
):
    config = resolve({"preset": name, "dataset": datasets})
    assert (config.image_size, config.batch_size, config.steps) == (128, 16, steps)
    assert config.attributes == attributes
    assert config.crop_size == crops
    assert config.model_options == {
        "base_filters": 64,
        "num_residual_blocks": 6,
        "discriminator_filters": 64,
        "discriminator_layers": 6,
        "attention": False,
        "conditioning": "input",
        "separable": False,
    }
    assert config.compile_options == {
        "learning_rate": 1e-4,
        "lr_decay": "paper",
        "critic_steps": 5,
        "rectified": False,
    }
    weights = {"classification": 1.0, "reconstruction": 10.0, "gradient_penalty": 10.0}
    assert {n: config.loss_weights[n] for n in weights} == weights


@pytest.mark.parametrize(
    ("name", "high_pass", "diversity", "accumulate", "remat", "precision"),
    [
        ("stargan_v2_celeba_hq_256", 1.0, 1.0, 1, False, "float32"),
        ("stargan_v2_celeba_hq_256_low_memory", 1.0, 1.0, 8, True, "mixed_bfloat16"),
        ("stargan_v2_afhq_256", 0.0, 2.0, 1, False, "float32"),
        ("stargan_v2_afhq_256_low_memory", 0.0, 2.0, 8, True, "mixed_bfloat16"),
    ],
)
def test_presets_of_the_second_paper(
    name, high_pass, diversity, accumulate, remat, precision
):
    provider = "masks:find" if high_pass else None
    config = resolve({"preset": name, "dataset": "a", "mask_provider": provider})
    assert (config.image_size, config.batch_size, config.steps) == (256, 8, 100_000)
    assert config.precision == precision
    assert config.model_options == {
        "style_dim": 64,
        "latent_dim": 16,
        "hidden_dim": 512,
        "base_filters": None,
        "max_filters": 512,
        "high_pass": high_pass,
        "mask_provider": provider,
        "generator_filters": None,
        "separable": False,
    }
    assert config.compile_options == {
        "learning_rate": 1e-4,
        "mapping_learning_rate": 1e-6,
        "beta_1": 0.0,
        "beta_2": 0.99,
        "l2": 1e-4,
        "diversity_steps": 100_000,
        "ema_decay": 0.999,
        "accumulate": accumulate,
        "remat": remat,
    }
    weights = {"style": 1.0, "diversity": diversity, "cycle": 1.0, "r1": 1.0}
    assert config.loss_weights == weights
    assert config.batch_options == {"crop_probability": 0.5}


# What a run decides by other means than a family's options.
GIVEN_BY_RUN = {
    "self",
    "datasets",
    "kwargs",
    "total_steps",
    "seed",
    "jit_compile",
    "loss_weights",
}


def test_options_are_the_arguments_of_the_model():
    import inspect

    families = known_families()
    assert list(families) == ["stargan", "stargan_v2"]
    for family in families.values():
        model_class = family.model_class()
        for options, function in (
            (family.model_options, model_class.__init__),
            (family.compile_options, model_class.compile),
        ):
            defaults = {
                name: parameter.default
                for name, parameter in inspect.signature(function).parameters.items()
                if name not in GIVEN_BY_RUN and not name.endswith("_optimizer")
            }
            assert {option.name: option.default for option in options} == defaults
