"""An evaluation of a trained model, from its folder to the files with the results."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from stargan_tf.evaluation.finished_tasks import FinishedTasks
from stargan_tf.evaluation.options import EvaluationOptions, OwnFunctions
from stargan_tf.evaluation.record import results_record, write_record
from stargan_tf.evaluation.results import Results
from stargan_tf.evaluation.task import Subject
from stargan_tf.shipped import named_or, owner
from stargan_tf.training import checkpoints
from stargan_tf.training.checkpoints import State
from stargan_tf.training.evaluated_run import (
    DataChoice,
    EvaluationData,
    open_evaluation_data,
)
from stargan_tf.training.families.registry import family
from stargan_tf.training.imported import check_form, explained, imported_by_user
from stargan_tf.training.run_folder import find_checkpoint, load_model
from stargan_tf.training.versions import versions

RESULTS = "results.json"


@dataclass(frozen=True)
class EvaluationJob:
    """Checked work that only needs TensorFlow.

    Args:
        checkpoint: the model's.
        state: of the checkpoint.
        data: the images.
        options: what to measure.
        functions: names of the user's functions; see `OwnFunctions`.
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
        """Loads the model and measures it; goes on where an earlier call stopped.

        Raises:
            InputError: if weights are missing or the data cannot be used.
        """
        from stargan_tf.evaluation.evaluator import Evaluator

        functions = OwnFunctions(
            **{
                option: explained(option, name, imported_by_user(option, name))
                for option, name in self.functions.items()
            }
        )
        subject = Subject(
            load_model(self.checkpoint, **self.code),
            family(self.state.model).translated_by,
            self.data.held_out,
            self.data.train,
            self.data.dataset,
        )
        evaluator = Evaluator(subject, self.options, functions)
        results = evaluator.run(self.finished)
        if self.finished.found:
            print(f"{self.finished.found} tasks were finished before.")
        return results

    def write(self, results: Results, seconds: float) -> None:
        """Writes the files; what was kept for an interrupted call is dropped.

        Args:
            results: of `run`.
            seconds: what it took.

        Raises:
            InputError: if a file cannot be written.
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
            from stargan_tf.evaluation.report_page import write_report

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


def plan_evaluation(
    model: Path,
    options: EvaluationOptions,
    choose: Callable[[int], DataChoice],
    functions: Mapping[str, str | None],
    output: str | None,
    report: str | None,
    code: Mapping[str, Any] | None = None,
) -> EvaluationJob:
    """Finds the checkpoint and opens the data; TensorFlow is not needed.

    Args:
        model: a run folder or a checkpoint's folder.
        options: what to measure.
        choose: the model's image size → what the user said about the data.
        functions: option → `module:name`, or None.
        output: JSON file; None for `results.json` in the model's folder, or for
            `NAME_results.json` here if the model comes with the package.
        report: HTML file; None for none.
        code: see `EvaluationJob`.

    Raises:
        InputError: if there is no model, or the data does not fit it.
    """
    named = {option: name for option, name in functions.items() if name}
    for option, name in named.items():
        check_form(option, name)
    checkpoint, state = find_checkpoint(model)
    choice = choose(state.datasets[0]["image_size"])
    data = open_evaluation_data(checkpoint, state, choice)
    if len(state.datasets) > 1 and choice.name is None:
        print(f"Data set: {data.held_out.info.name}; --dataset takes another one.")
    return EvaluationJob(
        *(checkpoint, state, data, options, named, code or {}),
        Path(output) if output else _results_file(model),
        Path(report) if report else None,
    )


def _results_file(model: Path) -> Path:
    folder = named_or(model)
    name = owner(folder)
    return Path(f"{name}_{RESULTS}") if name else folder / RESULTS
