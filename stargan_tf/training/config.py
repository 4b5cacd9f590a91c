"""The resolved configuration of a training run."""

import os
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from stargan_tf.data.info import check_image_size
from stargan_tf.data.options import CROP_SIZE_HELP
from stargan_tf.errors import InputError, near_names
from stargan_tf.evaluation.options import (
    CLASSIFIER_STEPS,
    DEFAULT_METRICS,
    METRIC_NUMBERS,
    EvaluationOptions,
    read_metrics,
)
from stargan_tf.files import read_json, user_path
from stargan_tf.models.family import ModelFamily, Option
from stargan_tf.models.registry import DEFAULT, check_option_names, family, preset
from stargan_tf.pretrained import named_or

# The options by which a run measures its model while it trains.

_GROUP = "Evaluation while training"

EVALUATION_OPTIONS = (
    Option(
        "evaluate_every",
        int,
        0,
        "Steps from one evaluation on held-out images to the next; 0 for none.",
        _GROUP,
        minimum=0,
    ),
    Option(
        "evaluate_metrics",
        str,
        ",".join(DEFAULT_METRICS),
        "Of fid, kid, lpips, classification, unchanged.",
        _GROUP,
    ),
    Option(
        "evaluate_count",
        int,
        100,
        "Images of each task at most.",
        _GROUP,
        minimum=1,
    ),
    Option(
        "evaluate_classifier",
        str,
        "small",
        "Size of the classifier.",
        _GROUP,
        choices=tuple(CLASSIFIER_STEPS),
    ),
    Option(
        "best_metric",
        str,
        None,
        "Number, such as fid or latent_fid, by which checkpoints/best is kept.",
        _GROUP,
    ),
)


def evaluation_options(
    metrics: str, count: int, classifier: str, seed: int
) -> EvaluationOptions:
    """The options as the evaluation takes them.

    Args:
        metrics: names with commas between.
        count: images of each task at most.
        classifier: its size.
        seed: of the run.

    Raises:
        InputError: if there is no such metric.
    """
    return EvaluationOptions(
        read_metrics(metrics), count=count, classifier=classifier, seed=seed
    )


def check_best_metric(name: str | None, every: int, metrics: str) -> None:
    """Refuses a number that will never be measured.

    Args:
        name: `best_metric`.
        every: `evaluate_every`.
        metrics: `evaluate_metrics`.

    Raises:
        InputError: if nothing is measured, or not this.
    """
    if name is None:
        return
    if not every:
        raise InputError(
            f"best_metric={name} needs evaluations. Pass --evaluate_every STEPS."
        )
    known = [n for metric in read_metrics(metrics) for n in METRIC_NUMBERS[metric]]
    if not name.endswith(tuple(known)):
        raise InputError(
            f"best_metric must be a number of --evaluate_metrics {metrics}. "
            f"Received: {name}. {near_names(name, known)}"
        )


_DATA = "Data"
_RUN = "Run"
# The fields of `RunConfig` that hold a family's own options.
NESTED = ("model_options", "compile_options", "loss_weights", "batch_options")
_PER_SET = " Several data sets: one for all, or one each, separated by"

FREE_OPTIONS = frozenset(
    # What may change between two calls on one run folder: where the data lies and how
    # the run is carried out, but nothing that decides which weights come out.
    {
        "preset",
        "data_dir",
        "labels",
        "steps",
        "distribute",
        "deterministic",
        "checkpoint_every",
        "keep_checkpoints",
        "sample_every",
        "log_every",
        *(option.name for option in EVALUATION_OPTIONS),
    }
)

RUN_OPTIONS = (
    Option(
        "model",
        str,
        "stargan",
        "Model family, ours or a plugin's; '--model NAME --help' shows its options.",
        _RUN,
    ),
    Option(
        "dataset",
        str,
        None,
        "Data sets by name (see 'stargan-tf datasets'); several, NAME,NAME, are "
        "trained jointly.",
        _DATA,
        separator=",",
    ),
    Option(
        "data_dir",
        str,
        None,
        f"Folder with the images.{_PER_SET} ','.",
        _DATA,
        separator=",",
    ),
    Option(
        "labels",
        str,
        None,
        f"Attribute file, for --dataset attributes.{_PER_SET} ','.",
        _DATA,
        separator=",",
    ),
    Option(
        "attributes",
        str,
        None,
        f"Choice of attributes, A,B,…; by default all.{_PER_SET} '/'.",
        _DATA,
        separator="/",
        many=True,
    ),
    Option(
        "crop_size",
        int,
        None,
        f"{CROP_SIZE_HELP} By default the largest square, or, for models made for it "
        f"(stargan_v2), the whole picture, squeezed.{_PER_SET} ','.",
        _DATA,
        minimum=1,
        separator=",",
    ),
    Option("held_out", float, 0.1, "Share of images kept from training.", _DATA),
    Option(
        "image_size",
        int,
        128,
        "Side of the square images in pixels, a multiple of 4.",
        _DATA,
        minimum=4,
    ),
    Option("batch_size", int, 16, "Images per step.", _DATA, minimum=1),
    Option(
        "steps",
        int,
        200_000,
        "Batches to train on; a larger number extends a finished run.",
        _RUN,
        minimum=1,
    ),
    Option(
        "init_from",
        str,
        None,
        "A model to start from: a run or an imported model. Its networks' options and "
        "the labels of the same name are taken over.",
        _RUN,
    ),
    Option("seed", int, 0, "Seed of everything random.", _RUN, minimum=0),
    Option(
        "precision",
        str,
        "float32",
        "float32 or mixed_bfloat16.",
        _RUN,
        choices=("float32", "mixed_bfloat16"),
    ),
    Option(
        "distribute",
        str,
        "auto",
        "Devices: mirrored: all GPUs of this machine; multi_worker: the machines in "
        "TF_CONFIG; none: one device; auto: what there is. Same result, more speed.",
        _RUN,
        choices=("auto", "none", "mirrored", "multi_worker"),
    ),
    Option("jit_compile", bool, False, "Compile with XLA; worth it on GPUs.", _RUN),
    Option(
        "deterministic",
        bool,
        False,
        "Only deterministic operations: equal runs give equal bits.",
        _RUN,
    ),
    Option(
        "checkpoint_every",
        int,
        1000,
        "Steps from one checkpoint to the next.",
        _RUN,
        minimum=1,
    ),
    Option("keep_checkpoints", int, 2, "Newest checkpoints to keep.", _RUN, minimum=1),
    Option(
        "sample_every",
        int,
        1000,
        "Steps from one sample grid to the next.",
        _RUN,
        minimum=1,
    ),
    Option(
        "log_every",
        int,
        100,
        "Steps from one line of metrics.jsonl to the next.",
        _RUN,
        minimum=1,
    ),
    *EVALUATION_OPTIONS,
)


@dataclass(frozen=True)
class RunConfig:
    """Everything that decides what a run does; made by `resolve`.

    Fields have the names and meanings of `RUN_OPTIONS`. Those with one value per data
    set (`data_dir`, `labels`, `attributes`, `crop_size`) are tuples as long as
    `dataset`. `model_options` go to the model's constructor, `compile_options` and
    `loss_weights` to its `compile()`, `batch_options` to what makes its batches.
    """

    preset: str | None
    model: str
    dataset: tuple[str, ...]
    data_dir: tuple[str | None, ...]
    labels: tuple[str | None, ...]
    attributes: tuple[tuple[str, ...], ...]
    crop_size: tuple[int | None, ...]
    held_out: float
    image_size: int
    batch_size: int
    steps: int
    init_from: str | None
    seed: int
    precision: str
    distribute: str
    jit_compile: bool
    deterministic: bool
    checkpoint_every: int
    keep_checkpoints: int
    sample_every: int
    log_every: int
    evaluate_every: int
    evaluate_metrics: str
    evaluate_count: int
    evaluate_classifier: str
    best_metric: str | None
    model_options: dict[str, Any]
    compile_options: dict[str, Any]
    loss_weights: dict[str, float]
    batch_options: dict[str, Any]

    def __post_init__(self) -> None:
        check_image_size(self.image_size)
        if not 0 < self.held_out < 1:
            raise InputError(
                "held_out must be a share between 0 and 1, such as 0.1. "
                f"Received: {self.held_out}"
            )
        if len(set(self._sources)) != len(self._sources):
            raise InputError(
                "A data set is given twice with the same files. Received: --dataset "
                f"{','.join(self.dataset)}. Give each --data_dir (or --labels, "
                "--attributes) of its own."
            )
        _ = self.evaluation  # Says what is wrong with it.
        check_best_metric(self.best_metric, self.evaluate_every, self.evaluate_metrics)

    @property
    def evaluation(self) -> EvaluationOptions:
        """What is measured every `evaluate_every` steps."""
        return evaluation_options(
            *(self.evaluate_metrics, self.evaluate_count),
            *(self.evaluate_classifier, self.seed),
        )

    @property
    def _sources(self) -> list[tuple]:
        ways = (self.dataset, self.data_dir, self.labels, self.attributes)
        return list(zip(*ways, strict=True))

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
        }

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready and flat: the form that `--config` reads."""
        values = asdict(self)
        for nested in NESTED:
            values |= values.pop(nested)
        return values


# Flags, a JSON file, a preset and defaults become one `RunConfig`.

# Keys that a run folder's config.json has beside the options.
_RECORD_KEYS = ("versions",)
# Options of earlier versions, which decided nothing about the weights.
_FORMER_OPTIONS = ("data_service",)
# Options with a path for each data set.
_PATHS = ("data_dir", "labels")
_LONGEST = 100  # Characters of a name in a message.


def resolve(
    overrides: Mapping[str, Any],
    config_file: str | Path | None = None,
    trust_code: bool = False,
) -> RunConfig:
    """Resolves a run's configuration.

    Args:
        overrides: option name → value, text or JSON value; the strongest.
        config_file: a JSON file with option names as keys, weaker than `overrides`
            and stronger than the preset that either of them names. The `config.json`
            of a run folder is such a file. Between the two stands what the networks
            of the `init_from` model are like.
        trust_code: whether functions that `config_file` names may be used, which
            executes them. Those of `overrides` always are.

    Returns:
        The configuration; what nobody gave has its default.

    Raises:
        InputError: unknown option or preset, a value that does not fit, no data set,
            code that is not trusted.
    """
    filed = read_config_file(config_file) if config_file else {}
    given = filed | dict(overrides)
    name = given.get("preset")
    initial = _initial(given)
    values = (preset(name).values if name else {}) | initial | given
    chosen = family(values.get("model", DEFAULT))
    options = {option.name: option for option in (*RUN_OPTIONS, *chosen.options)}
    check_option_names(values, {"preset", *options}, chosen)
    coded = (name for name in chosen.code_options if name not in overrides)
    check_trusted({n: filed[n] for n in coded if filed.get(n)}, config_file, trust_code)
    read = {
        name: option.read(values.get(name, chosen.default(option)))
        for name, option in options.items()
    }
    _check_initial(given.get("init_from"), initial, read)
    if config_file:
        warn_of_relative_paths(config_file, overrides)
    return _assemble(name, read, chosen)


def warn_of_relative_paths(config_file: str | Path, given: Mapping[str, Any]) -> None:
    """Says where data of a run of version 0.1.0 is looked for: it has paths as typed.

    Args:
        config_file: a run's `config.json`; in one that a user wrote, paths may be
            relative.
        given: options that the user gives in place of the file's.
    """
    values = read_json(user_path(config_file))
    if not all(key in values for key in _RECORD_KEYS):
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


def _initial(given: Mapping[str, Any]) -> dict[str, Any]:
    if not given.get("init_from"):
        return {}
    # Here, not above: opening a model reads its run's configuration by this module.
    from stargan_tf.training.warm_start import initial_options

    return initial_options(given)


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


def read_config_file(path: str | Path) -> dict[str, Any]:
    """The option values in a JSON file.

    Args:
        path: the file.

    Raises:
        InputError: if it is missing, no JSON, or no JSON object.
    """
    try:
        values = read_json(user_path(path))
    except (OSError, ValueError) as error:
        raise InputError(f"The configuration {path} cannot be read: {error}") from error
    if not isinstance(values, dict):
        raise InputError(
            f"The configuration {path} must be a JSON object such as "
            f'{{"preset": "demo", "steps": 100}}. Received: {type(values).__name__}'
        )
    ignored = {*_RECORD_KEYS, *_FORMER_OPTIONS}
    if set(_RECORD_KEYS) <= values.keys() and not _is_preset(values.get("preset")):
        ignored.add("preset")  # Of an earlier version; a run's record has its values.
    return {name: value for name, value in values.items() if name not in ignored}


def _is_preset(name: Any) -> bool:
    try:
        return name is not None and bool(preset(name))
    except InputError:
        return False


def check_trusted(
    named: Mapping[str, Any], config: str | Path | None, trust_code: bool
) -> None:
    """Refuses to run what a configuration names, unless the user trusts it.

    Args:
        named: option → the code that the configuration names for it.
        config: the configuration.
        trust_code: whether the user trusts it.

    Raises:
        InputError: if it names any and the user does not.
    """
    if trust_code:
        return
    for option, code in named.items():
        raise InputError(
            f"{config} names code to run, {option}={str(code)[:_LONGEST]}, and code "
            f"that comes with a file is not run unasked. Pass your own --{option} (in "
            f"Python {option}=…), or, if you trust the file, --trust_code "
            "(trust_code=True)."
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
    chosen.check(read)
    nested = {field: _take(read, getattr(chosen, field)) for field in NESTED}
    return RunConfig(preset=name, **nested, **read)


def _from_anywhere(path: str | None) -> str | None:
    """A path that is found from every folder; addresses such as gs://… stay."""
    if path is None or "://" in path:
        return path
    return os.path.abspath(user_path(path))


def _code_from_anywhere(code: str | None) -> str | None:
    """FILE.py:FUNCTION with a path that is found from every folder."""
    file, colon, function = (code or "").rpartition(":")
    if not (colon and file.endswith(".py")):
        return code
    return f"{_from_anywhere(file)}:{function}"


def _take(read: dict[str, Any], options: tuple[Option, ...]) -> dict[str, Any]:
    return {option.name: read.pop(option.name) for option in options}


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
