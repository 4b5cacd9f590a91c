"""The description of a model family: its options, presets, and code, without Keras.

**The contract.** A family consists of a `ModelFamily`, registered as an entry point of
the group `stargan_tf.models`, and the model class that it names.
`stargan_tf.testing.check_model` checks all of the contract. The class is a
`models.base.StarGANBase`, registered with Keras
(`keras.saving.register_keras_serializable(package)`), and has:

| member | requirement |
|---|---|
| constructor | `Model(datasets, **model_options, **kwargs)`; sets `label_space` |
| | (a `LabelSpace` of `datasets`) and `arguments`, the other arguments; builds the |
| | networks; passes `kwargs` (`dtype`, `name`) on |
| `compile` | takes the `compile_options`, the arguments of `compile_from_run`, |
| | `loss_weights`, and `seed`; passes the rest on to `compile_training`. |
| | `ModelFamily.checked` and `ModelFamily.weights` check the values |
| `train_step` | takes one batch of `batches`, updates the networks, adds 1 to `step`, |
| | and returns the logs; names of the networks' losses end in `_loss`. All random |
| | numbers are generated with `random_seed`, so that runs resume exactly |
| inference | the methods that the family's steering calls: for `"labels"`, |
| | `translate` and `classify`, which `models.label_model.LabelModel` provides |

The family of a `LabelModel` needs only `api_version`, `name`, and `target`: the
defaults of the other fields suit every model with its two networks.
"""

import math
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any

from stargan_tf.errors import InputError, shortened

NETWORKS = "Networks"
OPTIMIZATION = "Optimization"
WEIGHTS = "Weights of the loss terms"
DATA = "Data"


@dataclass(frozen=True)
class Option:
    """A named value with its type, default, limits and description.

    Args:
        name: name of the flag and key in JSON configurations.
        kind: type of the value: `int`, `float`, `bool`, or `str`.
        default: value if no flag, configuration file, or preset sets it.
        help: one sentence for the command-line help.
        group: heading in the command-line help.
        minimum: smallest accepted value.
        choices: accepted strings; empty to accept any.
        separator: for options with one value per data set, the character between
            these values on the command line.
        many: whether each data set's value is itself a comma-separated list of names.
        maximum: largest accepted value.
        opened_by: for values that name something which is not saved with a model, such
            as code of the user: the function, `module:name`, that opens it.
    """

    name: str
    kind: type
    default: Any
    help: str
    group: str
    minimum: float | None = None
    choices: tuple[str, ...] = ()
    separator: str | None = None
    many: bool = False
    maximum: float | None = None
    opened_by: str = ""

    def read(self, value: Any) -> Any:
        """Converts and checks a value from the command line or from JSON.

        Args:
            value: a string or a JSON value, or None if not given.

        Returns:
            The value in the option's type, or a tuple of such values for options with
            one value per data set.

        Raises:
            InputError: if the option does not accept the value.
        """
        if self.separator is None:
            return None if value is None else self._read_scalar(value)
        return tuple(map(self._read_element, self._elements(value)))

    def _elements(self, value: Any) -> list[Any]:
        """The values per data set; a single value applies to all data sets."""
        if isinstance(value, str):
            return value.split(self.separator)
        if value is None or not isinstance(value, list | tuple):
            return [value]
        flat_names = self.many and all(map(_is_text, value))
        return [list(value)] if flat_names and value else list(value)

    def _read_element(self, value: Any) -> Any:
        if self.many:
            names = value.split(",") if isinstance(value, str) else value or ()
            if not isinstance(names, list | tuple) or not all(map(_is_text, names)):
                raise self.refuse(value)
            return tuple(self._read_scalar(n.strip()) for n in names if n.strip())
        return None if value in (None, "") else self._read_scalar(value)

    def _read_scalar(self, value: Any) -> Any:
        readers = {int: _int, float: _float, bool: _bool, str: _str, tuple: _size}
        read = readers[self.kind](value)
        if read is None or self._is_outside(read):
            raise self.refuse(value)
        if self.choices and read not in self.choices:
            raise self.refuse(value)
        return read

    def _is_outside(self, read: Any) -> bool:
        too_small = self.minimum is not None and read < self.minimum
        return too_small or (self.maximum is not None and read > self.maximum)

    def refuse(self, value: Any) -> InputError:
        """Returns the error for a value that this option does not accept."""
        expected = {int: "a whole number", float: "a number", bool: "true or false"}
        expected[tuple] = "a whole number, or two: HEIGHT,WIDTH"
        words = expected.get(self.kind, "text")
        if self.choices:
            words = " or ".join(self.choices)
        if self.minimum is not None:
            words += f", at least {self.minimum}"
        if self.maximum is not None:
            words += f" and at most {self.maximum}"
        received = shortened(repr(value))
        return InputError(f"{self.name} must be {words}. Received: {received}")


# What `compile` and constructors accept.
_PYTHON_TYPES = {int: Integral, float: Real, bool: bool, str: str}


def _int(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    number = _float(value)
    return int(number) if number is not None and number.is_integer() else None


def _float(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _bool(value: Any) -> bool | None:
    text = str(value).lower()
    if text in ("true", "1", "yes"):
        return True
    return False if text in ("false", "0", "no") else None


def _size(value: Any) -> int | tuple[int, int] | None:
    values = value.split(",") if isinstance(value, str) else value
    values = values if isinstance(values, list | tuple) else [values]
    numbers = [_int(side) for side in values]
    if None in numbers or len(numbers) not in (1, 2):
        return None
    return numbers[0] if len(set(numbers)) == 1 else tuple(numbers)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _str(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def make_option(
    group: str,
    name: str,
    default: Any,
    text: str,
    kind: type | None = None,
    **limits: Any,
) -> Option:
    """Creates an `Option` whose type is inferred from its default.

    Args:
        group: heading in the command-line help.
        name: name of the flag and key in JSON configurations.
        default: value if no flag, configuration file, or preset sets it.
        text: one sentence for the command-line help.
        kind: type of the value. Defaults to the type of `default`, or `str` if that
            is None.
        **limits: further fields of `Option`.

    Returns:
        The `Option`.
    """
    kind = kind or (str if default is None else type(default))
    return Option(name, kind, default, text, group, **limits)


def loss_weight(name: str, default: float, text: str) -> Option:
    """Creates the option of a loss weight, a number of at least 0.

    Args:
        name: name of the weight, as in `compile(loss_weights=…)`.
        default: the weight in the paper.
        text: one sentence for the command-line help.

    Returns:
        The `Option`.
    """
    return make_option(WEIGHTS, name, default, text, minimum=0.0)


@dataclass(frozen=True)
class Preset:
    """A named training configuration.

    Args:
        description: one line for `stargan-tf presets`.
        values: option name → value, as in a JSON configuration, without the family.
    """

    description: str
    values: dict[str, Any]


# Regular expression of a weight → (axis of the labels, index of the first one).
LabelWeights = Mapping[str, tuple[int, int | None]]


@dataclass(frozen=True, kw_only=True)
class ModelFamily:
    """A model class with its options, presets, and the functions a run calls.

    Code is given as `module:name` and imported when it is first used, so that the
    command-line help loads neither TensorFlow nor Keras. This module's docstring has
    the contract of the model class.

    Args:
        api_version: the `API_VERSION` of `stargan_tf.plugin` that the family was
            written for: 1.
        name: value of `family` in configurations, and name of the entry point.
        target: the model class. It raises `InputError` for invalid arguments.
        batches: function that makes the training batches: (sources, batch_size,
            seed=, start_step=, and the `batch_options`) → endless `tf.data.Dataset`.
            It takes `part=` if training can be distributed over machines; see
            `training_batches`, the default.
        sampler: function that makes the sample images: held-out sources → (model →
            `training.watching.Samples`). By default every image is translated to
            every domain.
        uses: examples of flags of `stargan-tf translate`; `{domain}` is replaced by a
            domain of the model.
        translated_by: name of the steering: `"labels"`, like StarGAN, `"styles"`,
            like StarGAN v2, or an entry point of the group `stargan_tf.steerings`.
        model_options: arguments of the constructor, after the data sets.
        compile_options: arguments of `compile()`.
        loss_weights: entries of `compile(loss_weights=…)`.
        batch_options: arguments of `batches`.
        defaults: run option → default, where it differs from that in `RUN_OPTIONS`.
        dataset_options: further `DatasetOptions` used to load the images.
        compile_from_run: run option → the argument of `compile()` it is passed as.
        batches_from_model: attribute of the model → argument of `batches` that receives
            it, unless it is None.
        label_weights: regular expression of `network/path` of a weight with one
            slice per label → (axis of the labels, index of the first label on that
            axis, or None if the labels come last), or a function of the network
            options that returns such a mapping. When a run starts from another model,
            these slices are matched by the names of the labels; without any, the
            labels of both must be equal.
        served: function that describes the SavedModel: (model, description) →
            `exporting.saved_model.ServedModel`; empty if the family has none. By
            default the SavedModel translates and classifies by label vectors.
        litert: function that describes the LiteRT files: model →
            `exporting.litert.LiteRTModel`; empty if the family has none. By default
            the file contains the generator.
        official: the authors' code, a `convert.mapping.OfficialCode`, whose
            checkpoints can be imported and exported; empty if the family has none.
        presets: named training configurations.
        check: function that takes the values of all options, by name, and raises
            `InputError` if they contradict each other.
    """

    api_version: int
    name: str
    target: str
    batches: str = "stargan_tf.data.sampling:training_batches"
    sampler: str = "stargan_tf.training.watching:LabelSamples"
    uses: tuple[str, ...] = (
        "--to {domain} INPUT --output OUTPUT",
        "--all INPUT --output grid.png",
    )
    translated_by: str = "labels"
    model_options: tuple[Option, ...] = ()
    compile_options: tuple[Option, ...] = ()
    loss_weights: tuple[Option, ...] = ()
    batch_options: tuple[Option, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    dataset_options: Mapping[str, Any] = field(default_factory=dict)
    compile_from_run: Mapping[str, str] = field(default_factory=dict)
    batches_from_model: Mapping[str, str] = field(default_factory=dict)
    label_weights: LabelWeights | Callable[[Mapping[str, Any]], LabelWeights] = field(
        default_factory=dict
    )
    served: str = "stargan_tf.exporting.label_model:served_model"
    litert: str = "stargan_tf.exporting.label_model:litert_model"
    official: str = ""
    presets: Mapping[str, Preset] = field(default_factory=dict)
    check: Callable[[Mapping[str, Any]], None] | None = None

    @property
    def options(self) -> tuple[Option, ...]:
        """All options of the family, in the order of the command-line help."""
        return (
            *self.model_options,
            *self.batch_options,
            *self.compile_options,
            *self.loss_weights,
        )

    def checked(self, /, **arguments: Any) -> dict[str, Any]:
        """Checks arguments of the constructor or of `compile`.

        Args:
            **arguments: values, of which those with an option of the same name are
                checked.

        Returns:
            The arguments.

        Raises:
            InputError: if an option does not accept its value.
        """
        for option in self.options:
            if option.name not in arguments:
                continue
            value = arguments[option.name]
            option.read(value)
            # Text is for the command line; None only for options that default to it.
            python_type = _PYTHON_TYPES.get(option.kind, object)
            if not isinstance(value, python_type) and value is not option.default:
                raise option.refuse(value)
        return arguments

    def weights(self, given: Mapping[str, float] | None = None) -> dict[str, float]:
        """Returns all loss weights, {name: weight}.

        Args:
            given: weights that replace the defaults.

        Raises:
            InputError: if a weight is unknown or negative.
        """
        weights = {weight.name: weight.default for weight in self.loss_weights}
        unknown = sorted(set(given or {}) - set(weights))
        if unknown:
            raise InputError(
                f"loss_weights takes {', '.join(weights)}. "
                f"Received: {', '.join(unknown)}"
            )
        return self.checked(**{**weights, **(given or {})})

    @property
    def code_options(self) -> tuple[str, ...]:
        """Names of the model options that refer to code, which is not saved."""
        return tuple(option.name for option in self.model_options if option.opened_by)

    def default(self, option: Option) -> Any:
        """Returns the default of an option of the run or of the family."""
        return self.defaults.get(option.name, option.default)

    def model_class(self) -> Any:
        """Imports the class, which also registers it with Keras for loading."""
        return pkgutil.resolve_name(self.target)

    def model_arguments(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the constructor arguments, with named code imported.

        Args:
            values: name → value of the `model_options`.

        Raises:
            InputError: if the code cannot be imported.
        """
        return {
            name: self.opened(name, value)
            if value and name in self.code_options
            else value
            for name, value in values.items()
        }

    def opened(self, name: str, text: str) -> Any:
        """What the text of one of the `code_options` names.

        Raises:
            InputError: if there is no such thing, or it cannot be imported.
        """
        (option,) = (it for it in self.model_options if it.name == name)
        return pkgutil.resolve_name(option.opened_by)(text)
