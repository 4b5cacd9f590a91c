"""The resolved configuration of a training run."""

import os
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from stargan_tf.data.info import MOST_CHANNELS, checked_size
from stargan_tf.data.intensity import (
    AVERAGED,
    INTENSITY_HELP,
    INVALID_HELP,
    PLANE_HELP,
    PLANES,
)
from stargan_tf.data.options import CHANNELS_HELP, CROP_SIZE_HELP, DatasetOptions
from stargan_tf.errors import InputError, near_names
from stargan_tf.evaluation.options import (
    CLASSIFIER_STEPS,
    DEFAULT_METRICS,
    NUMBERS,
    EvaluationOptions,
)
from stargan_tf.files import read_json, user_path
from stargan_tf.models.family import ModelFamily, Option, make_option
from stargan_tf.models.registry import DEFAULT, check_option_names, family, preset
from stargan_tf.pretrained import named_or
from stargan_tf.training.checkpoints import model_file, read_model_config
from stargan_tf.training.run_folder import (
    VERSIONS,
    find_checkpoint,
    read_config_file,
)
from stargan_tf.user_code import check_trusted

_DATA = "Data"
_RUN = "Run"
_EVALUATION = "Evaluation while training"
# The fields of `RunConfig` that hold a family's own options.
NESTED = ("model_options", "compile_options", "loss_weights", "batch_options")
_PER_SET = " For several data sets: one for all, or one each, separated by"


def _option(
    group: str,
    default: Any,
    text: str,
    value_type: type | None = None,
    free: bool = False,
    **limits: Any,
) -> Any:
    """A field that is an option, see `make_option`.

    A `free` option may change when a run is resumed: it specifies where the data is, or
    how the run is executed, and does not affect the resulting weights.
    """
    declared = make_option(group, "", default, text, value_type, **limits)
    return field(metadata={"option": declared, "free": free})


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """The complete configuration of a run, created by `resolve`.

    Fields with one value per data set (`data_dir`, `labels`, `attributes`, `crop_size`)
    are tuples as long as `dataset`. `model_options` are passed to the model's
    constructor, `compile_options` and `loss_weights` to its `compile()`, and
    `batch_options` to the family's `batches`.
    """

    preset: str | None
    family: str = _option(
        _RUN,
        DEFAULT,
        "Model family, built-in or of a plugin; '--family NAME --help' shows its "
        "options.",
    )
    dataset: tuple[str, ...] = _option(
        _DATA,
        None,
        "Name of the data set (see 'stargan-tf datasets'); NAME,NAME trains on several "
        "jointly.",
        separator=",",
    )
    data_dir: tuple[str | None, ...] = _option(
        _DATA, None, f"Folder with the images.{_PER_SET} ','.", free=True, separator=","
    )
    labels: tuple[str | None, ...] = _option(
        _DATA,
        None,
        f"Attribute file, for --dataset attributes.{_PER_SET} ','.",
        free=True,
        separator=",",
    )
    attributes: tuple[tuple[str, ...], ...] = _option(
        _DATA,
        None,
        f"Attributes to use: NAME[,NAME]. [all]{_PER_SET} '/'.",
        separator="/",
        many=True,
    )
    crop_size: tuple[int | None, ...] = _option(
        _DATA,
        None,
        f"{CROP_SIZE_HELP} [the largest square, or the whole image, stretched, "
        f"depending on the model family]{_PER_SET} ','.",
        int,
        minimum=1,
        separator=",",
    )
    held_out: float = _option(_DATA, 0.1, "Fraction of images held out from training.")
    image_size: int | tuple[int, int] = _option(
        _DATA,
        128,
        "Side of the square images in pixels, or HEIGHT,WIDTH; multiples of 4 or, "
        "depending on the model family, of more.",
        tuple,
    )
    num_channels: int | None = _option(
        _DATA,
        None,
        f"{CHANNELS_HELP} [3; for measured images, as in the files]",
        int,
        minimum=1,
        maximum=MOST_CHANNELS,
    )
    intensity: str | None = _option(
        _DATA, None, f"For measured images. {INTENSITY_HELP} [full]"
    )
    invalid_value: str | None = _option(_DATA, None, INVALID_HELP)
    plane: str = _option(_DATA, "z", PLANE_HELP, choices=(*PLANES, AVERAGED))
    batch_size: int = _option(_DATA, 16, "Images per step.", minimum=1)
    steps: int = _option(
        _RUN,
        200_000,
        "Number of training steps. A larger number extends a run; scheduled learning "
        "rates then follow the new length, so those of a finished run rise again.",
        free=True,
        minimum=1,
    )
    init_from: str | None = _option(
        _RUN,
        None,
        "A model to start from: a run, an imported model, a preset folder, a .keras "
        "file, a URL, or the name of a model that comes with the package. The network "
        "options and the weights of labels with the same name are copied.",
    )
    seed: int = _option(_RUN, 0, "Random seed.", minimum=0, maximum=2**31 - 1)
    precision: str = _option(
        _RUN,
        "float32",
        "float32 or mixed_bfloat16.",
        choices=("float32", "mixed_bfloat16"),
    )
    distribute: str = _option(
        _RUN,
        "auto",
        "mirrored: all GPUs of this machine. multi_worker: the machines in TF_CONFIG. "
        "none: one device. auto: all available devices. Results do not depend on it.",
        free=True,
        choices=("auto", "none", "mirrored", "multi_worker"),
    )
    jit_compile: bool = _option(_RUN, False, "Compile with XLA. It is meant for GPUs.")
    deterministic: bool = _option(
        _RUN,
        False,
        "Use deterministic operations only, so that equal runs give bit-identical "
        "weights.",
        free=True,
    )
    checkpoint_every: int = _option(
        _RUN, 1000, "Steps between checkpoints.", free=True, minimum=1
    )
    keep_checkpoints: int = _option(
        _RUN, 2, "Number of checkpoints to keep.", free=True, minimum=1
    )
    sample_every: int = _option(
        _RUN, 1000, "Steps between sample grids.", free=True, minimum=1
    )
    log_every: int = _option(
        _RUN,
        100,
        "Steps between lines of metrics.jsonl.",
        free=True,
        minimum=1,
    )
    evaluate_every: int = _option(
        _EVALUATION,
        0,
        "Steps between evaluations on held-out images; 0: none.",
        free=True,
        minimum=0,
    )
    evaluate_metrics: str = _option(
        _EVALUATION,
        ",".join(DEFAULT_METRICS),
        "What to measure: NAME[,NAME] of fid, kid, lpips, classification, unchanged, "
        "detection.",
        free=True,
    )
    evaluate_count: int = _option(
        _EVALUATION,
        100,
        "Maximum number of images for each target.",
        free=True,
        minimum=1,
    )
    evaluate_classifier: str = _option(
        _EVALUATION,
        "small",
        "Size of the classifier.",
        free=True,
        choices=tuple(CLASSIFIER_STEPS),
    )
    best_metric: str | None = _option(
        _EVALUATION,
        None,
        "Number, such as fid or latent_fid, by which the best checkpoint is kept.",
        free=True,
    )
    model_options: dict[str, Any]
    compile_options: dict[str, Any]
    loss_weights: dict[str, float]
    batch_options: dict[str, Any]

    def __post_init__(self) -> None:
        object.__setattr__(self, "image_size", checked_size(self.image_size))
        for index in range(len(self.dataset)):
            DatasetOptions(**self.dataset_options(index))  # Raises InputError.
        sources = (self.dataset, self.data_dir, self.labels, self.attributes)
        if len(set(zip(*sources, strict=True))) != len(self.dataset):
            raise InputError(
                "Data sets of the same name need different files. Received: --dataset "
                f"{','.join(self.dataset)}. Pass a separate --data_dir (or --labels, "
                "--attributes) for each."
            )
        _ = self.evaluation  # Raises InputError for invalid options.
        if self.best_metric is not None:
            self._check_best_metric()

    def _check_best_metric(self) -> None:
        """Raises `InputError` for a number that will never be measured."""
        if not self.evaluate_every:
            raise InputError(
                f"best_metric={self.best_metric} needs evaluations. Pass "
                "--evaluate_every STEPS."
            )
        measured = self.evaluation.metrics
        known = [key for key, number in NUMBERS.items() if number.metric in measured]
        if not self.best_metric.endswith(tuple(known)):
            raise InputError(
                "best_metric must be a number of --evaluate_metrics "
                f"{self.evaluate_metrics}. Received: {self.best_metric}. "
                f"{near_names(self.best_metric, known)}"
            )

    @property
    def evaluation(self) -> EvaluationOptions:
        """What is measured every `evaluate_every` steps."""
        return EvaluationOptions(
            self.evaluate_metrics,
            count=self.evaluate_count,
            classifier=self.evaluate_classifier,
            seed=self.seed,
        )

    @property
    def dataset_names(self) -> tuple[str, ...]:
        """Unique names of the data sets in the model: `folder`, `folder_2`."""
        counts = [self.dataset[:i].count(n) for i, n in enumerate(self.dataset)]
        return tuple(
            f"{name}_{count + 1}" if count else name
            for name, count in zip(self.dataset, counts, strict=True)
        )

    def dataset_options(self, index: int) -> dict[str, Any]:
        """The `DatasetOptions` of one data set, as keyword arguments."""
        return {
            "data_dir": self.data_dir[index],
            "labels": self.labels[index],
            "attributes": self.attributes[index],
            "crop_size": self.crop_size[index],
            "held_out": self.held_out,
            "num_channels": self.num_channels,
            "intensity": self.intensity,
            "invalid_value": self.invalid_value,
            "plane": self.plane,
        }

    def to_dict(self) -> dict[str, Any]:
        """A flat dictionary for JSON, as `--config` reads it."""
        values = asdict(self)
        for nested in NESTED:
            values |= values.pop(nested)
        return values


RUN_OPTIONS = tuple(
    replace(declared.metadata["option"], name=declared.name)
    for declared in fields(RunConfig)
    if declared.metadata
)
FREE_OPTIONS = {"preset"} | {
    declared.name for declared in fields(RunConfig) if declared.metadata.get("free")
}

# Options with a path for each data set.
_PATHS = ("data_dir", "labels")


def resolve(
    overrides: Mapping[str, Any],
    config_file: str | Path | None = None,
    trust_code: bool = False,
) -> RunConfig:
    """Resolves a run's configuration.

    Args:
        overrides: option name → value, as text or as a JSON value; they override the
            file and the preset.
        config_file: a JSON file with option values; None for none.
        trust_code: whether functions that the file names may be imported.
    """
    from_file = read_config_file(config_file) if config_file else {}
    given = from_file | dict(overrides)
    if "model" in given:  # The name of `family` in earlier versions.
        given.setdefault("family", given.pop("model"))
    if given.get("family") is None:
        given.pop("family", None)
    name = given.get("preset")
    initial = _initial_options(given)
    values = (preset(name).values if name else {}) | initial | given
    chosen = family(values.get("family", DEFAULT))
    options = {option.name: option for option in (*RUN_OPTIONS, *chosen.options)}
    check_option_names(values, {"preset", *options}, chosen)
    names = (name for name in chosen.code_options if name not in overrides)
    code = {name: from_file[name] for name in names if from_file.get(name)}
    check_trusted(code, config_file, trust_code)
    read = {
        # `null` in a file means the default.
        name: option.read(
            chosen.default(option) if values.get(name) is None else values[name]
        )
        for name, option in options.items()
    }
    _check_initial(given.get("init_from"), initial, read)
    if config_file:
        warn_of_relative_paths(config_file, overrides)
    return _assemble(name, read, chosen)


def warn_of_relative_paths(config_file: str | Path, given: Mapping[str, Any]) -> None:
    """Warns of relative paths in a run of version 0.1.0, which stored them as typed."""
    values = read_json(user_path(config_file))
    if VERSIONS not in values:
        return
    for name in _PATHS:
        paths = None if name in given else values.get(name)
        for path in [paths] if isinstance(paths, str) else paths or ():
            if path and _absolute(path) != path:
                warnings.warn(
                    f"{config_file} has {name}={path}, taken from the current folder "
                    f"as {_absolute(path)}. If it is elsewhere, pass --{name}.",
                    stacklevel=3,
                )


def _initial_options(given: Mapping[str, Any]) -> dict[str, Any]:
    """Family, image size, and network options of the model that a run starts from.

    Empty if `given` contains all of them, as the configuration of an existing run does:
    the model may no longer exist.
    """
    if not given.get("init_from"):
        return {}
    if "family" in given and _names(given["family"]) <= given.keys():
        return {}
    try:
        checkpoint, state = find_checkpoint(given["init_from"])
    except InputError:
        if not {"family", "image_size"} <= given.keys():
            raise
        # A run of an earlier version, which lacks an option added since then: the run
        # uses its default.
        return {}
    config = read_model_config(model_file(checkpoint), family(state.model))
    # Code that the file names is not imported; the user has to name it.
    names = _names(state.model) - set(family(state.model).code_options)
    options = {name: config[name] for name in names if name in config}
    size = checked_size(state.datasets[0]["image_size"])
    return {"family": state.model, **options, "image_size": size}


def _names(model: str) -> set[str]:
    return {"image_size", *(option.name for option in family(model).model_options)}


def _check_initial(
    folder: str | None, initial: Mapping[str, Any], read: Mapping[str, Any]
) -> None:
    """Raises `InputError` if the networks differ from those of `init_from`."""
    for name, value in initial.items():
        if read[name] != value:
            raise InputError(
                f"A run with --init_from must keep {name}={value} of the model "
                f"{folder}. Received: {name}={read[name]}. Drop --{name}."
            )


def _assemble(name: str | None, read: dict[str, Any], chosen: ModelFamily) -> RunConfig:
    datasets = tuple(dataset for dataset in read["dataset"] if dataset)
    if not datasets:
        raise InputError(
            "No data set is given. Pass --dataset NAME or NAME,NAME; "
            "'stargan-tf datasets' lists them."
        )
    read["dataset"] = datasets
    for option in (*RUN_OPTIONS, *chosen.options):
        if option.separator:
            read[option.name] = _per_dataset(option, read[option.name], datasets)
    for paths in _PATHS:
        read[paths] = tuple(map(_absolute, read[paths]))
    source = read["init_from"]
    # Except for the name of a model that comes with the package.
    if source and user_path(source).exists() and named_or(Path(source)) == Path(source):
        read["init_from"] = _absolute(source)
    for code in chosen.code_options:
        read[code] = _absolute_code(read[code])
    if chosen.check:
        chosen.check(read)
    nested = {
        field: {option.name: read.pop(option.name) for option in getattr(chosen, field)}
        for field in NESTED
    }
    return RunConfig(preset=name, **nested, **read)


def _absolute(path: str | None) -> str | None:
    """An absolute path; URLs such as gs://… are returned unchanged."""
    if path is None or "://" in path:
        return path
    return os.path.abspath(user_path(path))


def _absolute_code(code: str | None) -> str | None:
    """FILE.py:FUNCTION, a file, or a folder with an absolute path; others unchanged."""
    file, colon, function = (code or "").rpartition(":")
    if colon and file.endswith(".py"):
        return f"{_absolute(file)}:{function}"
    is_path = code and os.sep in code and os.path.exists(user_path(code))
    return _absolute(code) if is_path else code


def _per_dataset(option: Option, values: tuple, datasets: tuple[str, ...]) -> tuple:
    if len(values) == 1:
        return values * len(datasets)
    if len(datasets) == 1 and option.kind is str and not option.many:
        # One folder whose name has a comma.
        return (option.separator.join(value or "" for value in values),)
    if len(values) != len(datasets):
        raise InputError(
            f"{option.name} takes one value, or one for each of the {len(datasets)} "
            f"data sets ({', '.join(datasets)}), separated by '{option.separator}'. "
            f"Received: {list(values)}"
        )
    return values
