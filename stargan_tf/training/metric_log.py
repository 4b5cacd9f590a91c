"""The metric log of a run: `metrics.jsonl`, and TensorBoard if it is installed."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from stargan_tf import files
from stargan_tf.evaluation.report import read_metrics
from stargan_tf.native_output import note


class MetricLog:
    """Writes `metrics.jsonl`, one JSON object with a `step` per line, and TensorBoard.

    Args:
        file: `metrics.jsonl`; lines are appended.
        tensorboard: folder of TensorBoard's event files, which need the tensorboard
            package; None for none.
    """

    def __init__(self, file: Path, tensorboard: Path | None = None):
        self.file, self.tensorboard, self._writer = file, tensorboard, None
        if tensorboard and find_spec("tensorboard"):
            import tensorflow as tf

            self._writer = tf.summary.create_file_writer(str(tensorboard))
        elif tensorboard:
            note(
                "No TensorBoard log: the tensorboard package is not installed "
                "(pip install 'stargan_tf[tensorboard]')."
            )

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Appends the numbers of one step."""
        line = json.dumps({"step": step, **values})
        files.append_line(self.file, line, "metrics")
        if self._writer:
            import tensorflow as tf

            with self._writing():
                for name, value in values.items():
                    tf.summary.scalar(name, value, step=step)

    def write_picture(self, step: int, name: str, picture: np.ndarray) -> None:
        """Writes a uint8 image (height, width, 3) to TensorBoard."""
        if self._writer:
            import tensorflow as tf

            with self._writing():
                tf.summary.image(name, picture[np.newaxis], step=step)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        import tensorflow as tf

        try:
            with self._writer.as_default():
                yield
            self._writer.flush()
        except tf.errors.OpError as error:
            # A full disk raises OutOfRangeError, which Keras' `fit` would mistake for
            # the end of the data.
            folder = self.tensorboard
            raise files.NotWritten(folder, "TensorBoard log", error) from error


def drop_lines_after(metrics_file: Path, step: int) -> None:
    """Removes the lines of steps that a resumed run will repeat."""
    if not metrics_file.exists():
        return
    records, damaged = read_metrics(metrics_file)
    kept = [line for line in records if line["step"] <= step]
    text = "".join(json.dumps(record) + "\n" for record in kept)
    files.write_text(metrics_file, text, "metrics")
    if damaged:
        note(f"{metrics_file}: {damaged} damaged lines were removed.")
