"""Ways of steering a model: what a user names to say what it is to draw.

A model family names its steering (`ModelFamily.translated_by`), which is an entry point
of the group `stargan_tf.steerings`. The engines ask it for what depends on it, and know
no steering by name: its flags of `stargan-tf translate` and the plan of a translation,
the model behind a server, and the tasks of an evaluation.
"""

import contextlib
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stargan_tf.discovery import API_VERSION, STEERINGS
from stargan_tf.errors import InputError

if TYPE_CHECKING:
    import argparse

    from stargan_tf.data.labels import LabelSpace
    from stargan_tf.data.targets import Target
    from stargan_tf.training.checkpoints import State
    from stargan_tf.translation.pictures import Fitting, PictureStream


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

    The command line's help imports an entry's module, so it imports NumPy, TensorFlow
    and engines inside its methods only.

    Attributes:
        api_version: the `API_VERSION` of `stargan_tf.plugin` it was written against: 1.
        name: what a model family's `translated_by` says.
        title: what messages call models that are steered so, as in "label models".
        usage: forms of `stargan-tf translate`, the usual one first.
        remote_model: `module:function`, (a `Client`, its description of a model, code
            of the model: name → `module:name`) → the model, to translate with.
        tasks: `module:function`, (subject, options) → the tasks of an evaluation.
    """

    api_version: int
    name: str
    title: str
    usage: tuple[str, ...]
    remote_model: str
    tasks: str

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
        InputError: if there is none, or its package is broken.
    """
    return STEERINGS.load(name)


def steerings() -> list[Steering]:
    """All that are installed, ours first.

    A broken one is left out; `steering` says what is wrong when a model needs it.
    """
    found = []
    installed = STEERINGS.installed().items()
    for name, _ in sorted(installed, key=lambda item: not item[1].is_ours):
        with contextlib.suppress(InputError):
            found.append(steering(name))
    return found


class LabelSteering(Steering):
    """Steering by labels; see `stargan_tf.steering.labels`."""

    api_version = API_VERSION
    name = "labels"
    title = "label"
    usage = (
        "--model DIR --to NAME[,NAME] INPUT [INPUT …] --output PATH",
        "--model DIR --all INPUT [INPUT …] --output PATH",
    )

    remote_model = "stargan_tf.serving.remote_models:RemoteLabelModel"
    tasks = "stargan_tf.steering.tasks:label_tasks"

    def add_arguments(self, parser):
        """`--mask`."""
        group = parser.add_argument_group("Target (label models)")
        group.add_argument(
            "--mask",
            metavar="DATASET",
            help="Joint models: the data set that the mask claims, for the paper's "
            "wrong mask.",
        )

    def check(self, args):
        """Refuses flags that contradict each other."""
        if not args.output:
            raise self.missing("output")
        if (args.to is not None) == args.all:
            raise InputError("Give either --to NAME[,NAME] or --all.")
        if args.all and args.size == "original":
            raise InputError(
                "--all draws pictures as the model does; --size original needs --to."
            )

    def plan(self, args, state, fitting):
        """One output for each input, or the paper's grid of every domain."""
        from stargan_tf.data.labels import LabelSpace
        from stargan_tf.data.targets import parse_target
        from stargan_tf.steering.styles import check_count
        from stargan_tf.translation.pictures import PictureStream, find_inputs
        from stargan_tf.translation.translate import to_files, to_grid

        measured = fitting.is_measured
        pictures = find_inputs(args.inputs, args.output, measured=measured)
        stream = PictureStream(pictures, fitting)
        space = LabelSpace(state.datasets)
        given = None if args.from_ is None else parse_target(args.from_, space)
        target = None if args.all else parse_target(args.to, space)
        translation = self.translation(space, target, given, args.mask)
        if args.all:
            columns = len(translation.heading.titles)
            check_count(columns - 1, "--all")
            write = to_grid(
                stream,
                args.output,
                args.batch_size,
                columns,
                overwrite=args.overwrite,
            )
        else:
            write = to_files(
                stream,
                args.output,
                args.batch_size,
                overwrite=args.overwrite,
                record=getattr(args, "record", None),
            )
        return Plan(partial(write, translation=translation), args.output, stream)

    def translation(
        self,
        space: "LabelSpace",
        target: "Target | None",
        given: "Target | None",
        mask: str | None,
    ) -> Callable[[Any, Any], list]:
        """What is done with the model: (model, images) → arrays like the images.

        Args:
            space: the model's names.
            target: what `--to` says; None for every domain, a column each, whose
                `heading` is then an attribute.
            given: the images' own labels, as `--from` says.
            mask: the data set that `--mask` names.
        """
        from stargan_tf.steering import labels

        claimed = None if mask is None else labels.parse_mask(mask, space)
        if target is None:
            return labels.ToEveryDomain(space, given, claimed)
        return labels.ToTarget(space, target, given, claimed)


LABELS = LabelSteering()
