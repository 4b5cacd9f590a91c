"""Requests for one signature that come together, computed together."""

import queue
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from stargan_tf.serving.batching_config import Batching
from stargan_tf.serving.refusal import invalid

Arrays = Mapping[str, np.ndarray]
Run = Callable[[Arrays], dict[str, np.ndarray]]


@dataclass(frozen=True)
class _Task:
    inputs: Arrays
    rows: int
    kind: tuple[Any, ...]  # tasks of the same kind can be joined
    answer: Future = field(default_factory=Future)


class Batcher:
    """Joins requests along the first axis and takes the answers apart again.

    One thread gathers and computes. If a joined batch fails, its requests are computed
    one by one: a bad one does not spoil the others.

    Args:
        run: {input: array} → {output: array}.
        options: sizes and times.
    """

    def __init__(self, run: Run, options: Batching):
        self._run, self._options = run, options
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def run(self, inputs: Arrays, timeout: float | None) -> dict[str, np.ndarray]:
        """Waits for the answer to one request.

        Args:
            inputs: arrays with equal first dimensions.
            timeout: seconds; None waits as long as it takes.

        Raises:
            Refusal: if the batch is uneven or too large, or the model says so.
            TimeoutError: after `timeout`; the request is dropped if it still waits.
        """
        task = self._task(inputs)
        if not task.rows:
            # Joined with others it would be invisible; alone the model refuses it.
            return self._run(inputs)
        self._tasks.put(task)
        try:
            return task.answer.result(timeout)
        except TimeoutError:
            task.answer.cancel()
            raise

    def close(self) -> None:
        """Answers what waits, then stops the thread."""
        self._tasks.put(None)
        self._thread.join()

    def _task(self, inputs: Arrays) -> _Task:
        sizes = {array.shape[:1] for array in inputs.values()}
        if () in sizes:
            raise invalid("Batching input tensors must have at least one dimension")
        if len(sizes) > 1:
            raise invalid(
                "Batching Run() input tensors must have equal 0th-dimension size"
            )
        (rows,) = next(iter(sizes), (0,))
        if rows > self._options.max_rows:
            raise invalid(
                f"Task size {rows} is larger than maximum input batch size "
                f"{self._options.max_rows}"
            )
        kind = tuple((k, v.dtype, v.shape[1:]) for k, v in sorted(inputs.items()))
        return _Task(inputs, rows, kind)

    def _work(self) -> None:
        following = self._tasks.get()
        while following is not None:
            batch, following = self._gather(following)
            alive = [
                task for task in batch if task.answer.set_running_or_notify_cancel()
            ]
            if alive:
                self._answer(alive)
            if following is _NOTHING:
                following = self._tasks.get()

    def _gather(self, first: _Task) -> tuple[list[_Task], Any]:
        """A batch, and the task after it that did not fit."""
        batch, rows = [first], first.rows
        until = time.monotonic() + self._options.wait_seconds
        while rows < self._options.max_rows:
            try:
                task = self._tasks.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                return batch, _NOTHING
            if not self._fits(first, rows, task):
                return batch, task
            batch.append(task)
            rows += task.rows
        return batch, _NOTHING

    def _fits(self, first: _Task, rows: int, task: _Task | None) -> bool:
        return (
            task is not None
            and task.kind == first.kind
            and rows + task.rows <= self._options.max_rows
        )

    def _answer(self, batch: list[_Task]) -> None:
        try:
            outputs = self._run(_joined(batch))
            parts = _apart(outputs, [task.rows for task in batch])
        except Exception as error:
            if len(batch) == 1:
                batch[0].answer.set_exception(error)
                return
            for task in batch:
                self._answer([task])
            return
        for task, part in zip(batch, parts, strict=True):
            task.answer.set_result(part)


_NOTHING = object()


def _joined(batch: list[_Task]) -> dict[str, np.ndarray]:
    if len(batch) == 1:
        return dict(batch[0].inputs)
    names = batch[0].inputs
    return {n: np.concatenate([task.inputs[n] for task in batch]) for n in names}


def _apart(
    outputs: Mapping[str, np.ndarray], rows: list[int]
) -> list[dict[str, np.ndarray]]:
    total, starts = sum(rows), np.cumsum([0, *rows[:-1]])
    for name, array in outputs.items():
        if array.shape[:1] != (total,):
            raise invalid(
                f"Batched output tensor '{name}' has shape {array.shape} and not the "
                f"batch's {total} rows"
            )
    return [
        {name: array[start : start + count] for name, array in outputs.items()}
        for start, count in zip(starts, rows, strict=True)
    ]
