"""What `stargan-tf train` knows about a model family."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from stargan_tf.training.imported import imported, imported_by_user
from stargan_tf.training.options import Option
from stargan_tf.training.preset import Preset

NETWORKS = "Networks"
OPTIMIZATION = "Optimization"
WEIGHTS = "Weights of the loss terms"
DATA = "Data"

# Wider layers and longer chains than these are typing errors, or attacks: a network of
# the widest has more weights than any GPU holds.
WIDEST, DEEPEST = 4096, 100

# Ways of steering a model.
LABELS = "labels"
STYLES = "styles"

_NOTHING: Mapping[str, Any] = MappingProxyType({})


def anything_goes(values: Mapping[str, Any]) -> None:
    """The check of a family whose options always fit each other.

    Args:
        values: option name → value.
    """


def loss_weight(name: str, default: float, text: str) -> Option:
    """The option of a loss term's weight, at least 0.

    Args:
        name: the term, as in `compile(loss_weights=…)`.
        default: the paper's weight.
        text: one sentence for the command line's help.
    """
    return Option(name, float, default, text, WEIGHTS, minimum=0.0)


@dataclass(frozen=True, kw_only=True)
class ModelFamily:
    """A model class, its options, and what a run of it does in its own way.

    Code is named `module:name` and imported when it is used, so that the command
    line's help starts neither TensorFlow nor Keras.

    Args:
        api_version: the `API_VERSION` of `stargan_tf.plugin` it was written against: 1.
        name: value of the configuration's `model`; also the entry point's name.
        target: the class; it refuses unfit arguments with `InputError`.
        batches: what it trains on: (sources, batch_size, seed=, start_step=, and the
            `batch_options`) → endless `tf.data.Dataset`; `part=` where
            several machines train, see `training_batches`.
        sampler: what draws its pictures: a `SampleSchedule` and the held-out sources
            → Keras callback.
        uses: flags of `stargan-tf translate` that show what a model does; `{domain}`
            stands for one of its domains.
        translated_by: the way of steering it, by name: `"labels"`, as StarGAN, or
            `"styles"`, as StarGAN v2.
        model_options: arguments of the constructor, after the data sets.
        compile_options: arguments of `compile()`.
        loss_weights: entries of `compile(loss_weights=…)`.
        batch_options: arguments of `batches`.
        defaults: name → default of run options where it is not `RUN_OPTIONS`' own.
        dataset_options: further `DatasetOptions` with which its images are opened.
        compile_from_run: run option → the argument of `compile()` it is passed as.
        label_weights: regular expression of `network/path` of a weight that stands
            for labels → (the axis along which they lie, index of the first on it).
            When a run starts from another model, labels are matched by name there.
        served: what makes a SavedModel of it: (model, description) → its
            `serving.endpoint.ServedForm`; empty for a family that has none.
        litert: what makes LiteRT files of it: a model → its `litert.part.DeviceForm`;
            empty for a family that has none.
        official: what reads and writes checkpoints of the authors' own code, see
            `convert`; empty for a family that has none.
        presets: named configurations of it.
        check: raises `InputError` if the values of all options do not fit each other.
    """

    api_version: int
    name: str
    target: str
    batches: str
    sampler: str
    uses: tuple[str, ...]
    translated_by: str = LABELS
    model_options: tuple[Option, ...]
    compile_options: tuple[Option, ...]
    loss_weights: tuple[Option, ...]
    batch_options: tuple[Option, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    dataset_options: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    compile_from_run: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    label_weights: Mapping[str, tuple[int, int]] = field(
        default_factory=lambda: _NOTHING
    )
    served: str = ""
    litert: str = ""
    official: str = ""
    presets: Mapping[str, Preset] = field(default_factory=lambda: _NOTHING)
    check: Callable[[Mapping[str, Any]], None] = anything_goes

    @property
    def options(self) -> tuple[Option, ...]:
        """All of its own, in the order of the help."""
        return (
            *self.model_options,
            *self.batch_options,
            *self.compile_options,
            *self.loss_weights,
        )

    @property
    def code_options(self) -> tuple[str, ...]:
        """Names of the model's options that name code, which no model file holds."""
        return tuple(option.name for option in self.model_options if option.imported)

    def default(self, option: Option) -> Any:
        """An option's value when nobody gives one.

        Args:
            option: one of the run's or of the family's own.
        """
        return self.defaults.get(option.name, option.default)

    def model_class(self) -> Any:
        """Imports the class, which also registers it with Keras for loading."""
        return imported(self.target)

    def model_arguments(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The constructor's arguments: values as they are, code imported.

        Args:
            values: of the `model_options`.

        Raises:
            InputError: if code that the user named cannot be imported.
        """
        return {
            name: imported_by_user(name, value)
            if value and name in self.code_options
            else value
            for name, value in values.items()
        }

    def compile_arguments(self, run_options: Mapping[str, Any]) -> dict[str, Any]:
        """Those arguments of `compile()` that follow from the run's options.

        Args:
            run_options: name → value.
        """
        return {
            argument: run_options[option]
            for option, argument in self.compile_from_run.items()
        }
