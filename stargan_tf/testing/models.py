"""Checks of the contract of model families; each check yields a line per violation.

The contract is in `stargan_tf.models.family`. The checks train a run of two steps and
verify that every command works with it.
"""

import contextlib
import inspect
import io
import os
import shlex
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import Any
from unittest import mock

import numpy as np

from stargan_tf.data.cache import LIMIT_VARIABLE
from stargan_tf.discovery import MODELS
from stargan_tf.errors import InputError
from stargan_tf.models.family import ModelFamily
from stargan_tf.testing.datasets import (
    NotConforming,
    check_imports,
    guarded,
    raise_if_broken,
)

STEPS = 2
# Number of held-out images per task of the evaluation.
EVALUATED = 2


@dataclass
class Subject:
    """The model family to check, and its run.

    Args:
        family: the model family.
        options: options of the run, as for `stargan-tf train`.
        folder: an empty folder for runs and exports.
        model: the model trained in `run`; None before training.
        doing: description of the current step, for error messages.
    """

    family: ModelFamily
    options: dict[str, Any]
    folder: Path
    model: Any = None
    doing: str = "reading the definition"

    @property
    def run(self) -> Path:
        """Folder of the run."""
        return self.folder / "run"

    def config(self) -> Any:
        """Returns the configuration of the run."""
        from stargan_tf.training.config import resolve

        every_step = ("checkpoint_every", "log_every")
        return resolve(
            {
                "family": self.family.name,
                "steps": STEPS,
                **dict.fromkeys(every_step, 1),
                **self.options,
            }
        )

    def train(self, folder: Path) -> Any:
        """Trains in `folder`, or resumes there; returns the model."""
        from stargan_tf.training.run import train

        with warnings.catch_warnings():
            # After two steps, diagnostics of a run warn about the untrained model.
            warnings.simplefilter("ignore", UserWarning)
            return train(self.config(), folder)

    def checkpoint(self) -> Any:
        """Returns the newest checkpoint of the run and its state."""
        from stargan_tf.training.run_folder import find_checkpoint

        return find_checkpoint(self.run)


Check = Callable[[Subject], Iterator[str]]


def check_code(subject: Subject) -> Iterator[str]:
    """All code that the definition names can be imported."""
    for field in ("target", "batches", "sampler", "served", "litert", "official"):
        name = getattr(subject.family, field)
        if name:
            try:
                resolve_name(name)
            except Exception as error:
                yield f"{field} must name code. Received: '{name}': {error!r}"


def check_options(subject: Subject) -> Iterator[str]:
    """Options have the same defaults as the arguments of constructor and `compile`."""
    subject.doing = "comparing the options with the arguments of the model"
    model_class = subject.family.model_class()
    for field, function in (
        ("model_options", model_class.__init__),
        ("compile_options", model_class.compile),
    ):
        parameters = inspect.signature(function).parameters
        for option in getattr(subject.family, field):
            # A subclass may pass an argument on as part of **kwargs.
            default = getattr(parameters.get(option.name), "default", option.default)
            if default != option.default:
                yield (
                    f"{function.__qualname__} must have the default {option.name}="
                    f"{option.default!r}, as in {field}. Received: {default!r}"
                )


def check_trains(subject: Subject) -> Iterator[str]:
    """Two steps of `stargan-tf train` update every trained network."""
    from stargan_tf.models.base import StarGANBase
    from stargan_tf.training.run import build_model

    subject.doing = "training for two steps"
    model = subject.train(subject.run)
    if not isinstance(model, StarGANBase):
        yield f"The class must derive from StarGANBase. Received: {type(model)}"
        return
    subject.doing = "building the model again"
    fresh = build_model(subject.config(), model.label_space)
    for network in model.trained_networks:
        before, after = (getattr(m, network).get_weights() for m in (fresh, model))
        if all(map(np.array_equal, before, after)):
            yield (
                f"{STEPS} steps must update {network}. Received: its initial weights. "
                "Pass options with which it is updated, or correct train_step."
            )
    subject.model = model


def check_saves(subject: Subject) -> Iterator[str]:
    """A checkpoint holds the complete model: arguments, weights, optimizers, step."""
    from stargan_tf.training.run_folder import open_checkpoint

    subject.doing = "loading the checkpoint"
    loaded = open_checkpoint(*subject.checkpoint(), compile=True)
    for method in ("get_config", "get_compile_config"):
        saved, given = (getattr(m, method)() for m in (loaded, subject.model))
        if saved != given:
            yield (f"{method} of a loaded model must return {given}. Received: {saved}")
    rule = "A loaded model must equal the saved model"
    yield from _different(loaded, subject.model, rule)


def check_resumes(subject: Subject) -> Iterator[str]:
    """A run that is resumed after the first step equals an uninterrupted run."""
    subject.doing = "resuming from the first step"
    resumed = subject.folder / "resumed"
    shutil.copytree(subject.run, resumed)
    *_, newest = sorted((resumed / "checkpoints").iterdir())
    shutil.rmtree(newest)
    yield from _different(
        subject.train(resumed),
        subject.model,
        "A resumed run must equal an uninterrupted one (generate random numbers with "
        "random_seed)",
    )


def _different(model: Any, expected: Any, rule: str) -> Iterator[str]:
    states = [m.training_state for m in (model, expected)]
    if len(states[0]) != len(states[1]):
        yield f"{rule}. Received: {len(states[0])} variables, not {len(states[1])}"
        return
    for variable, other in zip(*states, strict=True):
        if not np.array_equal(variable.numpy(), other.numpy()):
            yield f"{rule}. Received: different values of {variable.path}"
            return


def check_translates(subject: Subject) -> Iterator[str]:
    """The examples in `uses` work, with the first domain of the model."""
    from PIL import Image

    from stargan_tf.cli.main import main

    face = subject.folder / "face.png"
    side = subject.model.label_space.image_size
    pixels = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    Image.fromarray(pixels).save(face)
    domain = subject.model.label_space.names[0]
    for use in subject.family.uses:
        place = Path(tempfile.mkdtemp(dir=subject.folder))
        words = shlex.split(use.format(domain=shlex.quote(domain)))
        at = words.index("--output") + 1
        words[at] = str(place / Path(words[at]).with_suffix(".png"))
        # A word in capitals stands for a file of the user.
        words = [str(face) if w.isalpha() and w.isupper() else w for w in words]
        subject.doing = f"calling stargan-tf translate {use}"
        with contextlib.redirect_stderr(io.StringIO()) as errors:
            status = main(["translate", "--model", str(subject.run), *words])
        if status:
            yield f"'{use}' in uses must work. Received: {errors.getvalue()}"
        elif not any(place.iterdir()):
            yield f"'{use}' in uses must write an image. Received: none"


def check_evaluates(subject: Subject) -> Iterator[str]:
    """An evaluation of all tasks of the steering gives finite results."""
    from stargan_tf.evaluation import tasks
    from stargan_tf.evaluation.evaluator import Evaluator
    from stargan_tf.evaluation.options import UNCHANGED, EvaluationOptions
    from stargan_tf.training.run import open_data

    subject.doing = "evaluating"
    data = open_data(subject.config())
    evaluator = Evaluator(
        tasks.Subject(
            model=subject.model,
            translated_by=subject.family.translated_by,
            held_out=data.held_out[0],
            train=data.train[0],
        ),
        EvaluationOptions(metrics=(UNCHANGED,), count=EVALUATED, outputs=1),
    )
    results = evaluator.run()
    for task in results.tasks:
        for measurement in task.measurements:
            if not np.isfinite(measurement.value):
                expected = f"{measurement.name} of '{task.name}' must be finite"
                yield f"{expected}. Received: {measurement.value}"


def check_saved_model(subject: Subject) -> Iterator[str]:
    """Outputs of the SavedModel equal those of Keras."""
    if subject.family.served:
        from stargan_tf.exporting.saved_model import export_saved_model

        subject.doing = "exporting a SavedModel"
        export_saved_model(*subject.checkpoint(), subject.folder / "saved_model")
    yield from ()


def check_litert(subject: Subject) -> Iterator[str]:
    """Outputs of the LiteRT files equal those of Keras."""
    if subject.family.litert:
        from stargan_tf.exporting.litert import export_litert

        subject.doing = "exporting LiteRT files"
        export_litert(*subject.checkpoint(), subject.folder / "litert")
    yield from ()


DEFINITION_CHECKS: tuple[Check, ...] = (check_code, check_options, check_trains)
RUN_CHECKS: tuple[Check, ...] = (
    check_saves,
    check_resumes,
    check_translates,
    check_evaluates,
)
# These may need an extra of stargan_tf.
EXPORT_CHECKS: tuple[Check, ...] = (check_saved_model, check_litert)


def check_model(
    name: str,
    *,
    dataset: str = "toon_attributes",
    image_size: int = 64,
    batch_size: int = 2,
    **options: Any,
) -> None:
    """Checks the contract of an installed model family; for the tests of its package.

    It trains two steps, resumes, translates, evaluates, and exports, which takes less
    than a minute with a small model. If an extra of stargan_tf is missing, exports are
    skipped with a warning.

    Example:

    ```python
    def test_contract():
        check_model("my_gan", filters=4, num_blocks=1)
    ```

    Args:
        name: name of the family, as for `--family`.
        dataset: name of an installed data set to train on.
        image_size: side of the square images in pixels, a multiple of 4.
        batch_size: number of images per step.
        **options: further options of `stargan-tf train`, such as those that make the
            model small.

    Raises:
        NotConforming: if the family violates the contract, with a line per violation.
    """
    try:
        family = MODELS.load(name)
    except InputError as error:
        raise NotConforming(f"Model family '{name}': {error}") from error
    options |= {"dataset": dataset, "image_size": image_size, "batch_size": batch_size}
    # Only a few images of the data set are used.
    no_cache = mock.patch.dict(os.environ, {LIMIT_VARIABLE: "0"})
    with tempfile.TemporaryDirectory() as folder, no_cache:
        failures = [
            *check_imports("MODELS", name),
            *broken_promises(Subject(family, options, Path(folder))),
        ]
    raise_if_broken(f"Model family '{name}'", failures)


def broken_promises(subject: Subject) -> Iterator[str]:
    """Runs all checks of a family; yields a line per violation."""
    for check in DEFINITION_CHECKS:
        yield from guarded(check, subject)
    if subject.model is None:
        return
    for check in RUN_CHECKS:
        yield from guarded(check, subject)
    for check in EXPORT_CHECKS:
        try:
            yield from check(subject)
        except ImportError as error:
            warnings.warn(f"Skipped, while {subject.doing}: {error}", stacklevel=2)
        except Exception as error:
            yield f"While {subject.doing}: {type(error).__name__}: {error}"
