"""The model families that `stargan-tf train` can build, and their options."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from stargan_tf.errors import InputError, near_names
from stargan_tf.training.options import Option

_NETWORKS = "Networks"
_OPTIMIZATION = "Optimization"
_WEIGHTS = "Weights of the loss terms"


@dataclass(frozen=True)
class ModelFamily:
    """A model class and the options that its constructor and `compile()` take.

    Args:
        name: value of the configuration's `model`.
        target: `module:Class`; imported when a model is built or opened.
        model_options: arguments of the constructor, after the data sets.
        compile_options: arguments of `compile()`.
        loss_weights: entries of `compile(loss_weights=…)`.
    """

    name: str
    target: str
    model_options: tuple[Option, ...]
    compile_options: tuple[Option, ...]
    loss_weights: tuple[Option, ...]

    @property
    def options(self) -> tuple[Option, ...]:
        """All of them, in the order of the help."""
        return (*self.model_options, *self.compile_options, *self.loss_weights)

    def model_class(self) -> Any:
        """Imports the class, which also registers it with Keras for loading."""
        module, _, name = self.target.partition(":")
        return getattr(import_module(module), name)


STARGAN = ModelFamily(
    name="stargan",
    target="stargan_tf.models.stargan:StarGAN",
    model_options=(
        Option(
            "base_filters",
            int,
            64,
            "Width of the generator's first layer.",
            _NETWORKS,
            minimum=1,
        ),
        Option(
            "num_residual_blocks",
            int,
            6,
            "Residual blocks in the generator.",
            _NETWORKS,
            minimum=0,
        ),
        Option(
            "discriminator_filters",
            int,
            64,
            "Width of the discriminator's first layer.",
            _NETWORKS,
            minimum=1,
        ),
        Option(
            "discriminator_layers",
            int,
            6,
            "Strided layers of the discriminator; each halves the image.",
            _NETWORKS,
            minimum=1,
        ),
        Option(
            "attention",
            bool,
            False,
            "The generator also draws a mask of where to change the input (not in "
            "the paper).",
            _NETWORKS,
        ),
        Option(
            "conditioning",
            str,
            "input",
            "input: the label enters where the paper has it; blocks: in every residual "
            "block besides (not in the paper; small networks learn faster).",
            _NETWORKS,
            choices=("input", "blocks"),
        ),
    ),
    compile_options=(
        Option(
            "learning_rate",
            float,
            1e-4,
            "Initial learning rate of both optimizers.",
            _OPTIMIZATION,
            minimum=0.0,
        ),
        Option(
            "lr_decay",
            str,
            "paper",
            "paper: linear to zero over the second half; official: what the official "
            "code does; none.",
            _OPTIMIZATION,
            choices=("paper", "official", "none"),
        ),
        Option(
            "critic_steps",
            int,
            5,
            "Discriminator steps for each generator step.",
            _OPTIMIZATION,
            minimum=1,
        ),
        Option(
            "rectified",
            bool,
            False,
            "The rectified objective: every generator term over target and own "
            "label, and an identity loss.",
            _OPTIMIZATION,
        ),
    ),
    loss_weights=(
        Option(
            "classification",
            float,
            1.0,
            "Domain classification.",
            _WEIGHTS,
            minimum=0.0,
        ),
        Option(
            "reconstruction",
            float,
            10.0,
            "Cycle reconstruction.",
            _WEIGHTS,
            minimum=0.0,
        ),
        Option(
            "gradient_penalty",
            float,
            10.0,
            "Gradient penalty of the discriminator.",
            _WEIGHTS,
            minimum=0.0,
        ),
        Option(
            "identity",
            float,
            10.0,
            "Identity term, with --rectified.",
            _WEIGHTS,
            minimum=0.0,
        ),
    ),
)

FAMILIES = {STARGAN.name: STARGAN}


def family(name: str) -> ModelFamily:
    """The family called `name`.

    Args:
        name: the configuration's `model`.

    Raises:
        InputError: if there is none; near ones are named.
    """
    if name not in FAMILIES:
        raise InputError(
            f"There is no model family '{name}'. {near_names(name, FAMILIES)}"
        )
    return FAMILIES[name]
