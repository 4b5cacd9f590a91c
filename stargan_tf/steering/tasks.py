"""What evaluation measures, for each steering."""

from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import permutations
from typing import Any

import numpy as np

from stargan_tf.data.labels import quoted
from stargan_tf.data.targets import apply_target
from stargan_tf.errors import InputError
from stargan_tf.evaluation.options import EvaluationOptions
from stargan_tf.evaluation.tasks import (
    LABEL,
    LATENT,
    OWN,
    REFERENCE,
    Back,
    Subject,
    Task,
    Translate,
    image_batches,
    subsample,
)
from stargan_tf.steering.labels import is_flipped


def label_tasks(subject: Subject, options: EvaluationOptions) -> list[Task]:
    """One task for each target, over the images that do not show it yet.

    A domain that excludes others is switched on; any other attribute is switched on
    where it is off (`Male`), and off where it is on (`Male=0`). The last task gives
    every image its own label again.

    Tasks without an image are left out. Of the options, `count` is used.
    """
    tasks = list(_label_changes(subject, options.count))
    everything = subsample(np.arange(len(subject.held_out)), options.count)
    own = subject.held_out.labels[everything]
    translate = _to_labels(subject, own)
    tasks.append(Task(OWN, OWN, 0, 1.0, everything, own, translate))
    return [task for task in tasks if len(task.rows)]


def _label_changes(subject: Subject, count: int | None) -> Iterator[Task]:
    info, labels = subject.held_out.info, subject.held_out.labels
    for column, domain in enumerate(info.domains):
        for value in (1.0, 0.0) if is_flipped(info, domain) else (1.0,):
            rows = subsample(np.flatnonzero(labels[:, column] != value), count)
            shift = 1.0 if value else -1.0
            wanted = apply_target(info, labels[rows], {domain: shift})
            yield Task(
                guide=LABEL,
                target=quoted(domain) if value else f"{quoted(domain)}=0",
                column=column,
                value=value,
                rows=rows,
                labels=wanted,
                translate=_to_labels(subject, wanted),
                back=_back_to_labels(subject, labels[rows]),
            )


def _to_labels(subject: Subject, labels: np.ndarray):
    def translate(places: np.ndarray, images: np.ndarray) -> np.ndarray:
        wanted = labels[places]
        outputs = subject.model.translate(images, wanted, dataset=subject.dataset)
        return np.asarray(outputs)[:, np.newaxis]

    return translate


def _back_to_labels(subject: Subject, labels: np.ndarray):
    translate = _to_labels(subject, labels)
    return lambda places, images, outputs: translate(places, outputs)[:, 0]


class ReferenceCodes:
    """Draws references for images; each reference is encoded once.

    Args:
        subject: model and data.
        options: `seed`, `outputs`, `count` and `batch_size` are used.
        domain: number of the domain.
    """

    def __init__(self, subject: Subject, options: EvaluationOptions, domain: int):
        self.subject, self.options, self.domain = subject, options, domain
        members = np.flatnonzero(subject.held_out.labels[:, domain])
        least = options.count and max(options.count, options.outputs)
        self.rows = subsample(members, least)
        # Two equal references would make equal translations, and less diversity.
        self.outputs = max(1, min(options.outputs, len(self.rows)))

    @cached_property
    def codes(self) -> np.ndarray:
        """Style codes of all references, (m, style_dim)."""
        size = self.options.batch_size
        batches = image_batches(self.subject.held_out, self.rows, size)
        parts = [
            self.subject.model.encode_style(images, self.domain)
            for _, images in batches
        ]
        if not parts:
            raise InputError(
                f"The domain '{self.subject.held_out.info.domains[self.domain]}' has "
                "no readable held-out image to take a style from. Add images."
            )
        return np.concatenate(parts)

    def of(self, rows: np.ndarray) -> np.ndarray:
        """Styles (n, outputs, style_dim) for held-out images with the numbers `rows`.

        They are drawn without repetition where there are enough references; fewer
        than the options say where there are fewer.
        """
        total, outputs = len(self.codes), self.outputs
        chosen = [
            np.random.default_rng([self.options.seed, self.domain, row]).choice(
                total, outputs, replace=total < outputs
            )
            for row in rows.tolist()
        ]
        return self.codes[np.stack(chosen)]


# Rows of held-out images → style codes (n, outputs, style_dim).
Styles = Callable[[np.ndarray], np.ndarray]


def style_tasks(subject: Subject, options: EvaluationOptions) -> list[Task]:
    """Latent- and reference-guided, each ordered pair of domains.

    The styles of an image depend on the seed, the pair and the image alone, not on
    the batch size. The last task gives every image its own domain and style again.

    Tasks without an image are left out. Of the options, `count`, `outputs` and `seed`
    are used.
    """
    model, labels = subject.model, subject.held_out.labels
    domains = subject.held_out.info.domains
    references = [ReferenceCodes(subject, options, i) for i in range(len(domains))]
    one_hot = np.eye(len(domains), dtype=np.float32)
    tasks = []
    for guide in (LATENT, REFERENCE):
        for source, target in permutations(range(len(domains)), 2):
            styles, outputs = references[target].of, references[target].outputs
            if guide == LATENT:
                styles = _latent_styles(model, target, options)
                outputs = options.outputs
            rows = subsample(np.flatnonzero(labels[:, source]), options.count)
            task = Task(
                guide=guide,
                target=domains[target],
                column=target,
                value=1.0,
                rows=rows,
                labels=np.tile(one_hot[target], (len(rows), 1)),
                translate=_in_styles(model, rows, styles),
                back=_back_in_style(model, domains[source]),
                source=domains[source],
                outputs=outputs,
            )
            tasks.append(task)
    tasks.append(_own_styles(subject, options))
    return [task for task in tasks if len(task.rows)]


def _own_styles(subject: Subject, options: EvaluationOptions) -> Task:
    rows = subsample(np.arange(len(subject.held_out)), options.count)
    labels = subject.held_out.labels[rows]

    def translate(places: np.ndarray, images: np.ndarray) -> np.ndarray:
        domains = labels[places].argmax(axis=1).tolist()
        codes = subject.model.encode_style(images, domains)
        return np.asarray(subject.model.translate(images, styles=codes))[:, np.newaxis]

    return Task(OWN, OWN, 0, 1.0, rows, labels, translate)


def _latent_styles(model: Any, target: int, options: EvaluationOptions) -> Styles:
    def styles(rows: np.ndarray) -> np.ndarray:
        shape = (options.outputs, model.latent_dim)
        draws = [
            np.random.default_rng([options.seed, target, row]).standard_normal(shape)
            for row in rows.tolist()
        ]
        codes = model.map_latents(np.concatenate(draws), target)
        return codes.reshape(len(rows), options.outputs, -1)

    return styles


def _in_styles(model: Any, rows: np.ndarray, styles: Styles) -> Translate:
    def translate(places: np.ndarray, images: np.ndarray) -> np.ndarray:
        codes = styles(rows[places])
        outputs = model.translate(
            np.repeat(images, codes.shape[1], axis=0),
            styles=codes.reshape(-1, codes.shape[2]),
        )
        return np.asarray(outputs).reshape(*codes.shape[:2], *images.shape[1:])

    return translate


def _back_in_style(model: Any, domain: str) -> Back:
    """The cycle of the training: back with the style of the image itself."""

    def back(places: np.ndarray, images: np.ndarray, outputs: np.ndarray) -> np.ndarray:
        codes = model.encode_style(images, domain)
        return np.asarray(model.translate(outputs, styles=codes))

    return back
