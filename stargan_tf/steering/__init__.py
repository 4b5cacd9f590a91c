"""Ways of steering a model: what a user names to say what it is to draw.

A model family names its steering (`ModelFamily.translated_by`). The engines ask it for
what depends on it, and know no steering by name: its flags of `stargan-tf translate`,
the tasks of an evaluation, and what a distilled student learns from.
"""

import functools
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from stargan_tf.errors import InputError, near_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stargan_tf.evaluation.options import EvaluationOptions
    from stargan_tf.evaluation.tasks import Subject, Task

# Name → the entry, imported when it is asked for; an entry imports NumPy, TensorFlow
# and the engines inside its methods only, because the command line's help reads it.
_ENTRIES = {
    "labels": "stargan_tf.steering.label_steering:LABELS",
    "styles": "stargan_tf.steering.style_steering:STYLES",
}
NAMES = tuple(_ENTRIES)


class Steering:
    """One way of steering a model; the entries derive from it.

    Attributes:
        name: what a model family's `translated_by` says.
        title: what messages call models that are steered so, as in "label models".
    """

    name: str
    title: str

    def tasks(self, subject: "Subject", options: "EvaluationOptions") -> "list[Task]":
        """The tasks of an evaluation.

        Args:
            subject: model and data.
            options: what to measure.
        """
        raise NotImplementedError

    def remote_model(
        self,
        client: Any,
        description: "Mapping[str, Any]",
        code: "Mapping[str, str | None]",
    ) -> Any:
        """A model that a server holds, with the methods that translation uses.

        Args:
            client: a `Client` of it.
            description: what the server says about it.
            code: functions for the model, name → `module:name`.

        Raises:
            InputError: if a function cannot be imported.
        """
        raise NotImplementedError

    def distillation(self) -> Any:
        """`TEACHER`, `WIDTH`, `input_shapes`, `inputs` and `finish` of a distillation.

        See `stargan_tf.distillation`.
        """
        raise NotImplementedError


@functools.cache
def steering(name: str) -> Steering:
    """The steering called `name`.

    Args:
        name: as a model family's `translated_by` says.

    Raises:
        InputError: if there is none.
    """
    if name not in _ENTRIES:
        raise InputError(f"There is no steering '{name}'. " + near_names(name, NAMES))
    return resolve_name(_ENTRIES[name])
