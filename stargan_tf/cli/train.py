"""`stargan-tf train`, `evaluate`, and `compare`."""

import argparse
import contextlib
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stargan_tf.cli.command import (
    METAVARS,
    PROGRAM,
    VERBOSITY,
    Command,
    CommandParser,
    Switch,
    add_overwrite,
    number,
    print_next_steps,
    start_tensorflow,
)
from stargan_tf.cli.model_flags import (
    DATA,
    GROUP_HELP,
    MODEL_HELP,
    add_accept_changed_data,
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
    DETECTION,
    FID,
    KID,
    METRICS,
    PROTOCOLS,
    EvaluationOptions,
)
from stargan_tf.files import check_ending, check_file, read_json
from stargan_tf.interruption import postponed
from stargan_tf.models.registry import family, known_families, preset, presets
from stargan_tf.training import resume
from stargan_tf.training.config import RUN_OPTIONS, RunConfig, resolve
from stargan_tf.training.run_folder import RunFolder, find_checkpoint

if TYPE_CHECKING:
    from stargan_tf.evaluation.job import EvaluationJob


_NO_OPTIONS = ("run", "config", "trust_code", "accept_changed_data", *VERBOSITY)


def _add_arguments(parser: CommandParser) -> None:
    group = parser.add_argument_group("Run")
    groups = {"Run": group}
    help = "Folder of the run; created if it does not exist."
    group.add_argument("--run", required=True, metavar="DIR", help=help)
    families = known_families(_named_family(parser.arguments))
    shown, *others = families.values()
    parser.description += (
        f" The flags below are those of {shown.name} models; add --family, --preset, "
        "--config, or --run to --help to see the flags of another family."
    )
    help = f"One of {', '.join(presets(families))}."
    group.add_argument("--preset", metavar="NAME", help=help)
    group.add_argument("--config", metavar="FILE", help="JSON file with option values.")
    add_trust_code(group)
    options = {option.name: option for option in (*RUN_OPTIONS, *shown.options)}
    # Options of other families are parsed, too, so that `resolve` can name the family.
    theirs = {option.name: option for other in others for option in other.options}
    for option in (options | theirs | options).values():
        if option.group not in groups:
            groups[option.group] = parser.add_argument_group(option.group)
        text = f"{option.help}{_default(shown.default(option))}".replace("%", "%%")
        # No defaults here: flags that are not given must not override file or preset.
        groups[option.group].add_argument(
            f"--{option.name}",
            action=Switch if option.kind is bool else "store",
            metavar=None if option.separator else METAVARS.get(option.kind),
            help=text if option.name in options else argparse.SUPPRESS,
        )
    add_accept_changed_data(groups[DATA])


def _named_family(arguments: Sequence[str]) -> str | None:
    """The run's family, as `resolve` will determine it; None if nothing names one."""
    parser = argparse.ArgumentParser(
        allow_abbrev=False, add_help=False, exit_on_error=False
    )
    for flag in ("--family", "--config", "--init_from", "--preset", "--run"):
        parser.add_argument(flag)
    try:
        given, _ = parser.parse_known_args(arguments)
    except argparse.ArgumentError:
        return None  # Reported when all flags are parsed.
    if given.family:
        return given.family
    file = given.config or (
        given.run and not given.preset and str(Path(given.run, "config.json"))
    )
    in_file = _family_in_file(file) if file else None
    if in_file or not (given.init_from or given.preset):
        return in_file
    if given.init_from:
        with contextlib.suppress(InputError):  # Reported when the model is opened.
            return find_checkpoint(given.init_from)[1].model
    return preset(given.preset).values["family"] if given.preset else None


def _family_in_file(path: str) -> str | None:
    # Errors in the file are reported when all of it is read.
    try:
        values = read_json(Path(path))
        name = values.get("family") or values.get("model")
        if not name and values.get("preset"):
            name = preset(values["preset"]).values["family"]
    except (OSError, ValueError, AttributeError, TypeError):
        return None
    return name if isinstance(name, str) else None


def _default(value: Any) -> str:
    return "" if value is None or value is False else f" [{value}]"


def _train(args: argparse.Namespace) -> None:
    folder = RunFolder(Path(args.run))
    config = _resolve(args, folder)
    resume.check(folder, config)  # Also checked in `train`, after a slow import.
    try:
        # A signal during the import also leaves a checkpoint, of step 0.
        with postponed():
            start_tensorflow()
            from stargan_tf.training.run import train

            model = train(config, folder.path, bool(args.accept_changed_data))
    except KeyboardInterrupt as interrupt:
        raise KeyboardInterrupt(
            f"{interrupt} To resume: {PROGRAM} train --run {folder.path}"
        ) from None
    if model.distribute_strategy.extended.should_checkpoint:  # One of the workers.
        print(f"\nFinished {config.steps} steps. Model: {folder.path}")
        for image in sorted(folder.samples.glob("step_*.png"))[-1:]:
            print(f"Samples: {image}")
        print_next_steps(
            family(config.family).uses,
            folder.path,
            model.label_space,
            f"train --run {folder.path} --steps {2 * config.steps}",
        )


def _resolve(args: argparse.Namespace, folder: RunFolder) -> RunConfig:
    given = {
        name: value
        for name, value in vars(args).items()
        if value is not None and name not in _NO_OPTIONS
    }
    config_file = args.config
    if not config_file and "preset" not in given and folder.config.exists():
        config_file = folder.config
    return resolve(given, config_file, args.trust_code)


TRAIN = Command(
    summary="Train a model, or resume a run that stopped.",
    usage=(
        "train --preset NAME --dataset NAME[,NAME] [--data_dir DIR] --run DIR\n"
        "The same command with the same --run resumes the run; '--run DIR' alone "
        "resumes it with\nits own options. Flags override --config, which overrides "
        "--preset."
    ),
    add_arguments=_add_arguments,
    run=_train,
    renamed={"--model": "--family"},
)


# === evaluate and compare: measure models, and put runs side by side ===

_FUNCTION = "MODULE:FUNCTION or FILE.py:FUNCTION,"
_FUNCTIONS = {
    "truth": f"{_FUNCTION} (name, label, image size) → the true translation, or None.",
    "masks": f"{_FUNCTION} images → masks, above 0.5 where an image may change.",
    "embedding": f"{_FUNCTION} images → vectors that identify a person.",
    "lesions": "For detection: a folder with a mask for each image with lesions, under "
    f"the image's path; or {_FUNCTION} (name, image size) → mask, or None.",
    "group": f"For detection. {GROUP_HELP}",
}
_PLOTS = (".png", ".svg", ".pdf")
# Images for each target: enough for a first look within about a minute on a CPU. The
# metrics that compare distributions need many.
QUICK_COUNT, NEEDS_MANY = 100, (FID, KID, DETECTION)


def _add_evaluate_arguments(parser: CommandParser) -> None:
    add = parser.add_argument_group("Measures").add_argument
    add("--model", required=True, help=MODEL_HELP)
    metrics = ",".join(DEFAULT_METRICS)
    help = f"What to measure: NAME[,NAME] of {', '.join(METRICS)}."
    add("--metrics", default=metrics, metavar="NAMES", help=help)
    help = "How FID and KID resize images and compute features."
    add("--protocol", choices=list(PROTOCOLS), default="standard", help=help)
    help = "Network for LPIPS."
    add("--lpips_network", choices=["alex", "vgg"], default="alex", help=help)
    sizes = list(CLASSIFIER_STEPS)
    help = (
        "Size of the classifier, which is trained once for each data set. tiny trains "
        "within a minute on a CPU; resnet18 is the paper's."
    )
    add("--classifier", choices=sizes, default="tiny", help=help)
    help = "Training steps of the classifier. [depends on --classifier]"
    add("--classifier_steps", type=int, help=help)
    add(
        "--count",
        type=number(int, 0),
        help="Maximum number of images for each target; 0: all. "
        f"[{QUICK_COUNT}; all if --metrics has {', '.join(NEEDS_MANY)}]",
    )
    help = "For style models: random styles, or references, for each image."
    add("--styles", type=number(int, 1), default=10, help=help)
    help = "Images per batch; results do not depend on it."
    add("--batch_size", type=int, default=32, help=help)
    help = "For detection: the domain of healthy images."
    add("--healthy", default="healthy", metavar="NAME", help=help)
    help = "Seed for styles, references, classifier, KID's sample, and intervals."
    add("--seed", type=int, default=0, help=help)
    add = parser.add_argument_group("Output").add_argument
    add(
        "--output",
        metavar="FILE",
        help="JSON file to write. [results.json in the model's folder; for a .keras "
        "file, NAME_results.json beside it; for a model that comes with the package, "
        "NAME_results.json in the current folder]",
    )
    add("--report", metavar="FILE", help="HTML page to write, with numbers and images.")
    add_overwrite(add)
    add_model_data_arguments(parser)
    group = parser.add_argument_group("Ground truth and groups")
    for name, help in _FUNCTIONS.items():
        metavar = "REGEX" if name == "group" else "WHERE"
        group.add_argument(f"--{name}", metavar=metavar, help=help)
    add_mask_provider(group)
    add_trust_code(group)


def _evaluate(args: argparse.Namespace) -> None:
    job = _plan(args)
    start_tensorflow()
    try:
        _carry_out(job)
    except KeyboardInterrupt:
        # The numbers of the metric detection need the images of all tasks.
        kept = "Statistics" if DETECTION in job.options.metrics else "Finished tasks"
        raise KeyboardInterrupt(
            f"{kept} are kept. To resume, run the same command."
        ) from None


def _plan(args: argparse.Namespace) -> "EvaluationJob":
    """Checks what can be checked before TensorFlow starts."""
    from stargan_tf.evaluation.job import plan_evaluation

    metrics = {name.strip() for name in args.metrics.split(",")}
    for name in ("lesions", "group", "healthy"):
        if getattr(args, name) not in (None, "healthy") and DETECTION not in metrics:
            raise InputError(
                f"--{name} is for the metric detection. Received: --metrics "
                f"{args.metrics}. Add detection to --metrics, or drop --{name}."
            )
    count = args.count
    if count is None:
        count = 0 if metrics & set(NEEDS_MANY) else QUICK_COUNT
    options = EvaluationOptions(
        args.metrics,
        protocol=args.protocol,
        lpips_network=args.lpips_network,
        classifier=args.classifier,
        classifier_steps=args.classifier_steps,
        count=count or None,
        outputs=args.styles,
        batch_size=args.batch_size,
        seed=args.seed,
        healthy=args.healthy,
    )
    job = plan_evaluation(
        args.model,
        options,
        partial(data_choice, args),
        {name: getattr(args, name) for name in _FUNCTIONS},
        output=args.output,
        report=args.report,
        code=given_code(args),
    )
    for path in filter(None, (job.output, job.report)):
        check_file(path, args.overwrite)
    return job


def _carry_out(job: "EvaluationJob") -> None:
    from stargan_tf.evaluation.results import results_table

    since = time.perf_counter()
    results = job.run()
    # Written before they are printed, and printed even if they cannot be written:
    # neither a closed terminal nor a full disk loses them.
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
        "classification,unchanged,detection]\n"
        "       [--output results.json] [--report report.html]\n"
        "By default: the held-out images of the model's data set, and the metrics that "
        "need no\ndownload."
    ),
    add_arguments=_add_evaluate_arguments,
    run=_evaluate,
    renamed={"--outputs": "--styles"},
)


def _add_compare_arguments(parser: CommandParser) -> None:
    parser.add_argument(
        "runs",
        metavar="RUN",
        nargs="*",
        help="Run folders, or JSON files written by 'stargan-tf evaluate'.",
    )
    parser.add_argument(
        "--output",
        metavar="FILE",
        help="File for plots: .png, .svg, or .pdf. Needs stargan_tf[eval].",
    )
    add_overwrite(parser.add_argument)


def _compare(args: argparse.Namespace) -> None:
    from stargan_tf.evaluation.report import (
        check_plotting,
        comparison_table,
        read_contenders,
        write_plot,
    )

    output = Path(args.output) if args.output else None
    if output:
        check_ending(output, "a plot", _PLOTS)
        check_file(output, args.overwrite)
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
    summary="Compare runs: evaluations, losses, plots.",
    usage="compare RUN RUN [RUN …] [--output plots.png]",
    add_arguments=_add_compare_arguments,
    run=_compare,
)
