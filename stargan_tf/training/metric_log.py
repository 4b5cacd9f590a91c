"""Where numbers of a run are written: `metrics.jsonl`, and TensorBoard if installed."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import numpy as np

from stargan_tf import files
from stargan_tf.evaluation.compare import read_metrics


class MetricWriter(Protocol):
    """One place where numbers and pictures go."""

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Writes the numbers of one step."""
        ...

    def write_picture(self, step: int, name: str, picture: np.ndarray) -> None:
        """Writes a uint8 picture (height, width, 3)."""
        ...


class JsonLines:
    """`metrics.jsonl`: one JSON object per line, each with its `step`.

    Args:
        path: the file; lines are appended.
    """

    def __init__(self, path: Path):
        self.path = path

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Appends one line."""
        line = json.dumps({"step": step, **values})
        files.append_line(self.path, line, "metrics")

    def write_picture(self, step: int, name: str, picture: np.ndarray) -> None:
        """Pictures are not for this file."""


class TensorBoard:
    """TensorBoard's event files.

    Args:
        folder: where they go.
    """

    def __init__(self, folder: Path):
        import tensorflow as tf

        self._tf = tf
        self._folder = folder
        self._writer = tf.summary.create_file_writer(str(folder))

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Writes a scalar for each value."""
        with self._writing():
            for name, value in values.items():
                self._tf.summary.scalar(name, value, step=step)

    def write_picture(self, step: int, name: str, picture: np.ndarray) -> None:
        """Writes the picture under `name`."""
        with self._writing():
            self._tf.summary.image(name, picture[np.newaxis], step=step)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            with self._writer.as_default():
                yield
            self._writer.flush()
        except self._tf.errors.OpError as error:
            # A full disk comes as OutOfRangeError, which Keras' `fit` would take for
            # the end of the data.
            raise files.NotWritten(self._folder, "TensorBoard log", error) from error


def metric_writers(metrics_file: Path, tensorboard: Path) -> list[MetricWriter]:
    """The writers of a run; without the tensorboard package only JSON lines.

    Args:
        metrics_file: the run's `metrics.jsonl`.
        tensorboard: the run's folder of event files.
    """
    writers: list[MetricWriter] = [JsonLines(metrics_file)]
    if find_spec("tensorboard"):
        return [*writers, TensorBoard(tensorboard)]
    print(
        "No TensorBoard log: the tensorboard package is not installed "
        "(pip install 'stargan_tf[tensorboard]')."
    )
    return writers


def drop_lines_after(metrics_file: Path, step: int) -> None:
    """Forgets the lines of steps that a resumed run will do again.

    Args:
        metrics_file: the run's `metrics.jsonl`; it need not exist.
        step: the step that was restored.
    """
    if not metrics_file.exists():
        return
    records, damaged = read_metrics(metrics_file)
    kept = [line for line in records if line["step"] <= step]
    text = "".join(json.dumps(record) + "\n" for record in kept)
    files.write_text(metrics_file, text, "metrics")
    if damaged:
        print(f"{metrics_file}: {damaged} damaged lines were removed.")
