"""The names in a new plugin, all made from one."""

import keyword
import re
from dataclasses import dataclass

from stargan_tf.errors import InputError


@dataclass(frozen=True)
class Names:
    """What a new plugin calls its parts.

    Args:
        name: of the data set, as typed after `--dataset`: small letters, digits and
            underscores.

    Raises:
        InputError: if it has another form.
    """

    name: str

    def __post_init__(self) -> None:
        well_formed = re.fullmatch(r"[a-z][a-z0-9_]*[a-z0-9]", self.name)
        if not well_formed or keyword.iskeyword(self.name):
            raise InputError(
                "The name of a data set must be small letters, digits and underscores, "
                "begin with a letter, and be no word of Python. "
                f"Received: {self.name}. {_proposal(self.name)}"
            )

    @property
    def distribution(self) -> str:
        """What pip calls the package."""
        return f"stargan-tf-{self.name.replace('_', '-')}"

    @property
    def module(self) -> str:
        """What Python imports."""
        return f"stargan_tf_{self.name}"

    @property
    def class_name(self) -> str:
        """Of the definition."""
        return "".join(part.capitalize() for part in self.name.split("_"))


def _proposal(name: str) -> str:
    """A name of the right form that is near; nothing if there is none."""
    near = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_0123456789")
    if len(near) < 2 or keyword.iskeyword(near):
        return "For example: my_flowers."
    return f"For example: {near}."
