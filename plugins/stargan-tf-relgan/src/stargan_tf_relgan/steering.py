"""Steering by relative changes, such as `--to +Smiling:0.5,-Young`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stargan_tf.plugin import InputError, LabelSteering

if TYPE_CHECKING:
    from stargan_tf.plugin import LabelSpace, Target


class RelativeSteering(LabelSteering):
    """Changes the named attributes and preserves all others."""

    name = "relative"
    title = "relative"
    usage = (
        "--model DIR --to +NAME[:STRENGTH][,-NAME] INPUT [INPUT …] --output PATH",
        "--model DIR --all INPUT [INPUT …] --output PATH",
    )
    tasks = "stargan_tf_relgan.use:change_tasks"

    def add_arguments(self, parser):
        """Adds no flags."""

    def check(self, args):
        """Refuses --from, which relative changes do not need."""
        super().check(args)
        if args.from_:
            raise InputError(
                "RelGAN does not need --from, because --to names only what changes. "
                f"Received: --from {args.from_}. Drop it."
            )

    def translation(self, space, target, given, mask):
        """Returns the translation for a target, or for every change without one."""
        if target is None:
            return EveryChange(space)
        return Change(space, target)


@dataclass(frozen=True)
class Change:
    """Translation that applies a change.

    Args:
        label_space: label space of the model.
        target: the change.
    """

    label_space: "LabelSpace"
    target: "Target"

    def __call__(self, model, images):
        """Returns a list with the changed images, uint8, shaped like `images`."""
        from .model import change_vector

        return [model.translate(images, change_vector(self.label_space, self.target))]


@dataclass(frozen=True)
class EveryChange:
    """Translation that adds each attribute, and removes each non-exclusive attribute.

    Args:
        label_space: label space of the model.
    """

    label_space: "LabelSpace"

    @property
    def changes(self):
        """{column title: change} of the grid."""
        from stargan_tf.plugin import Target

        (info,) = self.label_space.datasets
        targets = {}
        for name in info.domains:
            targets[f"+{name}"] = Target(0, {name: 1.0})
            if info.label_type == "binary" and not info.rivals(name):
                targets[f"-{name}"] = Target(0, {name: -1.0})
        return targets

    @property
    def heading(self):
        """Heading of the grid: the input and all changes."""
        from stargan_tf.plugin import Heading

        return Heading(["input", *self.changes])

    def __call__(self, model, images):
        """Returns changed images per change, each uint8, shaped like `images`."""
        return [
            Change(self.label_space, target)(model, images)[0]
            for target in self.changes.values()
        ]


RELATIVE = RelativeSteering()
