"""The interface of checks that see every picture once."""

from typing import Protocol

from stargan_tf.doctor.finding import Finding
from stargan_tf.doctor.picture import Picture


class PictureCheck(Protocol):
    """A check that keeps counts and the names at fault, not pictures."""

    def see(self, picture: Picture) -> None:
        """Takes note of one picture.

        Args:
            picture: readable or not.
        """
        ...

    def findings(self) -> list[Finding]:
        """The result, once all pictures were seen."""
        ...
