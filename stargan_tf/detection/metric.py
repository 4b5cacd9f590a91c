"""The metric `detection`: accuracy of a model's scores and maps of lesions."""

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image

from stargan_tf.data.files import COMMON, audit_folder, extension
from stargan_tf.data.formats import read_values, slices
from stargan_tf.data.info import Size, sides
from stargan_tf.data.intensity import PLANES
from stargan_tf.data.options import Preparation, used_box
from stargan_tf.detection import MAXIMUM, REDUCTIONS
from stargan_tf.detection.detect import THRESHOLD, difference_map, reduced
from stargan_tf.detection.scores import (
    Candidate,
    auc,
    average_precision,
    candidates,
    dice,
    froc,
    interval,
)
from stargan_tf.errors import InputError
from stargan_tf.evaluation.measures import Measurement
from stargan_tf.evaluation.metrics import Meter, Metric
from stargan_tf.evaluation.options import EvaluationOptions, UserFunctions
from stargan_tf.evaluation.results import Scores
from stargan_tf.evaluation.tasks import LABEL, OWN, Subject, Task, Translated

# Dice is reported at the best of these thresholds, fractions of the model's range.
THRESHOLDS = tuple(np.geomspace(0.005, 0.5, 25).round(4).tolist())
MAX_TYPE = 65535  # Largest number of a type of lesions.
PEAKS = 0.015  # Threshold of candidates for FROC: low, since peaks are their scores.


@dataclass
class Seen:
    """The data collected from the images: one entry each."""

    names: list[str] = field(default_factory=list)
    is_ill: list[bool] = field(default_factory=list)
    scores: dict[str, list[float]] = field(
        default_factory=lambda: {name: [] for name in REDUCTIONS}
    )
    masks: list[np.ndarray] = field(default_factory=list)
    maps: list[np.ndarray] = field(default_factory=list)
    candidates: list[list[Candidate]] = field(default_factory=list)


class DetectionMetric(Metric):
    """Translates all held-out images to the healthy domain, and scores the change.

    Args:
        subject: model and data, with labels.
        options: `healthy` is used.
        functions: `lesions` and `group` are used.

    Raises:
        InputError: if `healthy` is not a domain, or that of all images or of none, or
            an image has no group.
    """

    def __init__(
        self, subject: Subject, options: EvaluationOptions, functions: UserFunctions
    ):
        self.info = subject.held_out.info
        self.healthy = self.info.index(options.healthy)
        self.seed = options.seed
        known = subject.held_out.known
        self.lesions = functions.lesions or known.lesions
        self.group = functions.group or known.group
        self.seen = Seen()
        # Before hours of translation.
        is_healthy = subject.held_out.labels[:, self.healthy] > 0
        if is_healthy.all() or not is_healthy.any():
            raise InputError(
                "The metric detection needs held-out images with and without lesions. "
                f"Received: {int(is_healthy.sum())} of {len(is_healthy)} are "
                f"{options.healthy}. Pass another --healthy or --held_out."
            )
        if self.group:
            for name in subject.held_out.names:
                self.group(name)

    def start(self, task: Task) -> "_Meter | None":
        """A meter for tasks in which images become, or stay, healthy."""
        if task.guide == OWN:
            return _Meter(self, is_ill=False)
        is_healthy = task.guide == LABEL and task.column == self.healthy
        return _Meter(self, is_ill=True) if is_healthy and task.value else None

    def add(self, batch: Translated, rows: np.ndarray, is_ill: bool) -> np.ndarray:
        """Adds images; returns their scores."""
        images, healed = batch.images[rows], batch.first[rows]
        maps = difference_map(images, healed)
        scores = {name: reduced(maps, name, THRESHOLD) for name in REDUCTIONS}
        seen = self.seen
        for number, row in enumerate(np.flatnonzero(rows).tolist()):
            name = batch.names[row]
            mask = self.lesions and self.lesions(name, self.info.image_size)
            if mask is None and self.lesions and not is_ill:
                mask = np.zeros_like(maps[number])
            seen.names.append(name)
            seen.is_ill.append(is_ill)
            for reduction, all_scores in scores.items():
                seen.scores[reduction].append(float(all_scores[number]))
            if mask is not None:
                seen.masks.append(_checked(mask, maps[number].shape, name))
                seen.maps.append(maps[number].astype(np.float16))
                seen.candidates.append(candidates(maps[number], PEAKS))
        return scores[MAXIMUM]

    def overall(self) -> list[Measurement]:
        """AUC of images and groups; with known masks, also of pixels and lesions."""
        seen, self.seen = self.seen, Seen()
        is_ill, scores = np.array(seen.is_ill), np.array(seen.scores[MAXIMUM])
        groups = [self.group(name) if self.group else name for name in seen.names]
        counts = {"images": len(is_ill), "ill": int(is_ill.sum())}
        others = {name: auc(is_ill, np.array(seen.scores[name])) for name in REDUCTIONS}
        by_score = ", ".join(f"{name} {value:.3f}" for name, value in others.items())
        measurements = [
            replace(
                self._auc("image_auc", is_ill, scores, groups, counts),
                note=f"AUC by reduction of the map: {by_score}.",
            )
        ]
        if self.group:
            names, numbers = np.unique(groups, return_inverse=True)
            highest = np.full(len(names), -np.inf)
            np.maximum.at(highest, numbers, scores)
            ill = np.bincount(numbers, is_ill) > 0
            counts = {"groups": len(names), "ill": int(ill.sum())}
            measurements.append(self._auc("group_auc", ill, highest, names, counts))
        return measurements + self._of_masks(seen)

    def _auc(self, name, is_ill, scores, groups, counts) -> Measurement:
        value = auc(is_ill, scores)
        ends = interval(lambda rows: auc(is_ill[rows], scores[rows]), groups, self.seed)
        return Measurement(name, value, counts, interval=ends)

    def _of_masks(self, seen: Seen) -> list[Measurement]:
        ill = [place for place, mask in enumerate(seen.masks) if mask.any()]
        if not ill:
            return []
        masks, maps = (
            np.stack([stored[place] for place in ill])
            for stored in (seen.masks, seen.maps)
        )
        counts = {"images": len(ill)}
        overlaps = {at: _dice(masks > 0, maps > at) for at in THRESHOLDS}
        best = max(overlaps, key=overlaps.get)
        share = froc(seen.masks, seen.candidates)
        rates = ", ".join(f"{rate:g}: {share[rate]:.3f}" for rate in share)
        return [
            Measurement(
                "pixel_auc",
                auc(masks.reshape(-1) > 0, maps.reshape(-1)),
                counts,
                note=_by_type("pixel AUC", masks, maps, auc),
            ),
            Measurement(
                "pixel_precision",
                average_precision(masks.reshape(-1) > 0, maps.reshape(-1)),
                counts,
                note=_by_type("AP", masks, maps, average_precision),
            ),
            Measurement(
                "lesion_dice",
                overlaps[best],
                counts,
                note=f"Dice at the best threshold, {best:g} of the range. "
                f"{_by_type('Dice', masks, maps > best, dice) or ''}".strip(),
            ),
            Measurement(
                "lesion_sensitivity",
                share[1.0],
                {"images": len(seen.masks)},
                note=f"Sensitivity by false positives per image: {rates}.",
            ),
        ]


def _checked(mask: np.ndarray, shape: tuple[int, int], name: str) -> np.ndarray:
    mask = np.asarray(mask)
    if mask.shape != shape or mask.dtype.kind not in "biuf":
        raise InputError(
            f"A lesion mask must have the shape {shape}. Received for {name}: "
            f"{mask.dtype} of shape {mask.shape}"
        )
    if not ((mask >= 0) & (mask <= MAX_TYPE)).all():  # False for NaN, too.
        raise InputError(
            f"A lesion mask must have values from 0 to {MAX_TYPE}. Received for "
            f"{name}: {mask.min():g} to {mask.max():g}. Renumber the types of lesions."
        )
    return np.rint(mask).astype(np.uint16)


def _dice(masks: np.ndarray, detected: np.ndarray) -> float:
    return float(np.mean([dice(*pair) for pair in zip(masks, detected, strict=True)]))


def _by_type(
    what: str, masks: np.ndarray, maps: np.ndarray, measure: Callable
) -> str | None:
    """A number for each type of lesion, over the images that have it.

    Pixels of other types are excluded.
    """
    types = np.unique(masks[masks > 0]).tolist()
    if len(types) < 2:
        return None
    values = []
    for number in types:
        rows = (masks == number).any(axis=(1, 2))
        counted = (masks[rows] == number) | (masks[rows] == 0)
        truth, seen = masks[rows][counted] == number, maps[rows][counted]
        values.append(f"{number}: {measure(truth, seen):.3f}")
    return f"{what} by type of lesion, {', '.join(values)}."


def masks_in(folder: Path, preparation: Preparation) -> Callable:
    """The function `lesions` for masks in files.

    A mask has its image's path below the folder, in any supported format, and is fitted
    like the image. Images without a file have no known mask.

    Args:
        folder: the folder of the masks.
        preparation: the preparation of the images.
    """
    paths: dict[str, Path] = {}
    for name in audit_folder(folder, arrays=True).names:
        other = paths.setdefault(_stem(name), folder / name)
        if other != folder / name:
            raise InputError(
                f"--lesions must have one mask for each image. Received: {other} and "
                f"{folder / name}. Delete one of them."
            )
    if not paths:
        raise InputError(f"--lesions must be a folder of masks. Received: {folder}")

    # The slices of a volume are asked for one after another.
    @functools.lru_cache(maxsize=2)
    def read(path: Path) -> np.ndarray:
        return read_values(path).values

    def lesions(name: str, image_size: Size) -> np.ndarray | None:
        file, _, place = name.partition("#")
        plane, number = (place[0], place[1:]) if place[:1] in PLANES else ("z", place)
        path = paths.get(_stem(file))
        if path is None:
            return None
        values = slices(read(path), plane)
        if int(number or 0) >= len(values) or (len(values) > 1 and not place):
            raise InputError(
                f"The mask {path} must have as many slices as its image. Received: "
                f"{len(values)} along {plane}, for {name}"
            )
        mask = values[int(number or 0)]
        if extension(path.name) in COMMON and mask.shape[-1] in (2, 4):
            mask = mask[..., :-1]  # Alpha says nothing about lesions.
        mask = mask.max(axis=-1)
        box = used_box(
            mask.shape[::-1], preparation.fit, preparation.crop_size, image_size
        )
        size = sides(image_size)[::-1]
        image = Image.fromarray(mask.astype(np.float32)).crop(box)
        return np.asarray(image.resize(size, Image.Resampling.NEAREST))

    return lesions


def _stem(name: str) -> str:
    return os.path.splitext(name)[0].removesuffix(".nii")


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
        # Best first: high scores of diseased images, low scores of healthy ones.
        return Scores("score", scores) if self.is_ill else Scores("score", -scores)

    def results(self) -> list[Measurement]:
        return []
