"""Steering: how users specify a translation, by labels, styles, or in another way.

A model family names its steering (`ModelFamily.translated_by`), which is an entry point
of the group `stargan_tf.steerings`. A steering provides the flags of `stargan-tf
translate` and the plan of a translation, the client of a model on a server, and the
tasks of an evaluation. No engine refers to a steering by name.
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
    """A translation whose arguments are checked and that only needs the model.

    Args:
        work: function from the model to the list of files written.
        place: the output path, for the final message.
        stream: the input images; None if there are none.
        code: functions that replace those of the model's run, as for `load_model`.
    """

    work: Callable[[Any], list[Path]]
    place: str
    stream: "PictureStream | None" = None
    code: Mapping[str, str | None] = field(default_factory=dict)


class Steering:
    """The base class of steerings.

    The command-line help imports the module of every steering, so the module must
    import NumPy, TensorFlow, and engines only inside methods.

    Attributes:
        api_version: the `API_VERSION` of `stargan_tf.plugin` that the steering was
            written for: 1.
        name: value of `translated_by` in model families.
        title: name of such models in messages, as in "label models".
        usage: usage lines of `stargan-tf translate`, the most common one first.
        remote_model: `module:function` that creates the client-side model: (`Client`,
            the server's description of the model, {name: `module:name`} of functions
            for the model) → the model.
        tasks: `module:function` that lists the tasks of an evaluation: (subject,
            options) → tasks.
    """

    api_version: int
    name: str
    title: str
    usage: tuple[str, ...]
    remote_model: str
    tasks: str

    def add_arguments(self, parser: "argparse.ArgumentParser") -> None:
        """Adds flags to `stargan-tf translate` that only this steering accepts.

        Each default must be False, or a value that users cannot pass.
        """
        raise NotImplementedError

    def check(self, args: "argparse.Namespace") -> None:
        """Checks the flags of a translation.

        Raises:
            InputError: if flags contradict each other.
        """
        raise NotImplementedError

    def plan(
        self, args: "argparse.Namespace", state: "State", fitting: "Fitting"
    ) -> Plan:
        """Checks a translation as far as possible without the model.

        Args:
            args: the parsed arguments, after `check`.
            state: state of the model's checkpoint.
            fitting: how image files are converted to inputs of the model.

        Returns:
            The `Plan`.

        Raises:
            InputError: if an argument or a file cannot be used.
            ImportError: if an extra is not installed.
        """
        raise NotImplementedError

    def missing(self, flag: str) -> InputError:
        """Returns the error for a required flag that was not given."""
        return InputError(
            f"--{flag} is missing. Usage: stargan-tf translate {self.usage[0]}"
        )


@functools.cache
def steering(name: str) -> Steering:
    """Returns the steering called `name`.

    Args:
        name: value of `translated_by` of a model family.

    Raises:
        InputError: if there is no such steering, or its package cannot be imported.
    """
    return STEERINGS.load(name)


def steerings() -> list[Steering]:
    """Returns all installed steerings, those of this package first.

    A steering that cannot be imported is omitted. `steering` raises the error when a
    model needs it.
    """
    available = []
    installed = STEERINGS.installed().items()
    for name, _ in sorted(installed, key=lambda item: not item[1].is_ours):
        with contextlib.suppress(InputError):
            available.append(steering(name))
    return available


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
        """Adds `--mask`."""
        group = parser.add_argument_group("Target (label models)")
        group.add_argument(
            "--mask",
            metavar="DATASET",
            help="Joint models: data set that the mask selects, to reproduce the "
            "wrong mask of the paper's figure 7.",
        )

    def check(self, args):
        """Checks `--output`, `--to`, `--all`, and `--size`."""
        if not args.output:
            raise self.missing("output")
        if (args.to is not None) == args.all:
            received = "both" if args.all else "neither"
            raise InputError(
                f"Pass either --to NAME[,NAME] or --all. Received: {received}."
            )
        if args.all and args.size == "original":
            raise InputError(
                "--all makes a grid at the model's image size. Received: --size "
                "original. Use --to, or remove --size."
            )

    def plan(self, args, state, fitting):
        """Plans one output per input, or the paper's grid with every domain."""
        from stargan_tf.data.labels import LabelSpace
        from stargan_tf.data.targets import parse_target
        from stargan_tf.steering.styles import check_count
        from stargan_tf.translation.pictures import PictureStream, find_inputs
        from stargan_tf.translation.translate import to_files, to_grid

        measured = fitting.is_measured
        files = find_inputs(args.inputs, args.output, measured=measured)
        stream = PictureStream(files, fitting)
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
        """Returns the translation, a function (model, images) → list of arrays.

        Args:
            space: the model's `LabelSpace`.
            target: the target of `--to`; None for every domain, with one column each.
                The function then has the attribute `heading`.
            given: labels of the images from `--from`.
            mask: name of the data set from `--mask`.
        """
        from stargan_tf.steering import labels

        claimed = None if mask is None else labels.parse_mask(mask, space)
        if target is None:
            return labels.ToEveryDomain(space, given, claimed)
        return labels.ToTarget(space, target, given, claimed)


LABELS = LabelSteering()
