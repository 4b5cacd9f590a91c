"""An evaluation of a trained model, from its folder to the files with the results."""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from stargan_tf.data.identity import data_fingerprint, differing_parts
from stargan_tf.data.info import DatasetInfo, as_infos
from stargan_tf.data.options import HELD_OUT, TRAIN, DatasetOptions, Preparation
from stargan_tf.data.registry import available, definition, load_dataset
from stargan_tf.data.source import LabeledImages
from stargan_tf.detection.scores import grouping
from stargan_tf.errors import InputError, near_names
from stargan_tf.evaluation.cache import FinishedTasks
from stargan_tf.evaluation.options import (
    CLASSIFICATION,
    DEFAULT_METRICS,
    FID,
    KID,
    EvaluationOptions,
    UserFunctions,
)
from stargan_tf.evaluation.results import Results, results_record, write_record
from stargan_tf.evaluation.tasks import Subject
from stargan_tf.files import user_path
from stargan_tf.models.registry import family
from stargan_tf.native_output import note
from stargan_tf.pretrained import named_or, owner
from stargan_tf.training import checkpoints
from stargan_tf.training.checkpoints import State
from stargan_tf.training.config import RunConfig, resolve, warn_of_relative_paths
from stargan_tf.training.resume import check_fingerprint
from stargan_tf.training.run_folder import (
    Source,
    beside,
    find_checkpoint,
    load_model,
    read_config_file,
    run_of,
    state_of,
    versions,
)
from stargan_tf.user_code import check_form, explained, imported_by_user

RESULTS = "results.json"
# Metrics that compare with real images.
COMPARED = {CLASSIFICATION, FID, KID}
# Functions that may be named otherwise: by a folder of masks, by an expression.
LESIONS, GROUP = "lesions", "group"


@dataclass(frozen=True)
class EvaluationData:
    """Both splits of one of a model's data sets.

    Args:
        dataset: its index in the model's `LabelSpace`.
        held_out: what is translated.
        train: the real images.
        changed: whether the model was trained on other images of this name; None if
            that is not known.
    """

    dataset: int
    held_out: LabeledImages
    train: LabeledImages
    changed: bool | None = None


@dataclass(frozen=True)
class DataChoice:
    """What the user said about the data.

    Args:
        name: of the data set; None for the run's own.
        options: the given fields of `DatasetOptions`, no others.
        accept_changed_data: whether images other than those that the model was trained
            on are taken under the same name.
    """

    name: str | None = None
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    accept_changed_data: bool = False


def open_evaluation_data(
    checkpoint: Path | None, state: State, choice: DataChoice
) -> EvaluationData:
    """Opens the data, as the run had it or as the user says.

    Args:
        checkpoint: None for a model in memory, which belongs to no run.
    """
    infos = as_infos(state.datasets)
    config = checkpoint and recorded_config(checkpoint, choice.options)
    name = choice.name
    if name is None and config:
        name = config.dataset_names[0]
    elif name is None and infos[0].name in available():
        name = infos[0].name  # Of a model without a run: what it is named after.
    if name is None:
        raise InputError(
            f"{checkpoint or 'The model'} belongs to no run that names its data. Pass "
            "--dataset NAME."
        )
    index = _index(name, [info.name for info in infos])
    known, as_in_run = name, {}
    if config and name in config.dataset_names:
        number = config.dataset_names.index(name)
        known, as_in_run = config.dataset[number], config.dataset_options(number)
    preparation = asdict(state.preparation or Preparation())
    if not definition(known).takes_crop_size:
        del preparation["crop_size"]
    of_family = family(state.model).dataset_options
    options = {**preparation, **as_in_run, **of_family, **choice.options}
    if "fit" in choice.options and "crop_size" not in choice.options:
        options["crop_size"] = None
    held_out, train = (
        _open(known, split, infos[index], options) for split in (HELD_OUT, TRAIN)
    )
    changed = None
    if state.data and name == infos[index].name:
        then, now = state.data[index], data_fingerprint(train, held_out)
        changed = bool(differing_parts(then, now))
        if not choice.accept_changed_data:
            check_fingerprint(checkpoint, infos[index].name, then, now)
    return EvaluationData(index, held_out, train, changed)


def recorded_config(checkpoint: Path, given: Mapping[str, Any]) -> RunConfig | None:
    """The configuration of a checkpoint's run, or None if it belongs to none."""
    file = run_of(checkpoint).config
    if not file.is_file():
        return None
    warn_of_relative_paths(file, given)
    return resolve(read_config_file(file))


def _index(name: str, names: list[str]) -> int:
    """Which of the model's data sets is meant; a single one may be any."""
    if name in names:
        return names.index(name)
    if len(names) == 1:
        return 0
    raise InputError(
        f"The model was trained on {' and '.join(names)}, not on '{name}'. "
        f"{near_names(name, names)}"
    )


def _open(
    name: str, split: str, info: DatasetInfo, options: dict[str, Any]
) -> LabeledImages:
    source = load_dataset(name, split, info.image_size, **options)
    if set(info.domains) < set(source.info.domains) or (
        info.domains != source.info.domains
        and sorted(info.domains) == sorted(source.info.domains)
    ):
        options = {**options, "attributes": info.domains}
        source = load_dataset(name, split, info.image_size, **options)
    _check_labels(source.info, info)
    return source


def _check_labels(received: DatasetInfo, info: DatasetInfo) -> None:
    """Refuses data whose labels or sizes are not the model's."""
    if received.shape != info.shape or received.intensity != info.intensity:
        raise InputError(
            f"The model takes images of {info.image_text}. Received from "
            f"'{received.name}': {received.image_text}."
        )
    if (received.domains, received.label_type) != (info.domains, info.label_type):
        raise InputError(
            "Model and data set have different domains. The model has "
            f"{', '.join(info.domains)} ({info.label_type}), '{received.name}' has "
            f"{', '.join(received.domains)} ({received.label_type}). Choose with "
            "--attributes, or pass the --dataset that the model was trained on."
        )


@dataclass(frozen=True)
class EvaluationJob:
    """Checked work that only needs TensorFlow.

    Args:
        checkpoint: the model's.
        state: of the checkpoint.
        data: the images.
        options: what to measure.
        functions: names of the user's functions; see `plan_evaluation`.
        code: what `load_model` is told about the model's functions.
        output: where the JSON file goes.
        report: where the page goes; None for none.
    """

    checkpoint: Path
    state: State
    data: EvaluationData
    options: EvaluationOptions
    functions: Mapping[str, str] = field(default_factory=dict)
    code: Mapping[str, Any] = field(default_factory=dict)
    output: Path = Path(RESULTS)
    report: Path | None = None

    def run(self) -> Results:
        """Loads the model and measures it; resumes where an earlier call stopped."""
        from stargan_tf.evaluation.evaluator import Evaluator

        functions = {name: self._function(name) for name in self.functions}
        model = load_model(self.checkpoint, compile=False, **self.code)
        subject = _subject(model, self.state, self.data)
        evaluator = Evaluator(subject, self.options, UserFunctions(**functions))
        results = evaluator.run(self.finished)
        if self.finished.found:
            note(f"{self.finished.found} tasks were finished before.")
        return results

    def _function(self, option: str) -> Callable:
        name = self.functions[option]
        if option == GROUP:
            return grouping(name)
        if option == LESIONS and user_path(name).is_dir():
            from stargan_tf.detection.metric import masks_in

            return masks_in(user_path(name), self.state.preparation or Preparation())
        return explained(option, name, imported_by_user(option, name))

    def write(self, results: Results, seconds: float) -> None:
        """Writes the files; what was kept for an interrupted call is dropped.

        Args:
            seconds: what it took.
        """
        record = results_record(
            results,
            self.options,
            model=self._model,
            data=self._data,
            functions=dict(self.functions),
            versions=versions(),
            seconds=seconds,
        )
        write_record(record, self.output)
        if self.report:
            from stargan_tf.evaluation.report import write_report

            write_report(record, results, self.report)
        self.finished.clear()

    @cached_property
    def finished(self) -> FinishedTasks:
        """What an interrupted call with the same model, data and options left."""
        labels = self.data.held_out.labels, self.data.train.labels
        digests = [hashlib.sha256(part.tobytes()).hexdigest() for part in labels]
        functions = sorted(self.functions.items())
        return FinishedTasks(self._model, self._data, digests, self.options, functions)

    @property
    def _model(self) -> dict[str, Any]:
        return {
            "folder": str(self.checkpoint),
            "family": self.state.model,
            "step": self.state.step,
            "sha256": checkpoints.model_digest(self.checkpoint),
        }

    @property
    def _data(self) -> dict[str, Any]:
        held_out, train = self.data.held_out, self.data.train
        return {
            "dataset": held_out.info.name,
            "domains": list(held_out.info.domains),
            "image_size": held_out.info.image_size,
            "held_out": {
                "images": len(held_out),
                "fingerprint": held_out.fingerprint,
            },
            "train": {"images": len(train), "fingerprint": train.fingerprint},
            "changed_since_training": self.data.changed,
        }


def evaluate(
    model: Any,
    dataset: str | LabeledImages | None = None,
    metrics: str | Sequence[str] = DEFAULT_METRICS,
    *,
    train: LabeledImages | None = None,
    truth: Callable[..., Any] | None = None,
    masks: Callable[..., Any] | None = None,
    embedding: Callable[..., Any] | None = None,
    lesions: Callable[..., Any] | None = None,
    group: Callable[..., Any] | None = None,
    **options: Any,
) -> Results:
    """Measures a model on held-out images, as `stargan-tf evaluate` does.

    ```python
    results = stargan_tf.evaluate(model, "toon_attributes", ["fid", "classification"])
    print(results)
    print(results.means["fid"].value)
    ```

    Args:
        model: a model, or what `load_model` opens.
        dataset: a data set's name, of which the held-out images are translated; or
            those images. By default what the model was trained on.
        metrics: some of `"fid"`, `"kid"`, `"lpips"`, `"classification"` and
            `"unchanged"`; by default those that need no download.
        train: with images as `dataset`: the real images that `"fid"`, `"kid"` and
            `"classification"` compare with. They must not be those of `dataset`.
        truth: (name of an image, label (number of domains,), image size) → the uint8
            image (size, size, 3) that a perfect translation gives, or None.
        masks: uint8 images (n, size, size, 3) → (n, size, size), above 0.5 where a
            translation may draw.
        embedding: uint8 images (n, size, size, 3) → vectors (n, d) that tell who it is.
        lesions: of `"detection"`: (name of an image, image size) → where it is ill,
            (height, width): 0 where it is not, other numbers for kinds of lesions;
            None where nobody knows.
        group: of `"detection"`: name of an image → whose it is, such as the patient.
        **options: `count` (images of each task at most), `batch_size`, `seed`,
            `outputs` (translations of each image, for models with styles),
            `protocol`, `lpips_network`, `classifier` and `classifier_steps`, as the
            flags of `stargan-tf evaluate`; with the name of a data set also the
            options of `load_dataset`, such as `data_dir`.

    Returns:
        The results: `means` is {name: mean over the tasks, with `value` and
        `interval`}, `tasks` has the numbers of each task, and `print` shows the table.

    Raises:
        InputError: if the model and the data do not fit, images other than those that
            the model was trained on have the same name, or an option does not exist.
        ImportError: without the packages that a metric needs.
    """
    from stargan_tf.evaluation.evaluator import Evaluator
    from stargan_tf.layers.precision import keras_settings

    of_data = {field.name for field in fields(DatasetOptions)} & options.keys()
    opening = {name: options.pop(name) for name in of_data}
    chosen = EvaluationOptions(metrics, **options)
    checkpoint = None
    if isinstance(model, str | os.PathLike):
        checkpoint, state = find_checkpoint(model)
        model = load_model(checkpoint, compile=False)
    else:
        state = state_of(model)
    if isinstance(dataset, LabeledImages):
        compared = sorted(COMPARED.intersection(chosen.metrics))
        if train is None and compared:
            raise InputError(
                f"{' and '.join(compared)} compare with real "
                "images. Pass them as train=…, such as load_dataset(name, 'train')."
            )
        infos = as_infos(state.datasets)
        index = _index(dataset.info.name, [info.name for info in infos])
        for source in (dataset, train or dataset):
            _check_labels(source.info, infos[index])
        data = EvaluationData(index, dataset, train or dataset)
    else:
        choice = DataChoice(dataset, opening)
        data = open_evaluation_data(checkpoint, state, choice)
    functions = UserFunctions(truth, masks, embedding, lesions, group)
    subject = _subject(model, state, data)
    with keras_settings():
        return Evaluator(subject, chosen, functions).run()


def _subject(model: Any, state: State, data: EvaluationData) -> Subject:
    steering = family(state.model).translated_by
    return Subject(model, steering, data.held_out, data.train, data.dataset)


def _results_path(model: Source) -> Path:
    folder = named_or(user_path(model))
    if shipped := owner(folder):
        return Path(f"{shipped}_{RESULTS}")
    return folder / RESULTS if folder.is_dir() else beside(model, f"_{RESULTS}")


def plan_evaluation(
    model: Source,
    options: EvaluationOptions,
    choose: Callable[[int], DataChoice],
    functions: Mapping[str, str | None],
    output: str | None,
    report: str | None,
    code: Mapping[str, Any] | None = None,
) -> EvaluationJob:
    """Finds the checkpoint and opens the data; TensorFlow is not needed.

    Args:
        choose: the model's image size → what the user said about the data.
        functions: option → `module:name`, or None; of `lesions` also a folder of
            masks; of `group` a regular expression, see `grouping`.
        output: JSON file; None for `results.json` in the model's folder. A `.keras`
            file has `NAME_results.json` beside it; what comes with the package or from
            an address has it here.
        report: HTML file; None for none.
    """
    named = {option: name for option, name in functions.items() if name}
    for option, name in named.items():
        if option == GROUP:
            grouping(name)
        elif option == LESIONS and ":" not in name:
            if not user_path(name).is_dir():
                raise InputError(
                    "--lesions must be a folder of masks, or MODULE:FUNCTION. "
                    f"Received: {name}, which is no folder."
                )
        else:
            check_form(option, name)
    checkpoint, state = find_checkpoint(model)
    choice = choose(state.datasets[0]["image_size"])
    data = open_evaluation_data(checkpoint, state, choice)
    if len(state.datasets) > 1 and choice.name is None:
        note(f"Data set: {data.held_out.info.name}; --dataset takes another one.")
    if output is None:
        output = _results_path(model)
    return EvaluationJob(
        checkpoint=checkpoint,
        state=state,
        data=data,
        options=options,
        functions=named,
        code=code or {},
        output=Path(output),
        report=Path(report) if report else None,
    )
