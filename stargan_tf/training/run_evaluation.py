"""What a run measures while it trains: an evaluator for each of its data sets."""

from typing import Any

from stargan_tf.evaluation.evaluator import Evaluator
from stargan_tf.evaluation.options import EvaluationOptions
from stargan_tf.evaluation.task import Subject
from stargan_tf.precision import keras_settings
from stargan_tf.training.run_data import RunData


class RunEvaluation:
    """Measures one model again and again.

    Args:
        model: the model in training.
        translated_by: how it is steered, as its family says.
        data: the run's data.
        options: what to measure.

    Raises:
        InputError: if weights are missing.
    """

    def __init__(
        self,
        model: Any,
        translated_by: str,
        data: RunData,
        options: EvaluationOptions,
    ):
        pairs = enumerate(zip(data.held_out, data.train, strict=True))
        with keras_settings():
            self.evaluators = {
                held_out.info.name: Evaluator(
                    Subject(model, translated_by, held_out, train, number), options
                )
                for number, (held_out, train) in pairs
            }

    def prepare(self) -> None:
        """Does what is needed once: real images' statistics, the classifier.

        Raises:
            InputError: if the data does not suffice.
        """
        with keras_settings():
            for evaluator in self.evaluators.values():
                evaluator.prepare()

    def measure(self) -> dict[str, float]:
        """The means over all tasks, as the model is now.

        Returns:
            Name → value; with several data sets the names begin with theirs.

        Raises:
            InputError: if a translation is not finite.
        """
        values = {}
        with keras_settings():
            for dataset, evaluator in self.evaluators.items():
                start = f"{dataset}_" if len(self.evaluators) > 1 else ""
                for name, mean in evaluator.run().means.items():
                    values[start + name] = mean.value
        return values
