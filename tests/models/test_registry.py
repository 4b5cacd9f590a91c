"""Model families by name, a stranger's among them."""

import json
import sys
import warnings

import pytest

from stargan_tf.cli.main import main
from stargan_tf.discovery import DISABLE, MODELS
from stargan_tf.errors import InputError
from stargan_tf.models.registry import family, known_families, presets
from stargan_tf.training.config import resolve

DEFINITION = """
from stargan_tf.plugin import NETWORKS, ModelFamily, Option, Preset
from stargan_tf.models.stargan import STARGAN

REDDER = ModelFamily(
    api_version=1,
    name="redder",
    target="redder_model:RedderGAN",
    compile_from_run=STARGAN.compile_from_run,
    model_options=(
        *STARGAN.model_options,
        Option("redness", int, 1, "How red its pictures are.", NETWORKS, minimum=0),
    ),
    compile_options=STARGAN.compile_options,
    loss_weights=STARGAN.loss_weights,
    presets={"reddest": Preset("As red as can be.", {"redness": 9})},
)
"""
MODEL = """
import keras
from stargan_tf import StarGAN

@keras.saving.register_keras_serializable("redder")
class RedderGAN(StarGAN):
    def __init__(self, datasets, redness=1, **options):
        super().__init__(datasets, **options)
        self.redness = redness

    def get_config(self):
        return {**super().get_config(), "redness": self.redness}

    def translate(self, images, *labels, **options):
        images = super().translate(images, *labels, **options)
        images[..., 0] = min(255, 100 * self.redness)
        return images
"""
TINY = [
    *("--dataset=toon_expressions", "--image_size=32", "--base_filters=4"),
    *("--num_residual_blocks=1", "--discriminator_filters=4", "--batch_size=2"),
    *("--discriminator_layers=2", "--steps=1", "--held_out=0.1"),
]


@pytest.fixture
def redder(installed_package):
    family.cache_clear()
    place = installed_package(
        "redder", DEFINITION, {MODELS.name: {"redder": "redder:REDDER"}}
    )
    (place / "redder_model.py").write_text(MODEL)
    yield place
    family.cache_clear()
    for name in ("redder", "redder_model"):
        sys.modules.pop(name, None)


def test_our_own_come_in_by_the_same_door():
    assert list(known_families()) == ["stargan", "stargan_v2"]
    assert family("stargan_v2").name == "stargan_v2"
    assert MODELS.installed()["stargan"].packages[0].startswith("stargan_tf ")


def test_an_unknown_one_names_near_ones():
    with pytest.raises(InputError, match="no model family 'starga'. Did you mean star"):
        family("starga")


def test_help_shows_a_stranger_s_options_only_when_it_is_named(redder, capsys):
    assert main(["train", "--help"]) == 0
    assert "--redness" not in capsys.readouterr().out
    assert "redder" not in sys.modules
    assert main(["train", "--family", "redder", "--help"]) == 0
    output = capsys.readouterr().out
    assert "--redness" in output and "How red its pictures are. [1]" in " ".join(
        output.split()
    )
    assert "--style_dim" not in output and "redder_model" not in sys.modules


def test_a_stranger_s_presets_are_listed_and_name_its_family(redder, capsys):
    assert main(["presets"]) == 0
    assert "As red as can be." in capsys.readouterr().out
    config = resolve({"preset": "reddest", "dataset": "a"})
    assert (config.family, config.model_options["redness"]) == ("redder", 9)
    assert "redder_model" not in sys.modules


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--family=redder", "--redness=red"], "redness must be a whole number"),
        (["--family=redder", "--style_dim=4"], "style_dim is an option of stargan_v2"),
        (
            ["--family=stargan", "--redness=2"],
            "'stargan-tf train' has no flag --redness",
        ),
        (["--family=reddish"], "no model family 'reddish'. Did you mean redder"),
    ],
)
def test_mistakes_are_one_line(redder, tmp_path, capsys, arguments, message):
    status = main(["train", *TINY, *arguments, f"--run={tmp_path / 'run'}"])
    errors = capsys.readouterr().err
    assert status == 2 and message in errors and errors.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_a_broken_stranger_leaves_ours_alone(redder, capsys, monkeypatch):
    (redder / "redder.py").write_text("import no_such_thing")
    assert main(["train", "--help"]) == 0
    assert list(known_families()) == ["stargan", "stargan_v2"]
    assert main(["train", "--family=redder", "--run=r"]) == 2
    assert "disable it: STARGAN_TF_DISABLE_PLUGINS=redder" in capsys.readouterr().err
    monkeypatch.setenv(DISABLE, "redder")
    assert main(["train", "--family=redder", "--run=r"]) == 2
    assert "is disabled by" in capsys.readouterr().err


def test_a_stranger_that_claims_our_name(installed_package, capsys):
    family.cache_clear()
    entries = {MODELS.name: {"stargan": "claims:CLAIMS"}}
    installed_package("claims", "", entries)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        assert main(["train", "--help"]) == 0
    output = capsys.readouterr()
    assert "--style_dim" in output.out and "--critic_steps" not in output.out
    (line,) = output.err.splitlines()
    assert "warning: The model family 'stargan' is claimed by 2 packages" in line
    assert line.endswith(
        "STARGAN_TF_DISABLE_PLUGINS=claims. Its options are unavailable."
    )
    assert main(["train", "--family=stargan", "--run=r"]) == 2
    family.cache_clear()


def test_a_stranger_s_model_trains_goes_on_and_translates(
    redder, tmp_path, capsys, monkeypatch
):
    import numpy as np
    from PIL import Image

    monkeypatch.setenv("STARGAN_TF_CACHE_LIMIT_MB", "0")  # draws only what it needs
    run, face, output = (tmp_path / name for name in ("run", "face.png", "red.png"))
    assert main(["train", *TINY, "--family=redder", "--redness=2", f"--run={run}"]) == 0
    config = json.loads((run / "config.json").read_text())
    assert (config["family"], config["redness"]) == ("redder", 2)
    assert main(["train", "--run", str(run), "--steps=2", "--redness=2"]) == 0
    assert "Resuming from step 1" in capsys.readouterr().out
    Image.new("RGB", (32, 32)).save(face)
    arguments = [
        "--model",
        str(run),
        "--to",
        "happy",
        str(face),
        "--output",
        str(output),
    ]
    assert main(["translate", *arguments]) == 0
    with Image.open(output) as picture:
        assert (np.asarray(picture)[..., 0] == 200).all()


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
        "output": "image",
        "attention": None,
        "conditioning": "input",
        "upsampling": "transposed",
        "skips": False,
        "separate_classifier": False,
        "multi_task": False,
        "projection": False,
        "ema_decay": 0.0,
    }
    assert config.compile_options == {
        "learning_rate": 1e-4,
        "lr_decay": "paper",
        "beta_1": 0.5,
        "beta_2": 0.999,
        "adversarial": "wgan_gp",
        "targets": "permuted",
        "augment": False,
        "noise": False,
        "label_smoothing": 0.0,
        "critic_steps": 5,
        "pretraining_steps": 0,
        "rectified": False,
    }
    weights = {"classification": 1.0, "reconstruction": 10.0, "gradient_penalty": 10.0}
    weights |= {"r1": 1.0, "change": 0.0, "unchanged": 0.0}
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
        "upsampling": "nearest",
        "latent_injection": False,
    }
    assert config.compile_options == {
        "learning_rate": 1e-4,
        "mapping_learning_rate": 1e-6,
        "beta_1": 0.0,
        "beta_2": 0.99,
        "l2": 1e-4,
        "diversity_term": "difference",
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
    "num_domains",
    "domains",
    "label_type",
    "image_size",
    "num_channels",
    "exclusive_groups",
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
    for known in families.values():
        model_class = known.model_class()
        for options, function in (
            (known.model_options, model_class.__init__),
            (known.compile_options, model_class.compile),
        ):
            defaults = {
                name: parameter.default
                for name, parameter in inspect.signature(function).parameters.items()
                if name not in GIVEN_BY_RUN and not name.endswith("optimizer")
            }
            assert {option.name: option.default for option in options} == defaults
