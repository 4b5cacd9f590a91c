"""`stargan-tf detect`: finds what is ill, with labels of whole images only."""

import argparse
from pathlib import Path

from stargan_tf.cli.command import (
    PROGRAM,
    Command,
    CommandParser,
    add_overwrite,
    number,
    start_tensorflow,
)
from stargan_tf.cli.model_flags import GROUP_HELP, MODEL_HELP
from stargan_tf.data.info import as_infos
from stargan_tf.errors import InputError
from stargan_tf.models.registry import family

MAPS = ("maximum", "mean", "share")


def _add_arguments(parser: CommandParser) -> None:
    add = parser.add_argument
    add(
        "inputs",
        nargs="*",
        metavar="INPUT",
        help="Image files, folders, and tables (.csv) of them.",
    )
    parser.add_required("--model", MODEL_HELP)
    parser.add_required("--output", "Folder for tables, maps, and the report.")
    add(
        "--healthy",
        default="healthy",
        metavar="NAME",
        help="The domain that is not ill, or a target such as -Tumor.",
    )
    help = "Difference that makes a candidate, as a share of the model's range."
    add("--threshold", type=number(float, 0.0, 1.0), default=0.05, help=help)
    help = "How a map becomes a score."
    add("--score", choices=MAPS, default="maximum", help=help)
    help = "Pixels that a candidate has at least."
    add("--least_pixels", type=number(int, 1), default=10, help=help)
    add(
        "--group",
        metavar="REGEX",
        help=f"{GROUP_HELP} A group has the highest score of its images.",
    )
    add("--batch_size", type=number(int, 1), default=16, help="Images at a time.")
    add_overwrite(add)


def _run(args: argparse.Namespace) -> None:
    from stargan_tf.data.labels import LabelSpace
    from stargan_tf.data.targets import parse_target
    from stargan_tf.detection.report import Job
    from stargan_tf.detection.scores import grouping
    from stargan_tf.files import check_new
    from stargan_tf.training.run_folder import find_checkpoint
    from stargan_tf.translation.pictures import Fitting, find_inputs

    checkpoint, state = find_checkpoint(args.model)
    if family(state.model).translated_by != "labels":
        raise InputError(
            f"{args.model} holds a {state.model} model; 'detect' needs one that labels "
            f"steer, such as '{PROGRAM} train --preset detect' trains."
        )
    parse_target(args.healthy, LabelSpace(state.datasets))
    group = grouping(args.group) if args.group else None
    info = as_infos(state.datasets)[0]
    prepared = state.preparation
    fitting = Fitting(info, prepared.fit, crop_size=prepared.crop_size)
    measured = fitting.is_measured
    pictures = find_inputs(args.inputs, args.output, measured=measured)
    output = Path(args.output)
    check_new(output, args.overwrite, "detections.csv")
    job = Job(
        pictures=pictures,
        fitting=fitting,
        output=output,
        healthy=args.healthy,
        threshold=args.threshold,
        reduction=args.score,
        least=args.least_pixels,
        group=group,
        overwrite=args.overwrite,
    )
    start_tensorflow()
    from stargan_tf.training.run_folder import load_model

    failures = job.run(load_model(checkpoint, compile=False), args.batch_size)
    print(f"Wrote {output}: report.html, detections.csv, and maps.")
    if failures:
        raise InputError(
            f"{len(failures)} of {len(pictures)} inputs could not be read. The first: "
            f"{failures[0]}"
        )


DETECT = Command(
    summary="Find where images are not healthy.",
    usage="detect --model RUN --healthy NAME INPUT [INPUT …] --output DIR",
    add_arguments=_add_arguments,
    run=_run,
)
