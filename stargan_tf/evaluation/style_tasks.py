"""The tasks of a model that is steered by styles: every ordered pair of domains."""

from collections.abc import Callable
from itertools import permutations
from typing import Any

import numpy as np

from stargan_tf.evaluation.options import EvaluationOptions
from stargan_tf.evaluation.reference_codes import ReferenceCodes
from stargan_tf.evaluation.task import (
    LATENT,
    OWN,
    REFERENCE,
    Back,
    Subject,
    Task,
    Translate,
    spread,
)

# Rows of held-out images → style codes (n, outputs, style_dim).
Styles = Callable[[np.ndarray], np.ndarray]


def style_tasks(subject: Subject, options: EvaluationOptions) -> list[Task]:
    """Latent- and reference-guided, each ordered pair of domains.

    The styles of an image depend on the seed, the pair and the image alone, not on
    the batch size. The last task gives every image its own domain and style again.

    Args:
        subject: model and data, with one-hot labels.
        options: `count`, `outputs` and `seed` are used.

    Returns:
        The tasks; those without an image are left out.
    """
    domains = subject.held_out.info.domains
    references = [ReferenceCodes(subject, options, i) for i in range(len(domains))]
    tasks = []
    for guide in (LATENT, REFERENCE):
        for source, target in permutations(range(len(domains)), 2):
            styles, outputs = references[target].of, references[target].outputs
            if guide == LATENT:
                styles = _latent_styles(subject.model, target, options)
                outputs = options.outputs
            task = _pair(subject, options, guide, source, target, styles, outputs)
            tasks.append(task)
    tasks.append(_own(subject, options))
    return [task for task in tasks if len(task.rows)]


def _pair(
    subject: Subject,
    options: EvaluationOptions,
    guide: str,
    source: int,
    target: int,
    styles: Styles,
    outputs: int,
) -> Task:
    labels, domains = subject.held_out.labels, subject.held_out.info.domains
    rows = spread(np.flatnonzero(labels[:, source]), options.count)
    return Task(
        guide=guide,
        target=domains[target],
        column=target,
        value=1.0,
        rows=rows,
        labels=np.tile(np.eye(len(domains), dtype=np.float32)[target], (len(rows), 1)),
        translate=_in_styles(subject.model, rows, styles),
        back=_back(subject.model, domains[source]),
        source=domains[source],
        outputs=outputs,
    )


def _own(subject: Subject, options: EvaluationOptions) -> Task:
    rows = spread(np.arange(len(subject.held_out)), options.count)
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


def _back(model: Any, domain: str) -> Back:
    """The cycle of the training: back with the style of the image itself."""

    def back(places: np.ndarray, images: np.ndarray, outputs: np.ndarray) -> np.ndarray:
        codes = model.encode_style(images, domain)
        return np.asarray(model.translate(outputs, styles=codes))

    return back
