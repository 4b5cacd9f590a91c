"""The disk cache of evaluations.

    <cache folder>/statistics/<key>.npz     feature statistics of real images
    <cache folder>/evaluations/<key>/…npz   finished tasks of an unfinished evaluation

Keys are hashes of everything that determines the content, so entries never become
stale.
"""

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stargan_tf.archives import read_arrays, write_arrays
from stargan_tf.data.cache import cache_folder
from stargan_tf.data.source import LabeledImages
from stargan_tf.errors import InputError
from stargan_tf.evaluation.fid import SAMPLE_LIMIT, FeatureSummary
from stargan_tf.evaluation.measures import ByImage, Measurement
from stargan_tf.evaluation.results import Example, TaskResult
from stargan_tf.evaluation.tasks import image_batches
from stargan_tf.progress import Progress

if TYPE_CHECKING:
    from stargan_tf.evaluation.inception import FeatureExtractor

# In the keys: increment when the format or the meaning of a file changes.
STATISTICS_VERSION, TASKS_VERSION = 2, 5
# Memory in bytes for statistics in a pass; those of a target take up to 75 MB.
MEMORY = 320 * 2**20

# The real images of a target: index of the label, and its value.
Target = tuple[int, float]


class RealStatistics:
    """The feature statistics of the real images of each target.

    Statistics are read from disk when they are needed, so memory does not grow with the
    number of targets.

    Args:
        source: the real images.
        extractor: computes the features.
        batch_size: number of images per call of the extractor.
        seed: determines which features are kept for KID if there are many.
    """

    def __init__(
        self,
        source: LabeledImages,
        extractor: "FeatureExtractor",
        batch_size: int,
        seed: int = 0,
    ):
        self.source, self.extractor, self.batch_size = source, extractor, batch_size
        self.seed = seed
        self._weights = _digest(extractor.network.get_weights())
        self._prepared: set[Target] = set()

    def prepare(self, targets: Iterable[Target]) -> None:
        """Computes the statistics that are not on disk yet, with a progress bar."""
        new = [t for t in dict.fromkeys(targets) if t not in self._prepared]
        missing = [
            target
            for target in new
            if read_arrays(self._file(target), "statistics", _count) is None
        ]
        width = len(self.extractor.summary().mean)
        while missing:
            sizes = [
                8 * width**2 + 4 * width * min(len(self.rows(target)), SAMPLE_LIMIT)
                for target in missing
            ]
            number = max(1, np.searchsorted(np.cumsum(sizes), MEMORY, side="right"))
            self._compute(missing[:number])
            missing = missing[number:]
        self._prepared.update(new)

    def of(self, target: Target) -> FeatureSummary:
        """Returns the statistics of a target, which `prepare` has written to disk."""
        file = self._file(target)
        summary = read_arrays(file, "statistics", FeatureSummary.from_state)
        if summary is None:  # Removed or damaged in the meantime.
            (summary,) = self._compute([target])
        return summary

    def rows(self, target: Target) -> np.ndarray:
        """Returns the indices of a target's real images, including unreadable ones.

        Raises:
            InputError: if there are fewer than two images.
        """
        column, value = target
        rows = np.flatnonzero(self.source.labels[:, column] == value)
        if len(rows) < 2:
            name = self.source.info.domains[column]
            raise InputError(
                f"FID and KID need at least 2 real images of each target. Received: "
                f"{len(rows)} training image(s) with {name}={value:g} in "
                f"'{self.source.info.name}'. Add images, or remove fid and kid."
            )
        return rows

    def _file(self, target: Target) -> Path:
        rows = self.rows(target)
        identity = (
            STATISTICS_VERSION,
            self.source.fingerprint,
            _digest([rows.astype("<i8")]),
            self.extractor.protocol,
            self._weights,
        )
        # The seed matters only if not all features are kept.
        if self.seed and len(rows) > SAMPLE_LIMIT:
            identity += (f"seed {self.seed}",)
        return cache_folder() / "statistics" / f"{_key(identity)}.npz"

    def _compute(self, targets: Sequence[Target]) -> list[FeatureSummary]:
        summaries = [self.extractor.summary(seed=self.seed) for _ in targets]
        wanted = np.zeros((len(targets), len(self.source)), bool)
        for shown, target in zip(wanted, targets, strict=True):
            shown[self.rows(target)] = True
        rows = np.flatnonzero(wanted.any(axis=0))
        with Progress(total=len(rows), desc="Real images") as bar:
            for places, images in image_batches(self.source, rows, self.batch_size):
                features = self.extractor(images)
                for shown, summary in zip(wanted, summaries, strict=True):
                    summary.update(features[shown[rows[places]]])
                bar.update(len(images))
        for target, summary in zip(targets, summaries, strict=True):
            write_arrays(self._file(target), summary.state(), "statistics")
        return summaries


def _count(stored: Mapping[str, np.ndarray]) -> int:
    return int(stored["statistics/count"])


class FinishedTasks:
    """Keeps results of tasks on disk until the evaluation is complete.

    Args:
        *identity: everything that determines the results, with a stable `repr`.
    """

    def __init__(self, *identity: object):
        self.folder = cache_folder() / "evaluations" / _key((TASKS_VERSION, *identity))
        self.reused = 0  # Number of results read from disk.

    def find(self, name: str) -> TaskResult | None:
        """Returns the result of a task if it was finished before."""
        result = read_arrays(self._file(name), "finished task", _result)
        self.reused += result is not None
        return result

    def keep(self, result: TaskResult) -> None:
        """Stores the result of a finished task."""
        arrays: dict[str, np.ndarray] = {}

        def place_of(array: np.ndarray) -> dict[str, str]:
            name = f"array {len(arrays)}"
            arrays[name] = array
            return {"array": name}

        text = json.dumps(asdict(result), default=place_of)
        arrays["text"] = np.array(text)
        write_arrays(self._file(result.name), arrays, "finished task")

    def clear(self) -> None:
        """Removes all results, once the evaluation is complete."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _file(self, name: str) -> Path:
        digest = hashlib.sha256(name.encode()).hexdigest()[:16]
        return self.folder / f"{digest}.npz"


def _result(stored: Mapping[str, np.ndarray]) -> TaskResult:
    def with_array(value: dict[str, Any]) -> Any:
        return stored[value["array"]] if "array" in value else value

    fields = json.loads(str(stored["text"]), object_hook=with_array)
    fields["examples"] = [Example(**example) for example in fields["examples"]]
    for values in fields["measurements"]:
        values["by_image"] = values["by_image"] and ByImage(**values["by_image"])
        values["interval"] = values["interval"] and tuple(values["interval"])
    fields["measurements"] = [Measurement(**v) for v in fields["measurements"]]
    return TaskResult(**fields)


def _key(identity: tuple) -> str:
    return hashlib.sha256(repr(identity).encode()).hexdigest()[:32]


def _digest(arrays: Iterable[np.ndarray]) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:32]
