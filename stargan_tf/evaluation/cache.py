"""What is kept on disk from one evaluation to the next.

    <cache folder>/statistics/<key>.npz     feature statistics of real images
    <cache folder>/evaluations/<key>/…npz   tasks of an evaluation that is not finished

Keys are hashes of everything that decides the content, so nothing is ever out of date.
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

# Parts of the keys: raise them when the content of a file changes its meaning.
STATISTICS_VERSION, TASKS_VERSION = 2, 4
# Of the statistics in one pass; those of a target take up to 75 MB.
MEMORY = 320 * 2**20

# The real images of a target: place in the label, and its value there.
Target = tuple[int, float]


class RealStatistics:
    """The feature statistics of the real images of each target.

    Memory does not grow with the number of targets: none is held, each is read when
    it is asked for.

    Args:
        source: the real images.
        extractor: gives the features.
        batch_size: images at once.
        seed: decides which features are kept for KID where there are many.
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
        """Computes what is not on the disk yet, with a progress bar."""
        new = [one for one in dict.fromkeys(targets) if one not in self._prepared]
        missing = [
            target
            for target in new
            if read_arrays(self._file(target), "statistics", _count) is None
        ]
        width = len(self.extractor.summary().mean)
        while missing:
            sizes = [
                8 * width**2 + 4 * width * min(len(self.rows(one)), SAMPLE_LIMIT)
                for one in missing
            ]
            number = max(1, np.searchsorted(np.cumsum(sizes), MEMORY, side="right"))
            self._compute(missing[:number])
            missing = missing[number:]
        self._prepared.update(new)

    def of(self, target: Target) -> FeatureSummary:
        """The statistics of a target, which `prepare` has left on the disk."""
        file = self._file(target)
        summary = read_arrays(file, "statistics", FeatureSummary.from_state)
        if summary is None:  # Removed or damaged meanwhile.
            (summary,) = self._compute([target])
        return summary

    def rows(self, target: Target) -> np.ndarray:
        """Numbers of a target's real images, unreadable ones among them."""
        column, value = target
        rows = np.flatnonzero(self.source.labels[:, column] == value)
        if len(rows) < 2:
            name = self.source.info.domains[column]
            raise InputError(
                f"FID and KID need at least 2 real images of each target. Received: "
                f"{len(rows)} training image(s) with {name}={value:g} in "
                f"'{self.source.info.name}'. Add images, or leave fid and kid out."
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
        if self.seed and len(rows) > SAMPLE_LIMIT:  # Else all are kept by any seed.
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
    """Keeps the results of tasks on the disk until the whole evaluation is written.

    Args:
        identity: everything that decides the results, with a stable `repr`.
    """

    def __init__(self, *identity: object):
        self.folder = cache_folder() / "evaluations" / _key((TASKS_VERSION, *identity))
        self.found = 0

    def find(self, name: str) -> TaskResult | None:
        """The result of the task of that name, if it was finished before."""
        result = read_arrays(self._file(name), "finished task", _result)
        self.found += result is not None
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
        """Removes everything: the evaluation is complete."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _file(self, name: str) -> Path:
        digest = hashlib.sha256(name.encode()).hexdigest()[:16]
        return self.folder / f"{digest}.npz"


def _result(stored: Mapping[str, np.ndarray]) -> TaskResult:
    def with_array(value: dict[str, Any]) -> Any:
        return stored[value["array"]] if "array" in value else value

    fields = json.loads(str(stored["text"]), object_hook=with_array)
    fields["examples"] = [Example(**example) for example in fields["examples"]]
    for one in fields["measurements"]:
        one["by_image"] = one["by_image"] and ByImage(**one["by_image"])
        one["interval"] = one["interval"] and tuple(one["interval"])
    fields["measurements"] = [Measurement(**one) for one in fields["measurements"]]
    return TaskResult(**fields)


def _key(identity: tuple) -> str:
    return hashlib.sha256(repr(identity).encode()).hexdigest()[:32]


def _digest(arrays: Iterable[np.ndarray]) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:32]
