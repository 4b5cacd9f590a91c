"""The output of `stargan-tf detect`: healed images, maps, tables, and a page."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from importlib.resources import files as resources
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
from PIL import Image

from stargan_tf import files
from stargan_tf.data.pictures import data_url, shown
from stargan_tf.detection.detect import detect
from stargan_tf.detection.scores import Candidate
from stargan_tf.errors import InputError
from stargan_tf.translation.pictures import (
    Fitted,
    FittedValues,
    Fitting,
    InputPicture,
    PictureStream,
    in_batches,
    write_picture,
)

SHOWN = 20  # Images on the page with the highest scores, and with the lowest.
SIDE = 160  # Minimum side of an image on the page.
_RED = np.array([255, 60, 40])
COLUMNS = ("path", "image", "group", "score", "candidates")
PLACES = ("path", "image", "left", "top", "right", "bottom", "area", "peak")


@dataclass
class Row:
    """The detections in one image.

    Args:
        name: its path below the output folder.
        place: its index in the file, such as `"0012"`; empty for a single image.
        group: its group; the name if groups are unknown.
        score: higher for images with lesions.
        candidates: in pixels of the file, except for their centers.
        picture: input, healed image, and overlay side by side; None if the page does
            not show it.
    """

    name: str
    place: str
    group: str
    score: float
    candidates: list[Candidate]
    picture: Image.Image | None


@dataclass(frozen=True)
class Job:
    """Detection in files.

    Args:
        pictures: the inputs.
        fitting: how they are fitted to the model.
        output: the folder to write.
        healthy: the healthy domain, or a target.
        threshold: see `detect`.
        reduction: see `detect`.
        least: see `detect`.
        group: path → group of the image; None if unknown.
        overwrite: whether to replace an existing folder.
    """

    pictures: Sequence[InputPicture]
    fitting: Fitting
    output: Path
    healthy: str
    threshold: float
    reduction: str
    least: int
    group: Callable[[str], str] | None
    overwrite: bool

    def run(self, model: Any, batch_size: int) -> list[str]:
        """Detects, and writes the output folder atomically.

        Returns:
            For each unreadable input, the reason.
        """
        stream, failures = PictureStream(self.pictures, self.fitting), []
        stream.on_failure = lambda place, problem: failures.append(problem)
        pixels = batch_size * int(np.prod(self.fitting.info.shape[:2]))
        with files.new_folder(self.output, "detections", self.overwrite) as folder:
            rows = []
            for batch in in_batches(stream, pixels):
                rows += self._detect(model, batch, folder)
                rows.sort(key=lambda row: -row.score)
                for row in rows[SHOWN:-SHOWN]:
                    row.picture = None
            if not rows:
                raise InputError(f"None of the inputs could be read. {failures[0]}")
            self._write_tables(rows, folder)
            files.write_text(folder / "report.html", self._page(rows), "report")
        return failures

    def _detect(self, model: Any, batch: Sequence, folder: Path) -> Iterator[Row]:
        images = np.stack([fitted.image for _, fitted in batch])
        detected = detect(
            model,
            images,
            self.healthy,
            threshold=self.threshold,
            reduction=self.reduction,
            least=self.least,
            batch_size=len(images),
        )
        for number, (place, fitted) in enumerate(batch):
            name, difference = self.pictures[place].name, detected.difference[number]
            healed = detected.healed[number]
            self._write_images(fitted, healed, difference, name, folder)
            yield Row(
                name=name.as_posix(),
                place=fitted.place,
                group=self.group(self.pictures[place].path.as_posix())
                if self.group
                else name.as_posix(),
                score=float(detected.scores[number]),
                candidates=_in_file(detected.candidates[number], fitted),
                picture=_side_by_side(fitted.image, healed, difference, self.threshold),
            )

    def _write_images(
        self,
        fitted: Fitted | FittedValues,
        healed: np.ndarray,
        difference: np.ndarray,
        name: Path,
        folder: Path,
    ) -> None:
        stem = name.name.removesuffix(".png")
        stem = f"{stem}_{fitted.place}" if fitted.place else stem
        for content in ("healed", "difference", "overlay"):
            (folder / content / name.parent).mkdir(parents=True, exist_ok=True)
        if isinstance(fitted, FittedValues):
            fitted.write(healed, folder / "healed" / name)
            # The difference in the data's units, for each channel.
            restore = self.fitting.info.intensity.restore
            both = (restore(values, np.float64) for values in (fitted.image, healed))
            change = np.subtract(*both).astype(np.float32)
        else:
            fitted.write(healed, folder / "healed" / name.parent / f"{stem}.png")
            change = fitted.image.astype(np.float32) - healed
        np.save(folder / "difference" / name.parent / f"{stem}.npy", change)
        overlay = _overlay(fitted.image, difference, self.threshold)
        write_picture(overlay, folder / "overlay" / name.parent / f"{stem}.png")

    def _write_tables(self, rows: Sequence[Row], folder: Path) -> None:
        images = [
            (row.name, row.place, row.group, f"{row.score:.6f}", len(row.candidates))
            for row in rows
        ]
        _write_table(folder / "detections.csv", COLUMNS, images)
        places = [
            (row.name, row.place, *lesion.box, lesion.area, f"{lesion.peak:.6f}")
            for row in rows
            for lesion in row.candidates
        ]
        _write_table(folder / "candidates.csv", PLACES, places)
        if self.group:
            highest: dict[str, str] = {}
            for row in rows:  # The highest scores come first.
                highest.setdefault(row.group, f"{row.score:.6f}")
            _write_table(folder / "groups.csv", ("group", "score"), highest.items())

    def _page(self, rows: Sequence[Row]) -> str:
        first, last = rows[:SHOWN], rows[max(SHOWN, len(rows) - SHOWN) :]
        sections = [("Highest scores", first), ("Lowest scores", last)]
        body = "".join(
            f"<h2>{title}</h2><div class='all'>{''.join(map(_figure, some))}</div>"
            for title, some in sections
            if some
        )
        summary = (
            f"{len(rows):,} images. Healthy: {escape(self.healthy)}. Score: "
            f"{self.reduction} of the difference. Candidates: differences above "
            f"{self.threshold:g} of the model's range, of at least {self.least} pixels."
        )
        page = resources("stargan_tf.detection").joinpath("report.html")
        return Template(page.read_text("utf-8")).substitute(
            summary=summary, sections=body
        )


def _write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence]) -> None:
    # File names need not be UTF-8.
    with path.open(
        "w", newline="", encoding="utf-8", errors="backslashreplace"
    ) as file:
        table = csv.writer(file)
        table.writerow(columns)
        table.writerows(rows)


def _in_file(
    candidates: Sequence[Candidate], fitted: Fitted | FittedValues
) -> list[Candidate]:
    """Candidates with boxes and areas in pixels of the file, not of the model."""
    left, top, right, bottom = fitted.box
    height, width = fitted.image.shape[:2]
    across, down = (right - left) / width, (bottom - top) / height

    def moved(candidate: Candidate) -> Candidate:
        x0, y0, x1, y1 = candidate.box
        box = (
            round(left + x0 * across),
            round(top + y0 * down),
            round(left + x1 * across),
            round(top + y1 * down),
        )
        area = round(candidate.area * across * down)
        return replace(candidate, box=box, area=area)

    return list(map(moved, candidates))


def _overlay(
    image: np.ndarray, difference: np.ndarray, threshold: float
) -> Image.Image:
    """The image in gray with the difference in red, full at twice the threshold."""
    gray = shown(image).mean(axis=-1, keepdims=True)
    share = np.clip(difference / (2 * threshold), 0.0, 1.0)[..., None]
    pixels = gray * (1 - share) + _RED * share
    return Image.fromarray(np.rint(pixels).astype(np.uint8))


def _side_by_side(
    image: np.ndarray, healed: np.ndarray, difference: np.ndarray, threshold: float
) -> Image.Image:
    height, width = image.shape[:2]
    scale = max(1, -(-SIDE // min(height, width)))
    size = width * scale, height * scale
    canvas = Image.new("RGB", (3 * size[0] + 8, size[1]), "white")
    for place, pixels in enumerate((shown(image), shown(healed))):
        panel = Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC)
        canvas.paste(panel, (place * (size[0] + 4), 0))
    panel = _overlay(image, difference, threshold)
    panel = panel.resize(size, Image.Resampling.NEAREST)
    canvas.paste(panel, (2 * (size[0] + 4), 0))
    return canvas


def _figure(row: Row) -> str:
    name = f"{row.name}#{row.place}" if row.place else row.name
    group = "" if row.group == row.name else f" · {row.group}"
    count = len(row.candidates)
    counted = f"{count} candidate{'' if count == 1 else 's'}"
    return (
        f"<figure><img alt='' src='{data_url(row.picture)}'><figcaption><b>"
        f"{row.score:.3f}</b> · {counted} · {escape(name)}{escape(group)}</figcaption>"
        "</figure>"
    )
