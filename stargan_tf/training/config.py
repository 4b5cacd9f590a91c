"""The resolved configuration of a training run."""

from dataclasses import asdict, dataclass
from typing import Any

from stargan_tf.data.fit import CROP_SIZE_HELP
from stargan_tf.data.info import check_image_size
from stargan_tf.errors import InputError
from stargan_tf.evaluation.options import EvaluationOptions
from stargan_tf.training.evaluation_options import (
    EVALUATION_OPTIONS,
    check_best_metric,
    evaluation_options,
)
from stargan_tf.training.options import Option

_DATA = "Data"
_RUN = "Run"
# The fields of `RunConfig` that hold a family's own options.
NESTED = ("model_options", "compile_options", "loss_weights", "batch_options")
_PER_SET = " Several data sets: one for all, or one each, separated by"

FREE_OPTIONS = frozenset(
    # What may change between two calls on one run folder: where the data lies and how
    # the run is carried out, but nothing that decides which weights come out.
    {
        "preset",
        "data_dir",
        "labels",
        "steps",
        "distribute",
        "deterministic",
        "checkpoint_every",
        "keep_checkpoints",
        "sample_every",
        "log_every",
        *(option.name for option in EVALUATION_OPTIONS),
    }
)

RUN_OPTIONS = (
    Option(
        "model",
        str,
        "stargan",
        "Model family, ours or a plugin's; '--model NAME --help' shows its options.",
        _RUN,
    ),
    Option(
        "dataset",
        str,
        None,
        "Data sets by name (see 'stargan-tf datasets'); several, NAME,NAME, are "
        "trained jointly.",
        _DATA,
        separator=",",
    ),
    Option(
        "data_dir",
        str,
        None,
        f"Folder with the images.{_PER_SET} ','.",
        _DATA,
        separator=",",
    ),
    Option(
        "labels",
        str,
        None,
        f"Attribute file, for --dataset attributes.{_PER_SET} ','.",
        _DATA,
        separator=",",
    ),
    Option(
        "attributes",
        str,
        None,
        f"Choice of attributes, A,B,…; by default all.{_PER_SET} '/'.",
        _DATA,
        separator="/",
        many=True,
    ),
    Option(
        "crop_size",
        int,
        None,
        f"{CROP_SIZE_HELP} By default the largest square, or, for models made for it "
        f"(stargan_v2), the whole picture, squeezed.{_PER_SET} ','.",
        _DATA,
        minimum=1,
        separator=",",
    ),
    Option("held_out", float, 0.1, "Share of images kept from training.", _DATA),
    Option(
        "image_size",
        int,
        128,
        "Side of the square images in pixels, a multiple of 4.",
        _DATA,
        minimum=4,
    ),
    Option("batch_size", int, 16, "Images per step.", _DATA, minimum=1),
    Option(
        "steps",
        int,
        200_000,
        "Batches to train on; a larger number extends a finished run.",
        _RUN,
        minimum=1,
    ),
    Option(
        "init_from",
        str,
        None,
        "A model to start from: a run or an imported model. Its networks' options and "
        "the labels of the same name are taken over.",
        _RUN,
    ),
    Option("seed", int, 0, "Seed of everything random.", _RUN, minimum=0),
    Option(
        "precision",
        str,
        "float32",
        "float32 or mixed_bfloat16.",
        _RUN,
        choices=("float32", "mixed_bfloat16"),
    ),
    Option(
        "distribute",
        str,
        "auto",
        "Devices: mirrored: all GPUs of this machine; multi_worker: the machines in "
        "TF_CONFIG; none: one device; auto: what there is. Same result, more speed.",
        _RUN,
        choices=("auto", "none", "mirrored", "multi_worker"),
    ),
    Option("jit_compile", bool, False, "Compile with XLA; worth it on GPUs.", _RUN),
    Option(
        "deterministic",
        bool,
        False,
        "Only deterministic operations: equal runs give equal bits.",
        _RUN,
    ),
    Option(
        "checkpoint_every",
        int,
        1000,
        "Steps from one checkpoint to the next.",
        _RUN,
        minimum=1,
    ),
    Option("keep_checkpoints", int, 2, "Newest checkpoints to keep.", _RUN, minimum=1),
    Option(
        "sample_every",
        int,
        1000,
        "Steps from one sample grid to the next.",
        _RUN,
        minimum=1,
    ),
    Option(
        "log_every",
        int,
        100,
        "Steps from one line of metrics.jsonl to the next.",
        _RUN,
        minimum=1,
    ),
    *EVALUATION_OPTIONS,
)


@dataclass(frozen=True)
class RunConfig:
    """Everything that decides what a run does; made by `resolve`.

    Fields have the names and meanings of `RUN_OPTIONS`. Those with one value per data
    set (`data_dir`, `labels`, `attributes`, `crop_size`) are tuples as long as
    `dataset`. `model_options` go to the model's constructor, `compile_options` and
    `loss_weights` to its `compile()`, `batch_options` to what makes its batches.
    """

    preset: str | None
    model: str
    dataset: tuple[str, ...]
    data_dir: tuple[str | None, ...]
    labels: tuple[str | None, ...]
    attributes: tuple[tuple[str, ...], ...]
    crop_size: tuple[int | None, ...]
    held_out: float
    image_size: int
    batch_size: int
    steps: int
    init_from: str | None
    seed: int
    precision: str
    distribute: str
    jit_compile: bool
    deterministic: bool
    checkpoint_every: int
    keep_checkpoints: int
    sample_every: int
    log_every: int
    evaluate_every: int
    evaluate_metrics: str
    evaluate_count: int
    evaluate_classifier: str
    best_metric: str | None
    model_options: dict[str, Any]
    compile_options: dict[str, Any]
    loss_weights: dict[str, float]
    batch_options: dict[str, Any]

    def __post_init__(self) -> None:
        check_image_size(self.image_size)
        if not 0 < self.held_out < 1:
            raise InputError(
                "held_out must be a share between 0 and 1, such as 0.1. "
                f"Received: {self.held_out}"
            )
        if len(set(self._sources)) != len(self._sources):
            raise InputError(
                "A data set is given twice with the same files. Received: --dataset "
                f"{','.join(self.dataset)}. Give each --data_dir (or --labels, "
                "--attributes) of its own."
            )
        _ = self.evaluation  # Says what is wrong with it.
        check_best_metric(self.best_metric, self.evaluate_every, self.evaluate_metrics)

    @property
    def evaluation(self) -> EvaluationOptions:
        """What is measured every `evaluate_every` steps."""
        return evaluation_options(
            *(self.evaluate_metrics, self.evaluate_count),
            *(self.evaluate_classifier, self.seed),
        )

    @property
    def _sources(self) -> list[tuple]:
        ways = (self.dataset, self.data_dir, self.labels, self.attributes)
        return list(zip(*ways, strict=True))

    @property
    def dataset_names(self) -> tuple[str, ...]:
        """What the model calls its data sets: `folder`, a second one `folder_2`."""
        counts = [self.dataset[:i].count(n) for i, n in enumerate(self.dataset)]
        return tuple(
            f"{name}_{count + 1}" if count else name
            for name, count in zip(self.dataset, counts, strict=True)
        )

    def dataset_options(self, index: int) -> dict[str, Any]:
        """The `DatasetOptions` of one data set, as keyword arguments."""
        return {
            "data_dir": self.data_dir[index],
            "labels": self.labels[index],
            "attributes": self.attributes[index],
            "crop_size": self.crop_size[index],
            "held_out": self.held_out,
        }

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready and flat: the form that `--config` reads."""
        values = asdict(self)
        for nested in NESTED:
            values |= values.pop(nested)
        return values
