"""Tasks that an interrupted evaluation had finished.

    <cache folder>/evaluations/<key>/<hash of the task's name>.npz

The key is a hash of the model's file, the data and the options. When all tasks are
done and written, the folder is removed.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np

from stargan_tf.archives import read_arrays, write_arrays
from stargan_tf.data.cache import cache_folder
from stargan_tf.evaluation.examples import Example
from stargan_tf.evaluation.measurement import ByImage, Measurement
from stargan_tf.evaluation.results import TaskResult
from stargan_tf.files import parsed_json

# Part of the key: raise it when tasks or files change their meaning.
VERSION = 2


class FinishedTasks:
    """Keeps results on the disk until the whole evaluation is written.

    Args:
        identity: everything that decides the results, with a stable `repr`.
    """

    def __init__(self, *identity: object):
        key = hashlib.sha256(repr((VERSION, *identity)).encode()).hexdigest()[:32]
        self.folder = cache_folder() / "evaluations" / key
        self.found = 0

    def find(self, name: str) -> TaskResult | None:
        """The result of a task, if it was finished before.

        Args:
            name: the task's.
        """
        result = read_arrays(self._file(name), "finished task", _read)
        self.found += result is not None
        return result

    def keep(self, result: TaskResult) -> None:
        """Stores a result.

        Args:
            result: of a finished task.
        """
        write_arrays(self._file(result.name), _arrays(result), "finished task")

    def clear(self) -> None:
        """Removes everything: the evaluation is complete."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _file(self, name: str) -> Path:
        digest = hashlib.sha256(name.encode()).hexdigest()[:16]
        return self.folder / f"{digest}.npz"


def _arrays(result: TaskResult) -> dict[str, np.ndarray]:
    fields = {name: value for name, value in vars(result).items() if name != "examples"}
    fields["measurements"] = [one.to_dict() for one in result.measurements]
    examples = [asdict(example) for example in result.examples]
    arrays = {
        f"{key}/{number}": example.pop(key)
        for number, example in enumerate(examples)
        for key in ("source", "output")
    }
    for number, one in enumerate(result.measurements):
        if one.by_image is not None:
            parts = vars(one.by_image).items()
            arrays |= {f"by_image/{number}/{key}": np.array(x) for key, x in parts}
    text = json.dumps({**fields, "examples": examples})
    return {"text": np.array(text), **arrays}


def _read(stored: Mapping[str, np.ndarray]) -> TaskResult:
    fields = parsed_json(str(stored["text"]))
    examples = [
        Example(
            **example,
            source=stored[f"source/{number}"],
            output=stored[f"output/{number}"],
        )
        for number, example in enumerate(fields.pop("examples"))
    ]
    measurements = [
        _measurement(_by_image(stored, number), **one)
        for number, one in enumerate(fields.pop("measurements"))
    ]
    return TaskResult(**fields, measurements=measurements, examples=examples)


def _by_image(stored: np.lib.npyio.NpzFile, number: int) -> ByImage | None:
    start = f"by_image/{number}/"
    keys = [key for key in stored if key.startswith(start)]
    parts = {key.removeprefix(start): stored[key] for key in keys}
    return ByImage(**{**parts, "share": bool(parts["share"])}) if parts else None


def _measurement(
    by_image: ByImage | None, interval: list | None = None, **fields: object
) -> Measurement:
    interval = interval and tuple(interval)
    return Measurement(**fields, interval=interval, by_image=by_image)
