"""What a model family tells every command, without Keras: its options and its code.

**The contract.** A family is a `ModelFamily`, named by an entry point of the group
`stargan_tf.models`, and a model class, which it names. `stargan_tf.testing.check_model`
checks all of it. The class is a `models.base.StarGANBase`, registered with Keras
(`keras.saving.register_keras_serializable(package)`), and has:

| what | as |
|---|---|
| constructor | `Model(datasets, **model_options, **kwargs)`; sets `label_space` |
| | (a `LabelSpace` of `datasets`) and `arguments`, the other arguments; builds the |
| | networks; passes `kwargs` (`dtype`, `name`) on |
| `compile` | takes the `compile_options`, the arguments of `compile_from_run`, |
| | `loss_weights` and `seed`; passes the rest on to `compile_training` |
| `train_step` | one batch of `batches`: updates the networks, adds 1 to `step`, and |
| | returns the logs, in which the networks' losses end in `_loss`. All that is |
| | random follows from `random_seed`, so that runs resume exactly |
| use | what the family's steering asks of a model: for `"labels"`, `translate` and |
| | `classify`, which `models.label_model.LabelModel` brings |

A `LabelModel` needs no more than `api_version`, `name` and `target`: the other fields'
defaults are for any model with its two networks.
"""

import math
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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
        name: the flag's name and the JSON key.
        kind: `int`, `float`, `bool` or `str`.
        default: the value when neither flag, file nor preset gives one.
        help: one sentence for the command line's help.
        group: heading in the help.
        minimum: the smallest value that is accepted.
        choices: the only texts that are accepted, if any.
        separator: set for options with one value per data set; it stands between
            those values on the command line.
        many: each data set's value is itself a comma-separated list of names.
        maximum: the largest value that is accepted.
        opened_by: of a text that names what no model file holds, such as code that
            the user wrote: the function, `module:name`, from the text to that.
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
        """Checks a value from a flag (text) or from JSON.

        Args:
            value: text, or a JSON value; None stands for "not given".

        Returns:
            The value in the option's type; for options with one value per data set
            a tuple of them.

        Raises:
            InputError: the message says what is expected and what was received.
        """
        if self.separator is None:
            return None if value is None else self._read_one(value)
        return tuple(self._read_part(part) for part in self._parts(value))

    def _parts(self, value: Any) -> list[Any]:
        """The values per data set; a single one stands for all of them."""
        if isinstance(value, str):
            return value.split(self.separator)
        if value is None or not isinstance(value, list | tuple):
            return [value]
        flat_names = self.many and all(isinstance(part, str) for part in value)
        return [list(value)] if flat_names and value else list(value)

    def _read_part(self, part: Any) -> Any:
        if self.many:
            names = part.split(",") if isinstance(part, str) else part or ()
            if not isinstance(names, list | tuple) or not all(map(_is_text, names)):
                raise self.refuse(part)
            return tuple(self._read_one(n.strip()) for n in names if n.strip())
        return None if part in (None, "") else self._read_one(part)

    def _read_one(self, value: Any) -> Any:
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
        """The error for a value that this option does not take."""
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
    parts = value.split(",") if isinstance(value, str) else value
    numbers = [
        _int(part) for part in (parts if isinstance(parts, list | tuple) else [parts])
    ]
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
    """An `Option` whose kind follows from its default.

    Args:
        group: heading in the help.
        name: the flag's name and the JSON key.
        default: the value when neither flag, file nor preset gives one.
        text: one sentence for the command line's help.
        kind: of the values; by default the default's, or text.
        **limits: further fields of `Option`.
    """
    kind = kind or (str if default is None else type(default))
    return Option(name, kind, default, text, group, **limits)


def loss_weight(name: str, default: float, text: str) -> Option:
    """The option of a loss term's weight, at least 0.

    Args:
        name: the term, as in `compile(loss_weights=…)`.
        default: the paper's weight.
        text: one sentence for the command line's help.
    """
    return make_option(WEIGHTS, name, default, text, minimum=0.0)


@dataclass(frozen=True)
class Preset:
    """Values for a run's options, by name.

    Args:
        description: one line for `stargan-tf presets`.
        values: option name → value, as in a JSON configuration; its family is known.
    """

    description: str
    values: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class ModelFamily:
    """A model class, its options, and what a run of it does in its own way.

    Code is named `module:name` and imported when it is used, so that the command
    line's help starts neither TensorFlow nor Keras. The contract of the model class is
    in this module's docstring.

    Args:
        api_version: the `API_VERSION` of `stargan_tf.plugin` it was written against: 1.
        name: value of the configuration's `family`; also the entry point's name.
        target: the class; it refuses unfit arguments with `InputError`.
        batches: what it trains on: (sources, batch_size, seed=, start_step=, and the
            `batch_options`) → endless `tf.data.Dataset`; `part=` where several machines
            train, see `training_batches`, the default.
        sampler: what draws its sample images: the held-out sources → (the model →
            `training.watching.Samples`). By default every image in every domain.
        uses: flags of `stargan-tf translate` that show what a model does; `{domain}`
            stands for one of its domains.
        translated_by: the way of steering it, by name: `"labels"`, as StarGAN,
            `"styles"`, as StarGAN v2, or one of the group `stargan_tf.steerings`.
        model_options: arguments of the constructor, after the data sets.
        compile_options: arguments of `compile()`.
        loss_weights: entries of `compile(loss_weights=…)`.
        batch_options: arguments of `batches`.
        defaults: name → default of run options where it is not `RUN_OPTIONS`' own.
        dataset_options: further `DatasetOptions` with which its images are opened.
        compile_from_run: run option → the argument of `compile()` it is passed as.
        batches_from_model: attribute of the model → the argument of `batches` it is
            passed as, unless it is None.
        label_weights: regular expression of `network/path` of a weight that stands
            for labels → (the axis along which they lie, index of the first on it, or
            None if they come last).
            When a run starts from another model, labels are matched by name there.
        served: what makes a SavedModel of it: (model, description) → its
            `exporting.saved_model.ServedModel`; empty for a family that has none. By
            default translation and classification by label vectors.
        litert: what makes LiteRT files of it: a model → its
            `exporting.litert.LiteRTModel`; empty for a family that has none. By default
            the generator.
        official: the authors' own code, a `convert.mapping.OfficialCode`, whose
            checkpoints are imported and exported; empty for a family that has none.
        presets: named configurations of it.
        check: raises `InputError` if the values of all options, by name, do not fit
            each other.
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
    label_weights: Mapping[str, tuple[int, int | None]] = field(default_factory=dict)
    served: str = "stargan_tf.exporting.label_model:served_model"
    litert: str = "stargan_tf.exporting.label_model:litert_model"
    official: str = ""
    presets: Mapping[str, Preset] = field(default_factory=dict)
    check: Callable[[Mapping[str, Any]], None] | None = None

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
        return tuple(option.name for option in self.model_options if option.opened_by)

    def default(self, option: Option) -> Any:
        """An option's value when nobody gives one.

        Args:
            option: one of the run's or of the family's own.
        """
        return self.defaults.get(option.name, option.default)

    def model_class(self) -> Any:
        """Imports the class, which also registers it with Keras for loading."""
        return pkgutil.resolve_name(self.target)

    def model_arguments(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The constructor's arguments: values as they are, code imported.

        Args:
            values: of the `model_options`.

        Raises:
            InputError: if code that the user named cannot be imported.
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
