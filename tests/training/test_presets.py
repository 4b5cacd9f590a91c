import pytest

from stargan_tf.training.presets import PRESETS
from stargan_tf.training.resolve import resolve

CELEBA = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young")


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_resolves(name):
    given = {} if "dataset" in PRESETS[name].values else {"dataset": "a,b"}
    if name in ("stargan_celeba_128", "stargan_rafd_128"):
        given = {"dataset": "a"}
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
    }
    assert config.compile_options == {
        "learning_rate": 1e-4,
        "lr_decay": "paper",
        "critic_steps": 5,
        "rectified": False,
    }
    weights = {"classification": 1.0, "reconstruction": 10.0, "gradient_penalty": 10.0}
    assert {n: config.loss_weights[n] for n in weights} == weights


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

    from stargan_tf.training.families import FAMILIES

    for family in FAMILIES.values():
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
