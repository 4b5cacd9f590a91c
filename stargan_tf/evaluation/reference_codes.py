"""The styles of one domain's held-out images, from which references are drawn."""

from functools import cached_property

import numpy as np

from stargan_tf.errors import InputError
from stargan_tf.evaluation.image_batches import image_batches
from stargan_tf.evaluation.options import EvaluationOptions
from stargan_tf.evaluation.task import Subject, spread


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
        self.rows = spread(members, least)
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
        """Styles for images, drawn without repetition where there are enough.

        Args:
            rows: numbers of held-out images (n,).

        Returns:
            Style codes (n, outputs, style_dim); fewer outputs than the options say
            where there are fewer references.
        """
        total, outputs = len(self.codes), self.outputs
        chosen = [
            np.random.default_rng([self.options.seed, self.domain, row]).choice(
                total, outputs, replace=total < outputs
            )
            for row in rows.tolist()
        ]
        return self.codes[np.stack(chosen)]
