"""Evaluations on held-out images while a model trains."""

from collections.abc import Mapping, Sequence

from stargan_tf import interruption
from stargan_tf.training.best_checkpoint import BestCheckpoint
from stargan_tf.training.callbacks.step_callback import StepCallback
from stargan_tf.training.metric_log import MetricWriter
from stargan_tf.training.run_evaluation import RunEvaluation


class Evaluate(StepCallback):
    """Measures the model every `every` steps and at the end, with averaged networks.

    Args:
        evaluation: what to measure.
        writers: where the numbers go.
        every: steps from one evaluation to the next.
        total_steps: length of the run.
        best: keeps the best checkpoint; None to keep none.
    """

    def __init__(
        self,
        evaluation: RunEvaluation,
        writers: Sequence[MetricWriter],
        every: int,
        total_steps: int,
        best: BestCheckpoint | None = None,
    ):
        super().__init__()
        self.evaluation, self.writers, self.best = evaluation, writers, best
        self.every, self.total_steps = every, total_steps

    def on_step(self, logs):
        """Measures if it is time."""
        if self.step == self.total_steps or self.step % self.every == 0:
            interruption.abandoned_on_stop(self._measure)

    def _measure(self) -> None:
        self._record(self.evaluation.measure())

    def _record(self, values: Mapping[str, float]) -> None:
        for writer in self.writers:
            writer.write(self.step, values)
        shown = ", ".join(f"{name} {value:.4g}" for name, value in values.items())
        print(f"\nStep {self.step}: {shown}")
        if self.best is None:
            return
        if self.best.metric not in values:
            print(f"No best checkpoint: {self.best.metric} cannot be measured here.")
        elif self.best.offer(self.model, self.step, values):
            print(f"The best {self.best.metric} so far: {self.best.path}")
