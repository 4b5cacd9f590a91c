"""The options by which a run measures its model while it trains."""

from stargan_tf.errors import InputError, near_names
from stargan_tf.evaluation.number_names import METRIC_NUMBERS
from stargan_tf.evaluation.options import (
    CLASSIFIER_STEPS,
    DEFAULT_METRICS,
    EvaluationOptions,
    read_metrics,
)
from stargan_tf.training.options import Option

_GROUP = "Evaluation while training"

EVALUATION_OPTIONS = (
    Option(
        "evaluate_every",
        int,
        0,
        "Steps from one evaluation on held-out images to the next; 0 for none.",
        _GROUP,
        minimum=0,
    ),
    Option(
        "evaluate_metrics",
        str,
        ",".join(DEFAULT_METRICS),
        "Of fid, kid, lpips, classification, unchanged.",
        _GROUP,
    ),
    Option(
        "evaluate_count",
        int,
        100,
        "Images of each task at most.",
        _GROUP,
        minimum=1,
    ),
    Option(
        "evaluate_classifier",
        str,
        "small",
        "Size of the classifier.",
        _GROUP,
        choices=tuple(CLASSIFIER_STEPS),
    ),
    Option(
        "best_metric",
        str,
        None,
        "Number, such as fid or latent_fid, by which checkpoints/best is kept.",
        _GROUP,
    ),
)


def evaluation_options(
    metrics: str, count: int, classifier: str, seed: int
) -> EvaluationOptions:
    """The options as the evaluation takes them.

    Args:
        metrics: names with commas between.
        count: images of each task at most.
        classifier: its size.
        seed: of the run.

    Raises:
        InputError: if there is no such metric.
    """
    return EvaluationOptions(
        read_metrics(metrics), count=count, classifier=classifier, seed=seed
    )


def check_best_metric(name: str | None, every: int, metrics: str) -> None:
    """Refuses a number that will never be measured.

    Args:
        name: `best_metric`.
        every: `evaluate_every`.
        metrics: `evaluate_metrics`.

    Raises:
        InputError: if nothing is measured, or not this.
    """
    if name is None:
        return
    if not every:
        raise InputError(
            f"best_metric={name} needs evaluations. Pass --evaluate_every STEPS."
        )
    known = [n for metric in read_metrics(metrics) for n in METRIC_NUMBERS[metric]]
    if not name.endswith(tuple(known)):
        raise InputError(
            f"best_metric must be a number of --evaluate_metrics {metrics}. "
            f"Received: {name}. {near_names(name, known)}"
        )
