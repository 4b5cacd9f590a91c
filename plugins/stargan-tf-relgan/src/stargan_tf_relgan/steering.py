"""Steering by changes: `--to +Smiling:0.5,-Young` names what changes, by how much."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stargan_tf.plugin import LabelSteering

if TYPE_CHECKING:
    from stargan_tf.plugin import LabelSpace, Target


class RelativeSteering(LabelSteering):
    """What changes; what is not named stays, and nothing is guessed."""

    name = "relative"
    title = "relative"
    usage = (
        "--model DIR --to +NAME[:STRENGTH][,-NAME] INPUT [INPUT …] --output PATH",
        "--model DIR --all INPUT [INPUT …] --output PATH",
    )
    tasks = "stargan_tf_relgan.use:change_tasks"

    def add_arguments(self, parser):
        """No flags of its own."""

    def translation(self, space, target, given, mask):
        """Changes images; of `given` nothing is needed."""
        if target is None:
            return EveryChange(space)
        return Change(space, target)


@dataclass(frozen=True)
class Change:
    """Makes one change.

    Args:
        label_space: the model's names.
        target: what to change.
    """

    label_space: "LabelSpace"
    target: "Target"

    def __call__(self, model, images):
        """uint8 images (n, h, w, 3) → one array of the same shape, in a list."""
        from .model import change_vector

        return [model.translate(images, change_vector(self.label_space, self.target))]


@dataclass(frozen=True)
class EveryChange:
    """Adds each attribute, and takes each away that does not exclude others.

    Args:
        label_space: the model's names.
    """

    label_space: "LabelSpace"

    @property
    def changes(self):
        """Title → the change."""
        from stargan_tf.plugin import Target

        (info,) = self.label_space.datasets
        found = {}
        for name in info.domains:
            found[f"+{name}"] = Target(0, {name: 1.0})
            if info.label_type == "binary" and not info.rivals(name):
                found[f"-{name}"] = Target(0, {name: -1.0})
        return found

    @property
    def heading(self):
        """The grid's head: the input, then every change."""
        from stargan_tf.plugin import Heading

        return Heading(["input", *self.changes])

    def __call__(self, model, images):
        """uint8 images (n, h, w, 3) → an array of the same shape for each change."""
        return [
            Change(self.label_space, target)(model, images)[0]
            for target in self.changes.values()
        ]


RELATIVE = RelativeSteering()
