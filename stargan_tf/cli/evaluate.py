"""`stargan-tf evaluate`: measures a trained model on held-out images."""

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from absl import flags

from stargan_tf.cli.data_flags import data_choice, define_known_data_flags
from stargan_tf.cli.model_code import define_masks, define_trust, given_code
from stargan_tf.cli.quiet_start import start_tensorflow
from stargan_tf.errors import InputError

if TYPE_CHECKING:
    from stargan_tf.evaluation.job import EvaluationJob

SUMMARY = "Measure a model on held-out images."
USAGE = (
    "stargan-tf evaluate --model DIR [--dataset NAME] [--metrics fid,kid,lpips,"
    "classification,unchanged]\n"
    "       [--output results.json] [--report report.html]\n"
    "By default the run's own held-out images, and the metrics that need no download."
)


def define_flags(flag_values: flags.FlagValues) -> None:
    """Registers the flags of `stargan-tf evaluate`.

    Args:
        flag_values: where to.
    """
    _define_measure(flag_values)
    output = {"flag_values": flag_values, "module_name": "Output"}
    flags.DEFINE_string(
        "output",
        None,
        "JSON file; by default results.json in --model, and NAME_results.json here for "
        "a model that comes with the package.",
        **output,
    )
    flags.DEFINE_string(
        "report", None, "HTML page with numbers and pictures.", **output
    )
    define_known_data_flags(flag_values)
    own = {"flag_values": flag_values, "module_name": "What only you know"}
    for name, text in (
        ("truth", "(name, label, image size) → the true translation, or None."),
        ("masks", "images → masks, above 0.5 where a translation may draw."),
        ("embedding", "images → vectors that tell who it is."),
    ):
        flags.DEFINE_string(
            name, None, f"MODULE:FUNCTION or FILE.py:FUNCTION, {text}", **own
        )
    define_masks(**own)
    define_trust(**own)


def _define_measure(flag_values: flags.FlagValues) -> None:
    where = {"flag_values": flag_values, "module_name": "Measure"}
    flags.DEFINE_string("model", None, "A run folder, or one checkpoint.", **where)
    flags.DEFINE_string(
        "metrics",
        "classification,unchanged",
        "Of fid, kid, lpips, classification, unchanged.",
        **where,
    )
    protocols = ["standard", "stargan_v2"]
    flags.DEFINE_enum("protocol", "standard", protocols, "Of FID and KID.", **where)
    flags.DEFINE_enum("lpips_network", "alex", ["alex", "vgg"], "For LPIPS.", **where)
    sizes = ["tiny", "small", "resnet18"]
    flags.DEFINE_enum("classifier", "small", sizes, "Size of the classifier.", **where)
    numbers = (
        ("classifier_steps", None, "Its training in batches; by default by size."),
        ("count", None, "Images of each task at most; by default all."),
        ("outputs", 10, "Translations of each image, for models with styles."),
        ("batch_size", 32, "Images at once; the numbers do not depend on it."),
        (
            "seed",
            0,
            "Of latent codes, references, classifier, KID's sample, and intervals.",
        ),
    )
    for name, default, text in numbers:
        flags.DEFINE_integer(name, default, text, **where)


def run(flag_values: flags.FlagValues, positionals: list[str]) -> None:
    """Evaluates, prints the table and writes the files.

    Args:
        flag_values: as `define_flags` made them.
        positionals: none are taken.

    Raises:
        InputError: if what the user gave cannot be used.
    """
    if positionals:
        raise InputError(
            f"'stargan-tf evaluate' takes flags only. Received: {' '.join(positionals)}"
        )
    if not flag_values.model:
        raise InputError(f"--model is missing. Usage: {USAGE}")
    job = _planned(flag_values)
    start_tensorflow()
    try:
        _carry_out(job)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            "Finished tasks and statistics are kept; the same command goes on there."
        ) from None


def _planned(flag_values: flags.FlagValues) -> "EvaluationJob":
    """Everything that can be checked before TensorFlow starts."""
    from stargan_tf.evaluation.job import plan_evaluation
    from stargan_tf.evaluation.options import EvaluationOptions, read_metrics
    from stargan_tf.files import check_file

    names = ("protocol", "lpips_network", "classifier", "classifier_steps", "count")
    names += ("outputs", "batch_size", "seed")
    options = EvaluationOptions(
        read_metrics(flag_values.metrics),
        **{name: flag_values[name].value for name in names},
    )
    job = plan_evaluation(
        Path(flag_values.model),
        options,
        partial(data_choice, flag_values),
        {name: flag_values[name].value for name in ("truth", "masks", "embedding")},
        output=flag_values.output,
        report=flag_values.report,
        code=given_code(flag_values),
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
