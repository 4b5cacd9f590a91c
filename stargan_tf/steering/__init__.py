"""Ways of steering a model: what a user names to say what it is to draw.

A model family names its steering (`ModelFamily.translated_by`). The engines ask it for
what depends on it, and know no steering by name: its flags of `stargan-tf translate`
and the plan of a translation, the model behind a server, the tasks of an evaluation,
and what a distilled student learns.
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from stargan_tf.errors import InputError, near_names

if TYPE_CHECKING:
    import argparse

    from stargan_tf.training.checkpoints import State
    from stargan_tf.translation.pictures import Fitting, PictureStream

# Name → the entry, imported when it is asked for; an entry imports NumPy, TensorFlow
# and the engines inside its methods only, because the command line's help reads it.
_ENTRIES = {
    "labels": "stargan_tf.steering.label_steering:LABELS",
    "styles": "stargan_tf.steering.style_steering:STYLES",
}
NAMES = tuple(_ENTRIES)


@dataclass(frozen=True)
class Plan:
    """A checked translation that only needs the model.

    Args:
        work: model → the files written.
        place: where they go, for the closing message.
        stream: the images that are read; None if there are none.
        code: functions for the model in place of its run's, as `load_model` takes them.
    """

    work: Callable[[Any], list[Path]]
    place: str
    stream: "PictureStream | None" = None
    code: Mapping[str, str | None] = field(default_factory=dict)


class Steering:
    """One way of steering a model; the entries derive from it.

    Attributes:
        name: what a model family's `translated_by` says.
        title: what messages call models that are steered so, as in "label models".
        usage: forms of `stargan-tf translate`, the usual one first.
        remote_model: `module:function`, (a `Client`, its description of a model, code
            of the model: name → `module:name`) → the model, to translate with.
        tasks: `module:function`, (subject, options) → the tasks of an evaluation.
        lessons: `module:class` of what a student learns, see
            `stargan_tf.steering.distillation`.
    """

    name: str
    title: str
    usage: tuple[str, ...]
    remote_model: str
    tasks: str
    lessons: str

    def add_arguments(self, parser: "argparse.ArgumentParser") -> None:
        """Adds the flags of `stargan-tf translate` that only this steering takes.

        The default of each must be a value that a user cannot give, or False.
        """
        raise NotImplementedError

    def check(self, args: "argparse.Namespace") -> None:
        """Raises InputError for flags of a translation that contradict each other."""
        raise NotImplementedError

    def plan(
        self, args: "argparse.Namespace", state: "State", fitting: "Fitting"
    ) -> Plan:
        """Checks all of a translation that can be checked without the model.

        Args:
            args: the parsed arguments, checked.
            state: of the model's checkpoint.
            fitting: how images become what the model takes.

        Raises:
            InputError: if what the user gave cannot be used.
            ImportError: if it needs an extra.
        """
        raise NotImplementedError

    def missing(self, flag: str) -> InputError:
        """The error of a flag that must be given."""
        return InputError(
            f"--{flag} is missing. Usage: stargan-tf translate {self.usage[0]}"
        )


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
