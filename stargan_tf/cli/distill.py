"""`stargan-tf distill`: a light model for phones, taught by a trained one."""

import argparse
from functools import partial
from pathlib import Path
from typing import Any

from stargan_tf.cli.command import Command, CommandParser, number, start_tensorflow
from stargan_tf.cli.model_flags import (
    add_mask_provider,
    add_model_data_arguments,
    add_trust_code,
    data_choice,
    given_code,
)

_OPTIONS = ("preset", "steps", "batch_size", "learning_rate", "seed")


def _add_arguments(parser: CommandParser) -> None:
    group = parser.add_argument_group("Models")
    add = group.add_argument
    add("--teacher", required=True, help="A run folder, or one checkpoint.")
    add("--preset", choices=["mobile"], default="mobile", help="Which student.")
    add("--output", help="The folder to make; by default TEACHER_mobile.")
    add_mask_provider(group)
    add_trust_code(group)
    add = parser.add_argument_group("Training").add_argument
    add("--steps", type=number(int, 1), default=4000, help="Batches to train on.")
    add("--batch_size", type=number(int, 1), default=16, help="Images of a batch.")
    text, rate = "At the start; it falls to zero.", number(float, 1e-9)
    add("--learning_rate", type=rate, default=2e-3, help=text)
    add("--seed", type=int, default=0, help="Of data order, labels and styles.")
    add_model_data_arguments(parser)


def _run(args: argparse.Namespace) -> None:
    # Here, not above: NumPy is slow to start.
    from stargan_tf.distillation.job import plan_distillation

    job = plan_distillation(
        Path(args.teacher),
        Path(args.output) if args.output else None,
        {name: getattr(args, name) for name in _OPTIONS},
        partial(data_choice, args),
        given_code(args),
    )
    start_tensorflow()
    print(_summary(job.run(), job.output))


def _summary(record: dict[str, Any], output: Path) -> str:
    cost, teacher = record["multiply_adds"], record["teacher_multiply_adds"]
    return (
        f"The student takes {cost / 1e6:.1f} million multiply-adds, the teacher "
        f"{teacher / 1e6:.1f} ({teacher / cost:.1f} times as many). Mean difference "
        f"of their images: {record['difference']:.4f} of a span of 2.\n"
        "What to do next:\n"
        f"  stargan-tf evaluate --model {output}\n"
        f"  stargan-tf export --model {output} --format litert --output {output}/litert"
    )


DISTILL = Command(
    summary="Teach a light model, for phones, what a trained one does.",
    usage="distill --teacher DIR --preset mobile [--output DIR]\n"
    "The student's generator costs at most a tenth of the teacher's multiply-adds; its "
    "other networks are the teacher's.",
    add_arguments=_add_arguments,
    run=_run,
)
