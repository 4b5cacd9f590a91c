"""A written SavedModel against the Keras model it was made of."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from stargan_tf.export.agreement import (
    GREY_LEVEL,
    PIXEL_SPAN,
    Agreement,
    Comparison,
    Limit,
)
from stargan_tf.export.disagreement import Disagreement
from stargan_tf.serving.case import Case, as_floats
from stargan_tf.serving.endpoint import FLOAT_SUFFIX

FLOATS = Limit(max=1e-3)
# What is rounded may fall on the other side.
LEVELS = Limit(max=GREY_LEVEL * 1.001)
_PICTURES = ("images", "encoded_bytes")
_ROWS = 4  # at a time: a few large pictures fit into any memory


def compare(folder: Path, cases: Sequence[Case]) -> dict[str, Agreement]:
    """Loads an export and asks it what Keras is asked.

    Args:
        folder: of the SavedModel.
        cases: the questions.

    Returns:
        Signature → how it agrees, pictures on the scale of [-1, 1].

    Raises:
        Disagreement: if one is too far from Keras.
    """
    signatures = tf.saved_model.load(str(folder)).signatures
    return {
        case.signature: _agreement(case, signatures[case.signature])
        for case in tqdm(cases, "Comparing with Keras")
    }


def _agreement(case: Case, signature: Any) -> Agreement:
    drawn = case.output in _PICTURES
    comparison = Comparison(PIXEL_SPAN if drawn else None)
    received = as_floats(_answer(case, signature))
    comparison.add(as_floats(case.expected()), received)
    agreement = comparison.result()
    rounded = drawn and not case.signature.endswith(FLOAT_SUFFIX)
    limit = LEVELS if rounded else FLOATS
    if not limit.kept(agreement):
        raise Disagreement(
            f"Signature '{case.signature}' differs too much from Keras: {agreement}; "
            f"it needs {limit}. Nothing was written. Pass --nocheck to write it all "
            "the same."
        )
    return agreement


def _answer(case: Case, signature: Any) -> np.ndarray:
    count = len(next(iter(case.inputs.values())))
    parts = []
    for start in range(0, count, _ROWS):
        rows = slice(start, start + _ROWS)
        tensors = {key: tf.constant(value[rows]) for key, value in case.inputs.items()}
        parts.append(signature(**tensors)[case.output].numpy())
    return np.concatenate(parts)
