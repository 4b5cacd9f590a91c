"""`stargan-tf evaluate` and `compare`: measures models, and puts runs side by side."""

import argparse
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from stargan_tf.cli.command import Command, CommandParser, start_tensorflow
from stargan_tf.cli.model_flags import (
    add_mask_provider,
    add_model_data_arguments,
    add_trust_code,
    data_choice,
    given_code,
)
from stargan_tf.errors import InputError
from stargan_tf.evaluation.options import (
    CLASSIFIER_STEPS,
    DEFAULT_METRICS,
    METRICS,
    PROTOCOLS,
    EvaluationOptions,
    read_metrics,
)
from stargan_tf.files import check_file

if TYPE_CHECKING:
    from stargan_tf.evaluation.job import EvaluationJob

_FUNCTIONS = {
    "truth": "(name, label, image size) → the true translation, or None.",
    "masks": "images → masks, above 0.5 where a translation may draw.",
    "embedding": "images → vectors that identify a person.",
}
_PLOTS = (".png", ".svg", ".pdf")


def _add_evaluate_arguments(parser: CommandParser) -> None:
    add = parser.add_argument_group("Measures").add_argument
    add("--model", required=True, help="A run folder, or a checkpoint.")
    metrics, help = ",".join(DEFAULT_METRICS), f"Of {', '.join(METRICS)}."
    add("--metrics", default=metrics, help=help)
    add("--protocol", choices=list(PROTOCOLS), default="standard", help="Of FID, KID.")
    add("--lpips_network", choices=["alex", "vgg"], default="alex", help="For LPIPS.")
    sizes = list(CLASSIFIER_STEPS)
    add("--classifier", choices=sizes, default="small", help="Size of the classifier.")
    help = "Training steps of the classifier; the default depends on --classifier."
    add("--classifier_steps", type=int, help=help)
    add("--count", type=int, help="Images of each task at most; by default all.")
    help = "Translations of each image, for models with styles."
    add("--outputs", type=int, default=10, help=help)
    help = "Images at once; the numbers do not depend on it."
    add("--batch_size", type=int, default=32, help=help)
    help = "Of latent codes, references, classifier, KID's sample, and intervals."
    add("--seed", type=int, default=0, help=help)
    add = parser.add_argument_group("Output").add_argument
    add(
        "--output",
        help="JSON file; by default results.json in --model, and NAME_results.json "
        "here for a model that comes with the package.",
    )
    add("--report", help="HTML page with numbers and pictures.")
    add_model_data_arguments(parser)
    group = parser.add_argument_group("Functions of your own")
    for name, text in _FUNCTIONS.items():
        help = f"MODULE:FUNCTION or FILE.py:FUNCTION, {text}"
        group.add_argument(f"--{name}", help=help)
    add_mask_provider(group)
    add_trust_code(group)


def _evaluate(args: argparse.Namespace) -> None:
    job = _plan(args)
    start_tensorflow()
    try:
        _carry_out(job)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            "Finished tasks and statistics are kept; the same command resumes there."
        ) from None


def _plan(args: argparse.Namespace) -> "EvaluationJob":
    """Everything that can be checked before TensorFlow starts."""
    from stargan_tf.evaluation.job import plan_evaluation

    options = EvaluationOptions(
        read_metrics(args.metrics),
        protocol=args.protocol,
        lpips_network=args.lpips_network,
        classifier=args.classifier,
        classifier_steps=args.classifier_steps,
        count=args.count,
        outputs=args.outputs,
        batch_size=args.batch_size,
        seed=args.seed,
    )
    job = plan_evaluation(
        Path(args.model),
        options,
        partial(data_choice, args),
        {name: getattr(args, name) for name in _FUNCTIONS},
        output=args.output,
        report=args.report,
        code=given_code(args),
    )
    for path in filter(None, (job.output, job.report)):
        check_file(path)
    return job


def _carry_out(job: "EvaluationJob") -> None:
    from stargan_tf.evaluation.results import results_table

    since = time.perf_counter()
    results = job.run()
    # Kept before they are printed, and printed if they cannot be kept: neither a
    # terminal that is gone nor a full disk costs them.
    try:
        job.write(results, round(time.perf_counter() - since, 1))
    finally:
        print(results_table(results))
    print(f"\nResults: {job.output}")
    if job.report:
        print(f"Report: {job.report}")


EVALUATE = Command(
    summary="Measure a model on held-out images.",
    usage=(
        "evaluate --model DIR [--dataset NAME] [--metrics fid,kid,lpips,"
        "classification,unchanged]\n"
        "       [--output results.json] [--report report.html]\n"
        "By default the run's own held-out images, and the metrics that need no "
        "download."
    ),
    add_arguments=_add_evaluate_arguments,
    run=_evaluate,
)


def _add_compare_arguments(parser: CommandParser) -> None:
    parser.add_argument(
        "runs",
        metavar="RUN",
        nargs="*",
        help="Run folders, or files of 'stargan-tf evaluate'.",
    )
    parser.add_argument(
        "--output", help="Plots as .png, .svg or .pdf; needs stargan_tf[eval]."
    )


def _compare(args: argparse.Namespace) -> None:
    from stargan_tf.evaluation.report import (
        check_plotting,
        comparison_table,
        read_contenders,
        write_plot,
    )

    output = Path(args.output) if args.output else None
    if output:
        if output.suffix.lower() not in _PLOTS:
            raise InputError(
                f"--output must end in {', '.join(_PLOTS)}. Received: {output.name}"
            )
        check_file(output)
        check_plotting()
    contenders = read_contenders(args.runs)
    try:
        if output:
            write_plot(contenders, output)
    finally:
        print(comparison_table(contenders))
    if output:
        print(f"\nPlots: {output}")


COMPARE = Command(
    summary="Put runs side by side: evaluations, losses, plots.",
    usage="compare RUN RUN [RUN …] [--output plots.png]",
    add_arguments=_add_compare_arguments,
    run=_compare,
)
