"""Evaluation of a trained model: finds model and data, runs, and writes the results."""

import hashlib
import os
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from stargan_tf.data.identity import data_fingerprint, differing_parts
from stargan_tf.data.info import DatasetInfo, as_infos
from stargan_tf.data.options import HELD_OUT, TRAIN, DatasetOptions, Preparation
from stargan_tf.data.registry import load_dataset
from stargan_tf.data.source import LabeledImages
from stargan_tf.detection.scores import grouping
from stargan_tf.discovery import DATASETS
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
from stargan_tf.evaluation.results import (
    RESULTS_FILE,
    Results,
    results_record,
    write_record,
)
from stargan_tf.evaluation.tasks import Subject
from stargan_tf.files import sha256, user_path
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
from stargan_tf.user_code import check_form, explained, imported_by_user, is_code

# Metrics that compare with real images.
COMPARED = {CLASSIFICATION, FID, KID}
# Functions that may also be given as a folder of masks or a regular expression.
LESIONS, GROUP = "lesions", "group"


@dataclass(frozen=True)
class EvaluationData:
    """Both splits of a data set of the model.

    Args:
        dataset: index of the data set in the model's `LabelSpace`.
        held_out: the images to translate.
        train: the real images to compare with.
        changed: whether the images differ from those that the model was trained on;
            None if unknown.
    """

    dataset: int
    held_out: LabeledImages
    train: LabeledImages
    changed: bool | None = None


@dataclass(frozen=True)
class DataChoice:
    """The user's choice of data.

    Args:
        name: name of the data set; None for that of the run.
        options: the fields of `DatasetOptions` that the user set.
        accept_changed_data: whether to accept images that differ from those that the
            model was trained on, under the same name.
    """

    name: str | None = None
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    accept_changed_data: bool = False


def open_evaluation_data(
    checkpoint: Path | None, state: State, choice: DataChoice
) -> EvaluationData:
    """Loads the data of the run or of the user's choice.

    Args:
        checkpoint: path of the checkpoint; None for a model in memory, without a run.
        state: state of the checkpoint.
        choice: the user's choice.

    Returns:
        The `EvaluationData`.

    Raises:
        InputError: if no data set is named, it does not match the model, or its images
            have changed.
    """
    infos = as_infos(state.datasets)
    config = checkpoint and recorded_config(checkpoint, choice.options)
    name = choice.name
    if name is None and config:
        name = config.dataset_names[0]
    elif name is None and infos[0].name in DATASETS.installed():
        name = infos[0].name  # A model without a run: the data set of its labels.
    if name is None:
        raise InputError(
            "The data set must be known. Received: "
            f"{checkpoint or 'a model'} without a run that names it. Pass "
            "--dataset NAME."
        )
    index = _index(name, [info.name for info in infos])
    dataset, run_options = name, {}
    if config and name in config.dataset_names:
        number = config.dataset_names.index(name)
        dataset, run_options = config.dataset[number], config.dataset_options(number)
    preparation = asdict(state.preparation or Preparation())
    if not DATASETS.load(dataset).takes_crop_size:
        del preparation["crop_size"]
    family_options = family(state.model).dataset_options
    options = {**preparation, **run_options, **family_options, **choice.options}
    if "fit" in choice.options and "crop_size" not in choice.options:
        options["crop_size"] = None
    intensity = infos[index].intensity
    if intensity and "intensity" not in choice.options:
        # The range and the percentiles of other images would differ.
        options["intensity"] = intensity.written()
    held_out, train = (
        _open(dataset, split, infos[index], options) for split in (HELD_OUT, TRAIN)
    )
    changed = None
    if state.data and name == infos[index].name:
        then, now = state.data[index], data_fingerprint(train, held_out)
        changed = bool(differing_parts(then, now))
        if not choice.accept_changed_data:
            check_fingerprint(checkpoint, infos[index].name, then, now)
    return EvaluationData(index, held_out, train, changed)


def recorded_config(checkpoint: Path, given: Mapping[str, Any]) -> RunConfig | None:
    """Returns the configuration of a checkpoint's run; None without a run."""
    file = run_of(checkpoint).config
    if not file.is_file():
        return None
    warn_of_relative_paths(file, given)
    return resolve(read_config_file(file))


def _index(name: str, names: list[str]) -> int:
    """Index of a data set in the model; with a single data set, any name is valid."""
    if name in names:
        return names.index(name)
    if len(names) == 1:
        return 0
    raise InputError(
        f"The data set must be one of the model's, {' or '.join(names)}. Received: "
        f"'{name}'. {near_names(name, names)}"
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
    """Raises InputError if the labels or the image size differ from the model's."""
    if received.shape != info.shape or received.intensity != info.intensity:
        raise InputError(
            f"The model needs images of {info.image_text}. Received: "
            f"'{received.name}' with {received.image_text}."
        )
    if (received.domains, received.label_type) != (info.domains, info.label_type):
        raise InputError(
            f"The data set must have the model's domains, {', '.join(info.domains)} "
            f"({info.label_type}). Received: '{received.name}' with "
            f"{', '.join(received.domains)} ({received.label_type}). Select domains "
            "with --attributes, or pass the --dataset that the model was trained on."
        )


@dataclass(frozen=True)
class EvaluationJob:
    """An evaluation whose arguments are checked and that is ready to run.

    Args:
        checkpoint: path of the model's checkpoint.
        state: state of the checkpoint.
        data: the images.
        options: options of the evaluation.
        functions: names of the user's functions; see `plan_evaluation`.
        code: arguments of `load_model` for functions of the model.
        output: path of the JSON file.
        report: path of the HTML report; None for no report.
    """

    checkpoint: Path
    state: State
    data: EvaluationData
    options: EvaluationOptions
    functions: Mapping[str, str] = field(default_factory=dict)
    code: Mapping[str, Any] = field(default_factory=dict)
    output: Path = Path(RESULTS_FILE)
    report: Path | None = None

    def run(self) -> Results:
        """Loads and evaluates the model; resumes an interrupted evaluation."""
        from stargan_tf.evaluation.evaluator import Evaluator

        functions = {name: self._function(name) for name in self.functions}
        model = load_model(self.checkpoint, compile=False, **self.code)
        subject = _subject(model, self.state, self.data)
        evaluator = Evaluator(subject, self.options, UserFunctions(**functions))
        results = evaluator.run(self.finished)
        if self.finished.reused:
            note(f"Resumed: {self.finished.reused} tasks were already finished.")
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
        """Writes the JSON file and the report; clears the kept results of tasks.

        Args:
            results: the results.
            seconds: duration of the evaluation, to record.
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
        """Finished tasks of an interrupted evaluation of the same model and data."""
        labels = self.data.held_out.labels, self.data.train.labels
        digests = [hashlib.sha256(array.tobytes()).hexdigest() for array in labels]
        functions = sorted(self.functions.items())
        # An edited function gives other results under the same name. The code of a
        # module is not known, so its results are not used again.
        code = [text.rpartition(":")[0] for _, text in functions if is_code(text)]
        paths = [Path(module).expanduser() for module in code]
        digests += [sha256(p) if p.is_file() else uuid.uuid4().hex for p in paths]
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
    """Evaluates a model on held-out images, like `stargan-tf evaluate`.

    Example:

    ```python
    results = stargan_tf.evaluate("toon_attributes", metrics=["kid", "classification"])
    print(results)
    print(results.means["kid"].value)
    ```

    Args:
        model: a model, or anything that `load_model` opens.
        dataset: name of a data set, whose held-out images are translated; or the
            held-out images, a `LabeledImages`. Defaults to the data set that the model
            was trained on.
        metrics: names among `"fid"`, `"kid"`, `"lpips"`, `"classification"`,
            `"unchanged"`, and `"detection"`. Defaults to `"classification"` and
            `"unchanged"`, which need no downloads.
        train: if `dataset` is a `LabeledImages`: the real images that `"fid"`, `"kid"`,
            and `"classification"` compare with. They must not be those of `dataset`.
        truth: function that returns the correct translation: (name of an image, label
            (number of domains,), image size) → uint8 image (height, width, 3), or None
            if unknown.
        masks: function that returns where a translation may change the image: uint8
            images (n, height, width, 3) → (n, height, width), above 0.5 for pixels that
            may change.
        embedding: function that returns vectors that identify a person: uint8 images
            (n, height, width, 3) → (n, d).
        lesions: for `"detection"`: function that returns the lesions: (name of an
            image, image size) → (height, width), 0 for healthy pixels, other numbers
            for types of lesions; None if unknown.
        group: for `"detection"`: function from the name of an image to its group, such
            as the patient.
        **options: `count` (maximum number of images per task), `batch_size`, `seed`,
            `outputs` (translations per image, for models with styles), `protocol`,
            `lpips_network`, `classifier`, and `classifier_steps`, as for
            `stargan-tf evaluate`. If `dataset` is a name, also options of
            `load_dataset`, such as `data_dir`.

    Returns:
        A `Results`: `means` is {name: mean over the tasks, with `value` and
        `interval`}, `tasks` has the numbers of each task, and `print` shows a table.

    Raises:
        InputError: if model and data do not match, the data set differs from that of
            the training under the same name, or an option is unknown or out of range.
        ImportError: if a package that a metric needs is not installed.
    """
    from stargan_tf.evaluation.evaluator import Evaluator
    from stargan_tf.layers.precision import keras_settings

    names = {field.name for field in fields(DatasetOptions)} & options.keys()
    dataset_options = {name: options.pop(name) for name in names}
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
                f"{' and '.join(compared)} compare with real images. Received: "
                "train=None. Pass train=…, such as load_dataset(name, 'train')."
            )
        infos = as_infos(state.datasets)
        index = _index(dataset.info.name, [info.name for info in infos])
        for source in (dataset, train or dataset):
            _check_labels(source.info, infos[index])
        data = EvaluationData(index, dataset, train or dataset)
    else:
        choice = DataChoice(dataset, dataset_options)
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
        return Path(f"{shipped}_{RESULTS_FILE}")
    return (
        folder / RESULTS_FILE if folder.is_dir() else beside(model, f"_{RESULTS_FILE}")
    )


def plan_evaluation(
    model: Source,
    options: EvaluationOptions,
    choose: Callable[[int], DataChoice],
    functions: Mapping[str, str | None],
    output: str | None,
    report: str | None,
    code: Mapping[str, Any] | None = None,
) -> EvaluationJob:
    """Finds the checkpoint and loads the data, without TensorFlow.

    Args:
        model: anything that `load_model` opens.
        options: options of the evaluation.
        choose: function from the model's image size to the user's choice of data.
        functions: option → `module:name`, or None. `lesions` may also be a folder of
            masks, and `group` a regular expression; see `grouping`.
        output: path of the JSON file. Defaults to `results.json` in the model's folder,
            `NAME_results.json` next to a `.keras` file, and `NAME_results.json` in the
            working directory for pretrained and downloaded models.
        report: path of the HTML report; None for no report.
        code: arguments of `load_model` for functions of the model.

    Returns:
        The `EvaluationJob`.

    Raises:
        InputError: if the model, the data, or a function cannot be used.
    """
    named = {option: name for option, name in functions.items() if name}
    for option, name in named.items():
        if option == GROUP:
            grouping(name)
        elif option == LESIONS and not is_code(name):
            if not user_path(name).is_dir():
                raise InputError(
                    "--lesions must be an existing folder of masks, or "
                    f"MODULE:FUNCTION. Received: {name}"
                )
        else:
            check_form(option, name)
    checkpoint, state = find_checkpoint(model)
    choice = choose(state.datasets[0]["image_size"])
    data = open_evaluation_data(checkpoint, state, choice)
    if len(state.datasets) > 1 and choice.name is None:
        note(f"Data set: {data.held_out.info.name}. Choose another with --dataset.")
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
