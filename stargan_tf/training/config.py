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
    check_intensity,
    check_invalid,
)
from stargan_tf.data.options import CHANNELS_HELP, CROP_SIZE_HELP
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
_PER_SET = " Several data sets: one for all, or one each, separated by"


def _option(
    group: str,
    default: Any,
    text: str,
    kind: type | None = None,
    free: bool = False,
    **limits: Any,
) -> Any:
    """A field that is an option, see `make_option`.

    What is `free` may change between two calls on one run folder: it says where the
    data lies or how the run is carried out, but nothing that decides which weights
    come out.
    """
    declared = make_option(group, "", default, text, kind, **limits)
    return field(metadata={"option": declared, "free": free})


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """Everything that decides what a run does; made by `resolve`.

    Fields with one value per data set (`data_dir`, `labels`, `attributes`, `crop_size`)
    are tuples as long as `dataset`. `model_options` go to the model's constructor,
    `compile_options` and `loss_weights` to its `compile()`, `batch_options` to what
    makes its batches.
    """

    preset: str | None
    family: str = _option(
        _RUN,
        DEFAULT,
        "Model family, ours or a plugin's; '--family NAME --help' shows its options.",
    )
    dataset: tuple[str, ...] = _option(
        _DATA,
        None,
        "Data sets by name (see 'stargan-tf datasets'); several, NAME,NAME, are "
        "trained jointly.",
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
        f"Attributes to use, A,B,…; all if not given.{_PER_SET} '/'.",
        separator="/",
        many=True,
    )
    crop_size: tuple[int | None, ...] = _option(
        _DATA,
        None,
        f"{CROP_SIZE_HELP} If not given, the largest square or, for models that are "
        f"trained so, the whole image, squeezed.{_PER_SET} ','.",
        int,
        minimum=1,
        separator=",",
    )
    held_out: float = _option(_DATA, 0.1, "Fraction of images held out from training.")
    image_size: int | tuple[int, int] = _option(
        _DATA,
        128,
        "Side of the square images in pixels, or HEIGHT,WIDTH; multiples of 4.",
        tuple,
    )
    num_channels: int | None = _option(
        _DATA,
        None,
        f"{CHANNELS_HELP} [3; of measured images, what the files have]",
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
        "Batches to train on. A larger number extends a run; learning rates that fall "
        "over its length then follow the new one, so those of a finished run rise "
        "again.",
        free=True,
        minimum=1,
    )
    init_from: str | None = _option(
        _RUN,
        None,
        "A model to start from: a run, an imported model, a preset folder, a .keras "
        "file, an address, or the name of a model that comes with the package. Its "
        "networks' options and the labels of the same name are taken over.",
    )
    seed: int = _option(
        _RUN, 0, "Seed of everything random.", minimum=0, maximum=2**32 - 1
    )
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
        "none: one device. auto: what is available. Results are the same.",
        free=True,
        choices=("auto", "none", "mirrored", "multi_worker"),
    )
    jit_compile: bool = _option(
        _RUN, False, "Compile with XLA, which is faster on GPUs."
    )
    deterministic: bool = _option(
        _RUN,
        False,
        "Use deterministic operations only: equal runs give bit-identical weights.",
        free=True,
    )
    checkpoint_every: int = _option(
        _RUN, 1000, "Steps from one checkpoint to the next.", free=True, minimum=1
    )
    keep_checkpoints: int = _option(
        _RUN, 2, "Newest checkpoints to keep.", free=True, minimum=1
    )
    sample_every: int = _option(
        _RUN, 1000, "Steps from one sample grid to the next.", free=True, minimum=1
    )
    log_every: int = _option(
        _RUN,
        100,
        "Steps from one line of metrics.jsonl to the next.",
        free=True,
        minimum=1,
    )
    evaluate_every: int = _option(
        _EVALUATION,
        0,
        "Steps from one evaluation on held-out images to the next; 0 for none.",
        free=True,
        minimum=0,
    )
    evaluate_metrics: str = _option(
        _EVALUATION,
        ",".join(DEFAULT_METRICS),
        "What to measure, A,B,… of fid, kid, lpips, classification, unchanged.",
        free=True,
    )
    evaluate_count: int = _option(
        _EVALUATION,
        100,
        "Largest number of images for each target.",
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
        "Result, such as fid or latent_fid, that decides which checkpoint is the best.",
        free=True,
    )
    model_options: dict[str, Any]
    compile_options: dict[str, Any]
    loss_weights: dict[str, float]
    batch_options: dict[str, Any]

    def __post_init__(self) -> None:
        object.__setattr__(self, "image_size", checked_size(self.image_size))
        if self.intensity is not None:
            check_intensity(self.intensity)
        if self.invalid_value is not None:
            check_invalid(self.invalid_value)
        if not 0 < self.held_out < 1:
            raise InputError(
                "held_out must be a share between 0 and 1, such as 0.1. "
                f"Received: {self.held_out}"
            )
        sources = (self.dataset, self.data_dir, self.labels, self.attributes)
        if len(set(zip(*sources, strict=True))) != len(self.dataset):
            raise InputError(
                "A data set is given twice with the same files. Received: --dataset "
                f"{','.join(self.dataset)}. Give each --data_dir (or --labels, "
                "--attributes) of its own."
            )
        _ = self.evaluation  # Says what is wrong with it.
        if self.best_metric is not None:
            self._check_best_metric()

    def _check_best_metric(self) -> None:
        """Refuses a number that will never be measured."""
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
        """What the model calls its data sets: `folder`, a second one `folder_2`."""
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
        """JSON-ready and flat: the form that `--config` reads."""
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
        overrides: option name → value, text or JSON value; the strongest.
    """
    filed = read_config_file(config_file) if config_file else {}
    given = filed | dict(overrides)
    if "model" in given:  # as runs of earlier versions call it
        given.setdefault("family", given.pop("model"))
    if given.get("family") is None:
        given.pop("family", None)
    name = given.get("preset")
    initial = _initial_options(given)
    values = (preset(name).values if name else {}) | initial | given
    chosen = family(values.get("family", DEFAULT))
    options = {option.name: option for option in (*RUN_OPTIONS, *chosen.options)}
    check_option_names(values, {"preset", *options}, chosen)
    coded = (name for name in chosen.code_options if name not in overrides)
    check_trusted({n: filed[n] for n in coded if filed.get(n)}, config_file, trust_code)
    read = {
        # `null` in a file stands for the default, too.
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
    """Says where the data of a run of version 0.1.0, with paths as typed, is sought."""
    values = read_json(user_path(config_file))
    if VERSIONS not in values:
        return
    for name in _PATHS:
        paths = None if name in given else values.get(name)
        for path in [paths] if isinstance(paths, str) else paths or ():
            if path and _from_anywhere(path) != path:
                warnings.warn(
                    f"{config_file} has {name}={path}, taken from the current folder "
                    f"as {_from_anywhere(path)}. If it is elsewhere, pass --{name}.",
                    stacklevel=3,
                )


def _initial_options(given: Mapping[str, Any]) -> dict[str, Any]:
    """Family, image size and networks' options of the model that a run starts from.

    Nothing if `given` has them all, as a run's own configuration has: the model may be
    gone by then.
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
        # A run of an earlier version, which lacks an option that has been added since:
        # its default is what the run has.
        return {}
    config = read_model_config(model_file(checkpoint), family(state.model))
    # Code that a file names is not run; the user names it.
    names = _names(state.model) - set(family(state.model).code_options)
    options = {name: config[name] for name in names if name in config}
    size = checked_size(state.datasets[0]["image_size"])
    return {"family": state.model, **options, "image_size": size}


def _names(model: str) -> set[str]:
    return {"image_size", *(option.name for option in family(model).model_options)}


def _check_initial(
    folder: str | None, initial: Mapping[str, Any], read: Mapping[str, Any]
) -> None:
    """Refuses a run that builds other networks than those it starts from."""
    for name, value in initial.items():
        if read[name] != value:
            raise InputError(
                f"The model {folder} has {name}={value}; a run with --init_from keeps "
                f"that. Received: {name}={read[name]}. Leave it out."
            )


def _assemble(name: str | None, read: dict[str, Any], chosen: ModelFamily) -> RunConfig:
    datasets = tuple(dataset for dataset in read["dataset"] if dataset)
    if not datasets:
        raise InputError(
            "No data set is given. Pass --dataset NAME (or NAME,NAME); "
            "'stargan-tf datasets' lists them."
        )
    read["dataset"] = datasets
    for option in (*RUN_OPTIONS, *chosen.options):
        if option.separator:
            read[option.name] = _per_dataset(option, read[option.name], datasets)
    for paths in _PATHS:
        read[paths] = tuple(map(_from_anywhere, read[paths]))
    source = read["init_from"]
    # Not the name of a model that comes with the package.
    if source and user_path(source).exists() and named_or(Path(source)) == Path(source):
        read["init_from"] = _from_anywhere(source)
    for code in chosen.code_options:
        read[code] = _code_from_anywhere(read[code])
    if chosen.check:
        chosen.check(read)
    nested = {
        field: {option.name: read.pop(option.name) for option in getattr(chosen, field)}
        for field in NESTED
    }
    return RunConfig(preset=name, **nested, **read)


def _from_anywhere(path: str | None) -> str | None:
    """A path that is found from every folder; addresses such as gs://… stay."""
    if path is None or "://" in path:
        return path
    return os.path.abspath(user_path(path))


def _code_from_anywhere(code: str | None) -> str | None:
    """FILE.py:FUNCTION, or a file or folder, with a path found from every folder."""
    file, colon, function = (code or "").rpartition(":")
    if colon and file.endswith(".py"):
        return f"{_from_anywhere(file)}:{function}"
    is_path = code and os.sep in code and os.path.exists(user_path(code))
    return _from_anywhere(code) if is_path else code


def _per_dataset(option: Option, values: tuple, datasets: tuple[str, ...]) -> tuple:
    if len(values) == 1:
        return values * len(datasets)
    if len(datasets) == 1 and option.kind is str and not option.many:
        # One folder whose name has a comma.
        return (option.separator.join(value or "" for value in values),)
    if len(values) != len(datasets):
        raise InputError(
            f"{option.name} has {len(values)} values for {len(datasets)} data sets "
            f"({', '.join(datasets)}). Give one for all or one each, separated by "
            f"'{option.separator}'. Received: {list(values)}"
        )
    return values
