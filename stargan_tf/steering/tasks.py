"""The tasks of an evaluation, for steering by labels and by styles."""

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
from stargan_tf.steering.labels import is_flipped, known_labels


def label_tasks(subject: Subject, options: EvaluationOptions) -> list[Task]:
    """Lists one task per target, with the images that do not have the target label yet.

    A domain of an exclusive group is set to 1. Any other attribute has two tasks: it
    is set to 1 where it is 0 (`Male`), and to 0 where it is 1 (`Male=0`). The last task
    translates every image to its own label.

    Args:
        subject: model and data.
        options: evaluation options, of which `count` is used.

    Returns:
        The tasks that have at least one image.
    """
    tasks = list(_label_changes(subject, options.count))
    rows = subsample(np.arange(len(subject.held_out)), options.count)
    labels = subject.held_out.labels[rows]
    translate = _to_labels(subject, labels, labels)
    tasks.append(Task(OWN, OWN, 0, 1.0, rows, labels, translate))
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
                translate=_to_labels(subject, labels[rows], wanted),
                back=_back_to_labels(subject, wanted, labels[rows]),
            )


def _to_labels(subject: Subject, source: np.ndarray, labels: np.ndarray):
    def translate(places: np.ndarray, images: np.ndarray) -> np.ndarray:
        known = known_labels(subject.model, source[places])
        outputs = subject.model.translate(
            images, labels[places], dataset=subject.dataset, **known
        )
        return np.asarray(outputs)[:, np.newaxis]

    return translate


def _back_to_labels(subject: Subject, source: np.ndarray, labels: np.ndarray):
    translate = _to_labels(subject, source, labels)
    return lambda places, images, outputs: translate(places, outputs)[:, 0]


class ReferenceCodes:
    """Selects random references for images; each reference is encoded only once.

    Args:
        subject: model and data.
        options: evaluation options, of which `seed`, `outputs`, `count`, and
            `batch_size` are used.
        domain: index of the domain.
    """

    def __init__(self, subject: Subject, options: EvaluationOptions, domain: int):
        self.subject, self.options, self.domain = subject, options, domain
        members = np.flatnonzero(subject.held_out.labels[:, domain])
        least = options.count and max(options.count, options.outputs)
        self.rows = subsample(members, least)
        # Equal references would give equal translations, which lowers the diversity.
        self.outputs = max(1, min(options.outputs, len(self.rows)))

    @cached_property
    def codes(self) -> np.ndarray:
        """Style codes of all references, (m, style_dim)."""
        size = self.options.batch_size
        batches = image_batches(self.subject.held_out, self.rows, size)
        codes = [
            self.subject.model.encode_style(images, self.domain)
            for _, images in batches
        ]
        if not codes:
            name = self.subject.held_out.info.domains[self.domain]
            raise InputError(
                f"The domain '{name}' needs at least one readable held-out image as a "
                "reference. Received: none. Add images."
            )
        return np.concatenate(codes)

    def of(self, rows: np.ndarray) -> np.ndarray:
        """Returns random styles (n, outputs, style_dim) for the held-out images `rows`.

        The references of an image are distinct if there are enough. If there are fewer
        references than the option `outputs`, there are fewer outputs.
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
    """Lists latent- and reference-guided tasks for each ordered pair of domains.

    The styles of an image depend only on the seed, the pair, and the image, not on the
    batch size. The last task translates every image to its own domain and style.

    Args:
        subject: model and data.
        options: evaluation options, of which `count`, `outputs`, `seed`, and
            `batch_size` are used.

    Returns:
        The tasks that have at least one image.
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
    tasks.append(_reconstruction(subject, options))
    return [task for task in tasks if len(task.rows)]


def _reconstruction(subject: Subject, options: EvaluationOptions) -> Task:
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
    """Translates back to the style of the image, as in the cycle loss."""

    def back(places: np.ndarray, images: np.ndarray, outputs: np.ndarray) -> np.ndarray:
        codes = model.encode_style(images, domain)
        return np.asarray(model.translate(outputs, styles=codes))

    return back
