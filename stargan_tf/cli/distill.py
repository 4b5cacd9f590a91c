"""`stargan-tf distill`: a light model for phones, taught by a trained one."""

from functools import partial
from pathlib import Path
from typing import Any

from absl import flags

from stargan_tf.cli.absl_flags import (
    data_choice,
    define_known_data_flags,
    define_masks,
    define_trust,
    given_code,
)
from stargan_tf.cli.command import start_tensorflow
from stargan_tf.errors import InputError

SUMMARY = "Teach a light model, for phones, what a trained one does."
USAGE = (
    "stargan-tf distill --teacher DIR --preset mobile [--output DIR]\n"
    "The student's generator costs at most a tenth of the teacher's multiply-adds; its "
    "other networks are the teacher's."
)


def define_flags(flag_values: flags.FlagValues) -> None:
    """Declares the command's flags.

    Args:
        flag_values: where to declare them.
    """
    models = {"flag_values": flag_values, "module_name": "Models"}
    flags.DEFINE_string("teacher", None, "A run folder, or one checkpoint.", **models)
    flags.DEFINE_enum("preset", "mobile", ["mobile"], "Which student.", **models)
    flags.DEFINE_string(
        "output", None, "The folder to make; by default TEACHER_mobile.", **models
    )
    training = {"flag_values": flag_values, "module_name": "Training"}
    flags.DEFINE_integer("steps", 4000, "Batches to train on.", **training)
    flags.DEFINE_integer("batch_size", 16, "Images of a batch.", **training)
    flags.DEFINE_float(
        "learning_rate", 2e-3, "At the start; it falls to zero.", **training
    )
    flags.DEFINE_integer("seed", 0, "Of data order, labels and styles.", **training)
    define_known_data_flags(flag_values)
    define_masks(**models)
    define_trust(**models)


def run(flag_values: flags.FlagValues, positionals: list[str]) -> None:
    """Distils, and says what to do next.

    Args:
        flag_values: the parsed flags.
        positionals: none are taken.

    Raises:
        InputError: if what the user gave cannot be used.
    """
    if positionals:
        raise InputError(
            f"'stargan-tf distill' takes flags only. Received: {' '.join(positionals)}"
        )
    if not flag_values.teacher:
        raise InputError(f"--teacher is missing. Usage: {USAGE.splitlines()[0]}")
    # Here, not above: NumPy is slow to start.
    from stargan_tf.distillation.job import DistillationOptions, plan_distillation

    names = ("preset", "steps", "batch_size", "learning_rate", "seed")
    job = plan_distillation(
        Path(flag_values.teacher),
        Path(flag_values.output) if flag_values.output else None,
        DistillationOptions(**{name: flag_values[name].value for name in names}),
        partial(data_choice, flag_values),
        given_code(flag_values),
    )
    start_tensorflow()
    print(_summary(job.run(), job.output))


def _summary(record: dict[str, Any], output: Path) -> str:
    cost, teacher = record["multiply_adds"], record["teacher_multiply_adds"]
    return (
        f"The student takes {cost / 1e6:.1f} million multiply-adds, the teacher "
        f"{teacher / 1e6:.1f} ({teacher / cost:.1f} times as many). Mean difference "
        f"of their pictures: {record['difference']:.4f} of a span of 2.\n"
        "What to do next:\n"
        f"  stargan-tf evaluate --model {output}\n"
        f"  stargan-tf export --model {output} --format litert --output {output}/litert"
    )
