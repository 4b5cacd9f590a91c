"""A distillation, from the teacher's folder to the student's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from stargan_tf import files
from stargan_tf.data.identity import data_fingerprint
from stargan_tf.data.source import LabeledImages
from stargan_tf.errors import InputError
from stargan_tf.evaluation.job import (
    DataChoice,
    open_evaluation_data,
    recorded_config,
)
from stargan_tf.files import check_new
from stargan_tf.models.registry import family
from stargan_tf.steering import steering
from stargan_tf.training import checkpoints
from stargan_tf.training.checkpoints import State
from stargan_tf.training.resume import check_fingerprints
from stargan_tf.training.run import open_data
from stargan_tf.training.run_folder import (
    RunFolder,
    find_checkpoint,
    load_model,
    versions,
)

RECORD = "distilled.json"


@dataclass(frozen=True)
class DistillationJob:
    """Checked work that only needs TensorFlow.

    Args:
        checkpoint: the teacher's.
        state: of the checkpoint.
        sources: what the student is trained on.
        options: `preset`, `steps`, `batch_size`, `learning_rate` and `seed`.
        output: the folder to make.
        code: what `load_model` is told about the teacher's functions.
    """

    checkpoint: Path
    state: State
    sources: LabeledImages | list[LabeledImages]
    options: Mapping[str, Any]
    output: Path
    code: Mapping[str, Any] = field(default_factory=dict)

    def run(self) -> dict[str, Any]:
        """Trains the student and writes its folder, whole or not at all.

        Returns:
            What `distilled.json` says: the costs, and how near the student came.

        Raises:
            InputError: if the teacher is too small, or the folder cannot be written.
        """
        from stargan_tf.distillation.distiller import distill, mobile_student

        teacher = load_model(self.checkpoint, **self.code)
        own_family, options = family(self.state.model), self.options
        lessons = resolve_name(steering(own_family.translated_by).lessons)()
        student = mobile_student(teacher, lessons)
        batches = resolve_name(own_family.batches)(
            self.sources, options["batch_size"], seed=options["seed"]
        )
        difference = distill(
            teacher,
            student.model,
            lessons,
            batches,
            steps=options["steps"],
            learning_rate=options["learning_rate"],
            seed=options["seed"],
        )
        record = {
            **options,
            "teacher": str(self.checkpoint),
            "multiply_adds": student.cost,
            "teacher_multiply_adds": student.teacher_cost,
            "difference": difference,
            "versions": versions(),
        }
        state = replace(self.state, versions=versions())
        with files.new_folder(self.output, "model", replace=False) as unfinished:
            folder = RunFolder(unfinished).checkpoints
            checkpoints.save(folder, student.model, state, keep=1)
            files.write_json(unfinished / RECORD, record)
        return record


def plan_distillation(
    teacher: Path,
    output: Path | None,
    options: Mapping[str, Any],
    choose: Callable[[int], DataChoice],
    code: Mapping[str, Any] | None = None,
) -> DistillationJob:
    """Finds the teacher and opens the data; TensorFlow is not needed.

    Args:
        teacher: a run folder or a checkpoint's folder.
        output: the folder to make; None for the teacher's name and the preset's.
        options: see `DistillationJob`.
        choose: the model's image size → what the user said about the data.
        code: see `DistillationJob`.

    Raises:
        InputError: if there is no model, the output exists, or the data does not fit.
    """
    checkpoint, state = find_checkpoint(teacher)
    output = output or teacher.with_name(f"{teacher.name}_{options['preset']}")
    check_new(output)
    choice = choose(state.datasets[0]["image_size"])
    sources, taught = _sources(checkpoint, state, choice)
    state = replace(state, data=taught)
    return DistillationJob(checkpoint, state, sources, options, output, code or {})


def _sources(
    checkpoint: Path, state: State, choice: DataChoice
) -> tuple[LabeledImages | list[LabeledImages], list[dict[str, Any]]]:
    """What the student is taught on, and the fingerprints of that."""
    config = recorded_config(checkpoint, choice.options)
    if config and choice.name is None and not choice.options:
        data = open_data(config)
        if not choice.accept_changed_data:
            check_fingerprints(checkpoint, state, data)
        return data.sources, data.fingerprints
    if len(state.datasets) > 1:
        raise InputError(
            "A joint model is distilled on its run's own data. Leave --dataset and "
            "its flags out, and pass a run folder of 'stargan-tf train' as --teacher."
        )
    opened = open_evaluation_data(checkpoint, state, choice)
    return opened.train, [data_fingerprint(opened.train, opened.held_out)]
