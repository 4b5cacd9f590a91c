"""What `Blond_Hair,Young` means for a source's label, inside of the graph.

The same rules as `translation.targets`, which has them in words.
"""

import numpy as np
import tensorflow as tf

from stargan_tf.data.info import ONE_HOT
from stargan_tf.data.label_space import LabelSpace


class TargetNames:
    """Names of labels → label vectors.

    Args:
        space: the model's names.
    """

    def __init__(self, space: LabelSpace):
        self._space = space
        self._bare = [name for info in space.datasets for name in info.domains]
        self._full = [f"{i.name}.{name}" for i in space.datasets for name in i.domains]
        self._owner = np.concatenate(
            [
                np.full(len(info.domains), number)
                for number, info in enumerate(space.datasets)
            ]
        )
        self._rivals = _rivals(space)

    def labels(self, names, probabilities):
        """The label vectors that pictures are translated to.

        Args:
            names: string (n,), `NAME`, `NAME=0` or `NAME=1`, several with commas.
            probabilities: float (n, num_domains), of the source's own labels.

        Returns:
            float32 (n, width of the label vector). A target that makes no sense is
            INVALID_ARGUMENT.
        """
        on, off = self._switched(names)
        owners = tf.one_hot(self._owner, len(self._space.datasets))
        used = tf.matmul(tf.cast(on | off, tf.float32), owners) > 0  # (n, data sets)
        source = self._source(probabilities)
        wanted = tf.where(on, 1.0, tf.where(off, 0.0, source))
        beaten = tf.matmul(tf.cast(on, tf.float32), self._rivals) > 0
        wanted = tf.where(beaten & ~on, 0.0, wanted)
        known = tf.gather(used, self._owner, axis=1)
        checks = self._checks(on, off, beaten, used)
        with tf.control_dependencies(checks):
            wanted = tf.where(known, wanted, 0.0)
        if not self._space.mask_width:
            return wanted
        return tf.concat([wanted, tf.cast(used, tf.float32)], axis=1)

    def _switched(self, names):
        """Which labels are switched on, and which off: two bool (n, num_domains)."""
        items = tf.strings.split(names, ",")  # ragged (n, ?)
        flat = tf.strings.strip(items.flat_values)
        bare = tf.strings.regex_replace(flat, "=[01]$", "")
        low = tf.strings.regex_full_match(flat, ".*=0")
        hits = (bare[:, None] == self._bare) | (bare[:, None] == self._full)
        count = tf.reduce_sum(tf.cast(hits, tf.int32), axis=1)
        known = ", ".join(self._bare)
        checks = [
            tf.debugging.Assert(
                tf.reduce_all(count > 0),
                [f"An unknown label name. The model has {known}. Received:", names],
            ),
            tf.debugging.Assert(
                tf.reduce_all(count < 2),
                ["A name of several data sets: write DATASET.NAME. Received:", names],
            ),
        ]
        with tf.control_dependencies(checks):
            hits = tf.identity(hits)
        rows = items.value_rowids(), items.nrows()
        return tuple(_any(hits & chosen[:, None], *rows) for chosen in (~low, low))

    def _source(self, probabilities):
        """The source's own labels, 0 or 1, as `translation.targets.binarise`."""
        parts = []
        for info, part in zip(self._space.datasets, self._space.slices, strict=True):
            likely = probabilities[:, part]
            if info.label_type == ONE_HOT:
                # The target says everything.
                parts.append(tf.zeros_like(likely))
                continue
            columns = tf.unstack(tf.cast(likely >= 0.5, tf.float32), axis=1)
            for group in info.exclusive_groups:
                indices = [info.index(domain) for domain in group]
                members = tf.gather(likely, indices, axis=1)
                some = tf.reduce_sum(members, axis=1, keepdims=True) >= 0.5
                best = tf.one_hot(tf.argmax(members, axis=1), len(indices))
                best *= tf.cast(some, tf.float32)
                for place, index in enumerate(indices):
                    columns[index] = best[:, place]
            parts.append(tf.stack(columns, axis=1))
        return tf.concat(parts, axis=1)

    def _checks(self, on, off, beaten, used):
        one_hot = np.array([i.label_type == ONE_HOT for i in self._space.datasets])
        owners = tf.one_hot(self._owner, len(self._space.datasets))
        chosen = tf.matmul(tf.cast(on, tf.float32), owners) > 0
        rules = (
            (~(on & off), "A target wants a label both on and off. Keep one."),
            (~(on & beaten), "A target wants two labels that exclude each other."),
            (
                tf.reduce_sum(tf.cast(used, tf.int32), axis=1) == 1,
                "A target names labels of one data set at a time.",
            ),
            (
                chosen | ~used | ~one_hot[None],
                "Exactly one of these labels is on: name the one to switch to.",
            ),
        )
        return [tf.debugging.Assert(tf.reduce_all(ok), [text]) for ok, text in rules]


def _any(flags, row, rows):
    summed = tf.math.unsorted_segment_sum(tf.cast(flags, tf.int32), row, rows)
    return summed > 0


def _rivals(space: LabelSpace) -> np.ndarray:
    """(num_domains, num_domains): 1 where the column is switched off by the row."""
    matrix = np.zeros((space.num_domains, space.num_domains), np.float32)
    for info, part in zip(space.datasets, space.slices, strict=True):
        for domain in info.domains:
            for rival in info.rivals(domain):
                row, column = info.index(domain), info.index(rival)
                matrix[part.start + row, part.start + column] = 1.0
    return matrix
