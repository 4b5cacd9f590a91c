"""The checkpoint with the best value of one number: `checkpoints/best/`.

It is a checkpoint like the others, with `best.json` beside the model, and is kept
however many later ones there are. `--model RUN/checkpoints/best` opens it.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from stargan_tf.evaluation.number_names import is_better
from stargan_tf.files import read_json
from stargan_tf.training import checkpoints
from stargan_tf.training.checkpoints import State

FOLDER, FILE = "best", "best.json"


@dataclass(frozen=True)
class Best:
    """What `best.json` says.

    Args:
        metric: the number's name.
        value: its value.
        step: training batches seen.
    """

    metric: str
    value: float
    step: int


class BestCheckpoint:
    """Keeps the best.

    Args:
        folder: the run's `checkpoints/`.
        metric: the number that decides.
        describe: step → what to write into the state file.
    """

    def __init__(self, folder: Path, metric: str, describe: Callable[[int], State]):
        self.path, self.metric, self.describe = folder / FOLDER, metric, describe

    def offer(self, model: Any, step: int, values: Mapping[str, float]) -> bool:
        """Saves the model if it is the best so far.

        Args:
            model: the model.
            step: training batches seen.
            values: the numbers of this step; without the metric nothing happens.

        Returns:
            Whether it was saved.

        Raises:
            InputError: if it cannot be written; the best before is then untouched.
        """
        value = values.get(self.metric)
        if value is None or math.isnan(value) or not self._is_best(value):
            return False
        best = Best(self.metric, float(value), step)
        checkpoints.write(self.path, model, self.describe(step), {FILE: asdict(best)})
        return True

    def _is_best(self, value: float) -> bool:
        held = read_best(self.path)
        if held is None or held.metric != self.metric:
            return True
        return is_better(self.metric, value, held.value)


def read_best(path: Path) -> Best | None:
    """What is known of a run's best checkpoint.

    Args:
        path: `checkpoints/best`.

    Returns:
        None if there is none that can be used.
    """
    try:
        return Best(**read_json(path / FILE))
    except (OSError, ValueError, TypeError):
        return None
