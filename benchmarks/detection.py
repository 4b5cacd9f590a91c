"""Detection of lesions by trained runs, compared with a median image.

    python benchmarks/detection.py runs/detect runs/plain

The runs are trained on `drawn_scans`. The first row is a baseline without training,
whose healed image is always the median of the healthy training images.
"""

import argparse
from pathlib import Path

import numpy as np

COLUMNS = {
    "image_auc": "images",
    "group_auc": "patients",
    "lesion_sensitivity": "sensitivity",
    "lesion_dice": "Dice",
    "pixel_auc": "pixels",
    "pixel_precision": "AP",
    "psnr_to_truth": "PSNR",
}


class Median:
    """Baseline model whose output is the median of the healthy training images.

    Args:
        train: the training images.
        label_space: label space of the data set.
    """

    def __init__(self, train, label_space):
        rows = np.flatnonzero(train.labels[:, train.info.index("healthy")])
        images = np.stack([train.load(int(row)) for row in rows[::4]])
        self.label_space = label_space
        self._median = np.median(images, axis=0) / 127.5 - 1

    def translate(self, images, labels, **_):
        """Returns the median image for every input."""
        return np.broadcast_to(self._median.astype(np.float32), images.shape)


def main() -> None:
    """Prints a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="*", type=Path)
    parser.add_argument("--count", type=int, default=200, help="images per domain")
    arguments = parser.parse_args()
    print(f"| | {' | '.join(COLUMNS.values())} |\n|---|{'---:|' * len(COLUMNS)}")
    for name, results in measured(arguments):
        means = results.means
        cells = [f"{means[n].value:.3f}" if n in means else "–" for n in COLUMNS]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def measured(arguments):
    """Yields (name, results) of the baseline and of each run."""
    import stargan_tf
    from stargan_tf.data.labels import LabelSpace
    from stargan_tf.evaluation.evaluator import Evaluator
    from stargan_tf.evaluation.options import EvaluationOptions
    from stargan_tf.evaluation.tasks import Subject

    options = EvaluationOptions("detection,unchanged", count=arguments.count)
    train, held_out = (
        stargan_tf.load_dataset("drawn_scans", split, 64)
        for split in ("train", "held_out")
    )
    median = Median(train, LabelSpace(train.info))
    yield (
        "median of healthy images",
        Evaluator(Subject(median, "labels", held_out, train), options).run(),
    )
    for run in arguments.runs:
        yield (
            run.name,
            stargan_tf.evaluate(run, metrics=options.metrics, count=arguments.count),
        )


if __name__ == "__main__":
    main()
