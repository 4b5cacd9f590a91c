"""The metric `detection`: how well a model's maps and scores find what is ill."""

from dataclasses import dataclass, field

import numpy as np

from stargan_tf.detection.detect import MAXIMUM, THRESHOLD, difference_map, reduced
from stargan_tf.detection.scores import (
    Candidate,
    auc,
    average_precision,
    candidates,
    dice,
    froc,
    interval,
)
from stargan_tf.evaluation.measures import Measurement
from stargan_tf.evaluation.metrics import Meter, Metric
from stargan_tf.evaluation.options import EvaluationOptions, UserFunctions
from stargan_tf.evaluation.results import Scores
from stargan_tf.evaluation.tasks import LABEL, OWN, Subject, Task, Translated

# Dice is given at the best of these thresholds, shares of the model's range.
THRESHOLDS = tuple(np.linspace(0.02, 0.5, 25).round(2).tolist())
PEAKS = 0.04  # of candidates for FROC: low, since their peaks are the scores


@dataclass
class Seen:
    """What is kept of the images: one entry each."""

    names: list[str] = field(default_factory=list)
    is_ill: list[bool] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    masks: list[np.ndarray] = field(default_factory=list)
    maps: list[np.ndarray] = field(default_factory=list)
    found: list[list[Candidate]] = field(default_factory=list)


class DetectionMetric(Metric):
    """Translates all held-out images to the healthy domain, and scores the change.

    Args:
        subject: model and data, of labels.
        options: `healthy` is used.
        functions: `lesions` and `group` are used.

    Raises:
        InputError: if `healthy` is no domain.
    """

    def __init__(
        self, subject: Subject, options: EvaluationOptions, functions: UserFunctions
    ):
        self.info = subject.held_out.info
        self.healthy = self.info.index(options.healthy)
        self.seed = options.seed
        self.lesions, self.group = functions.lesions, functions.group
        if self.info.name == "drawn_scans":
            from stargan_tf.drawn_scans import known_of, lesion_mask, place_of

            self.lesions = lambda name, size: known_of(lesion_mask, name, size)
            self.group = lambda name: str(place_of(name)[0])
        self.seen = Seen()

    def start(self, task: Task) -> "_Meter | None":
        """Meters of the tasks in which images become, or stay, healthy."""
        if task.guide == OWN:
            return _Meter(self, is_ill=False)
        is_healthy = task.guide == LABEL and task.column == self.healthy
        return _Meter(self, is_ill=True) if is_healthy and task.value else None

    def add(self, batch: Translated, rows: np.ndarray, is_ill: bool) -> np.ndarray:
        """Takes images in; gives their scores."""
        images, healed = batch.images[rows], batch.first[rows]
        maps = difference_map(images, healed)
        scores = reduced(maps, MAXIMUM, THRESHOLD)
        seen = self.seen
        for number, row in enumerate(np.flatnonzero(rows).tolist()):
            name = batch.names[row]
            mask = self.lesions and self.lesions(name, self.info.image_size)
            seen.names.append(name)
            seen.is_ill.append(is_ill)
            seen.scores.append(float(scores[number]))
            if mask is not None:
                seen.masks.append(np.asarray(mask, bool))
                seen.maps.append(maps[number].astype(np.float16))
                seen.found.append(candidates(maps[number], PEAKS))
        return scores

    def overall(self) -> list[Measurement]:
        """AUC by image and by group; where masks are known, of pixels and lesions."""
        seen, self.seen = self.seen, Seen()
        is_ill, scores = np.array(seen.is_ill), np.array(seen.scores)
        groups = [self.group(name) if self.group else name for name in seen.names]
        counts = {"images": len(is_ill), "ill": int(is_ill.sum())}
        found = [self._auc("image_auc", is_ill, scores, groups, counts)]
        if self.group:
            names, numbers = np.unique(groups, return_inverse=True)
            highest = np.full(len(names), -np.inf)
            np.maximum.at(highest, numbers, scores)
            ill = np.bincount(numbers, is_ill) > 0
            counts = {"groups": len(names), "ill": int(ill.sum())}
            found.append(self._auc("group_auc", ill, highest, names, counts))
        return found + self._of_masks(seen)

    def _auc(self, name, is_ill, scores, groups, counts) -> Measurement:
        value = auc(is_ill, scores)
        ends = interval(lambda rows: auc(is_ill[rows], scores[rows]), groups, self.seed)
        return Measurement(name, value, counts, interval=ends)

    def _of_masks(self, seen: Seen) -> list[Measurement]:
        ill = [place for place, mask in enumerate(seen.masks) if mask.any()]
        if not ill:
            return []
        masks, maps = (
            [part[place] for place in ill] for part in (seen.masks, seen.maps)
        )
        counts = {"images": len(ill)}
        truth, values = (np.stack(part).reshape(-1) for part in (masks, maps))
        precision = average_precision(truth, values)
        overlaps = {
            threshold: np.mean(
                [
                    dice(mask, one > threshold)
                    for mask, one in zip(masks, maps, strict=True)
                ]
            )
            for threshold in THRESHOLDS
        }
        best = max(overlaps, key=overlaps.get)
        share = froc(seen.masks, seen.found)
        rates = ", ".join(f"{rate:g}: {share[rate]:.3f}" for rate in share)
        return [
            Measurement("pixel_precision", precision, counts),
            Measurement(
                "lesion_dice",
                float(overlaps[best]),
                counts,
                note=f"Dice at the best threshold, {best:g} of the range.",
            ),
            Measurement(
                "lesion_sensitivity",
                share[1.0],
                {"images": len(seen.masks)},
                note=f"Sensitivity by false positives an image: {rates}.",
            ),
        ]


class _Meter(Meter):
    def __init__(self, metric: DetectionMetric, is_ill: bool):
        self.metric, self.is_ill = metric, is_ill

    def update(self, batch: Translated) -> Scores | None:
        rows = np.ones(len(batch.names), bool)
        if not self.is_ill:
            rows = batch.labels[:, self.metric.healthy] > 0
        if not rows.any():
            return None
        scores = np.full(len(rows), np.nan)
        scores[rows] = self.metric.add(batch, rows, self.is_ill)
        # Of the ill ones, those that were found come first.
        return Scores("score", scores) if self.is_ill else Scores("score", -scores)

    def results(self) -> list[Measurement]:
        return []
