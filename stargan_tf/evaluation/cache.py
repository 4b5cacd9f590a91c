"""Tasks that an interrupted evaluation had finished.

    <cache folder>/evaluations/<key>/<hash of the task's name>.npz

The key is a hash of the model's file, the data and the options. When all tasks are
done and written, the folder is removed.
"""

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from stargan_tf.archives import read_arrays, write_arrays
from stargan_tf.data.cache import cache_folder
from stargan_tf.data.source import LabelledImages
from stargan_tf.errors import InputError
from stargan_tf.evaluation.fid import SAMPLE_LIMIT, FeatureSummary
from stargan_tf.evaluation.inception import FeatureExtractor
from stargan_tf.evaluation.measures import ByImage, Measurement
from stargan_tf.evaluation.results import TaskResult
from stargan_tf.evaluation.tasks import Example, image_batches
from stargan_tf.files import parsed_json

# Feature statistics of real images, kept on disk from one evaluation to the next.

# Part of the key: raise it when the content of a file changes its meaning.
VERSION = 1
SAVE_EVERY = 4000  # images
# Of the statistics in one pass; those of a target take up to 75 MB.
MEMORY = 320 * 2**20

# The real images of a target: place in the label, and its value there.
Target = tuple[int, float]


@dataclass
class _Part:
    """Statistics of one target, complete up to a row of the source."""

    file: Path
    wanted: np.ndarray  # Of each row of the source, whether it shows the target.
    summary: FeatureSummary
    next_row: int = 0


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
        source: LabelledImages,
        extractor: FeatureExtractor,
        batch_size: int,
        seed: int = 0,
    ):
        self.source, self.extractor, self.batch_size = source, extractor, batch_size
        self.seed = seed
        self._weights = _digest(extractor.network.get_weights())
        self._prepared: set[Target] = set()

    def prepare(self, targets: Iterable[Target]) -> None:
        """Computes what is not on the disk yet, with a progress bar.

        Args:
            targets: those that will be asked for.

        Raises:
            InputError: if a target has fewer than two images, or the disk is full.
        """
        new = [one for one in dict.fromkeys(targets) if one not in self._prepared]
        rows = {target: self.rows(target) for target in new}
        done = {
            target: read_arrays(self._file(rows[target]), "statistics", _next_row)
            for target in new
        }
        missing = [one for one in new if (done[one] or 0) < len(self.source)]
        width = len(self.extractor.summary().statistics.mean)
        while missing:
            sizes = [
                8 * width**2 + 4 * width * min(len(rows[one]), SAMPLE_LIMIT)
                for one in missing
            ]
            number = max(1, np.searchsorted(np.cumsum(sizes), MEMORY, side="right"))
            group, missing = missing[:number], missing[number:]
            self._compute([self._part(t, resumed=bool(done[t])) for t in group])
        self._prepared.update(new)

    def of(self, target: Target) -> FeatureSummary:
        """The statistics of a target, which `prepare` has left on the disk.

        Args:
            target: place and value.

        Raises:
            InputError: as `prepare`.
        """
        part = self._part(target)
        if part.next_row < len(self.source):  # Removed or damaged meanwhile.
            self._compute([part])
        return part.summary

    def rows(self, target: Target) -> np.ndarray:
        """Numbers of a target's real images; unreadable ones are among them.

        Args:
            target: place and value.

        Raises:
            InputError: if there are fewer than two.
        """
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

    def _part(self, target: Target, resumed: bool = True) -> _Part:
        rows = self.rows(target)
        wanted = np.zeros(len(self.source), bool)
        wanted[rows] = True
        part = _Part(self._file(rows), wanted, self.extractor.summary(seed=self.seed))
        stored = resumed and read_arrays(part.file, "statistics", _read)
        if stored:
            part.next_row, part.summary = stored
        return part

    def _file(self, rows: np.ndarray) -> Path:
        identity = (
            VERSION,
            self.source.fingerprint,
            _digest([rows.astype("<i8")]),
            self.extractor.protocol.name,
            self._weights,
        )
        if self.seed and len(rows) > SAMPLE_LIMIT:  # Else all are kept by any seed.
            identity += (f"seed {self.seed}",)
        key = hashlib.sha256(repr(identity).encode()).hexdigest()[:32]
        return cache_folder() / "statistics" / f"{key}.npz"

    def _compute(self, parts: list[_Part]) -> None:
        rows = np.arange(len(self.source))
        new = [part.wanted & (rows >= part.next_row) for part in parts]
        rows = np.flatnonzero(np.any(new, axis=0))
        since = 0
        with tqdm(total=len(rows), desc="Real images", unit="image", disable=None) as b:
            for places, images in image_batches(self.source, rows, self.batch_size):
                self._add(parts, rows[places], self.extractor(images))
                b.update(len(images))
                since += len(images)
                if since >= SAVE_EVERY:
                    self._save(parts, int(rows[places[-1]]) + 1)
                    since = 0
        self._save(parts, len(self.source))

    def _add(self, parts: list[_Part], rows: np.ndarray, features: np.ndarray) -> None:
        for part in parts:
            new = part.wanted[rows] & (rows >= part.next_row)
            part.summary.update(features[new])

    def _save(self, parts: list[_Part], next_row: int) -> None:
        for part in parts:
            part.next_row = max(part.next_row, next_row)
            stored = {"next_row": np.array(part.next_row), **part.summary.state()}
            write_arrays(part.file, stored, "statistics")


def _next_row(stored: Mapping[str, np.ndarray]) -> int:
    return int(stored["next_row"])


def _read(stored: Mapping[str, np.ndarray]) -> tuple[int, FeatureSummary]:
    return _next_row(stored), FeatureSummary.from_state(dict(stored))


def _digest(arrays: Iterable[np.ndarray]) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:32]


# Part of the key: raise it when tasks or files change their meaning.
VERSION_FINISHED_TASKS = 2


class FinishedTasks:
    """Keeps results on the disk until the whole evaluation is written.

    Args:
        identity: everything that decides the results, with a stable `repr`.
    """

    def __init__(self, *identity: object):
        key = hashlib.sha256(
            repr((VERSION_FINISHED_TASKS, *identity)).encode()
        ).hexdigest()[:32]
        self.folder = cache_folder() / "evaluations" / key
        self.found = 0

    def find(self, name: str) -> TaskResult | None:
        """The result of a task, if it was finished before.

        Args:
            name: the task's.
        """
        result = read_arrays(self._file(name), "finished task", _read_finished_tasks)
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


def _read_finished_tasks(stored: Mapping[str, np.ndarray]) -> TaskResult:
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
