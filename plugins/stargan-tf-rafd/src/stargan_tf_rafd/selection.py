"""Which photographs a data set takes, what it calls their domains, and its splits."""

from collections.abc import Sequence
from dataclasses import dataclass

from stargan_tf.plugin import split_positions
from stargan_tf_rafd.file_name import ANGLES, EXPRESSIONS, GAZES, Photo, read_name

# The share of persons that the prepared files of TensorFlow Datasets hold out.
HELD_OUT_SHARE = 0.1


@dataclass(frozen=True)
class Selection:
    """Some of RaFD's photographs, by one of their properties.

    Args:
        domain: the property that is the label: `"expression"`, `"gaze"`, `"angle"`.
        angles: cameras whose photographs are taken.
        gazes: gazes that are taken.
    """

    domain: str = "expression"
    angles: tuple[str, ...] = ANGLES
    gazes: tuple[str, ...] = GAZES

    @property
    def values(self) -> tuple[str, ...]:
        """The values of the property, as the file names have them."""
        known = {"expression": EXPRESSIONS, "gaze": GAZES, "angle": self.angles}
        return known[self.domain]

    @property
    def domains(self) -> tuple[str, ...]:
        """The names of the domains."""
        prefix = "" if self.domain == "expression" else f"{self.domain}_"
        return tuple(f"{prefix}{value}" for value in self.values)

    def takes(self, photo: Photo) -> bool:
        """Whether a photograph belongs to it."""
        return photo.angle in self.angles and photo.gaze in self.gazes

    def number(self, photo: Photo) -> int:
        """The number of a photograph's domain."""
        return self.values.index(getattr(photo, self.domain))


# 67 people × 8 expressions × 3 gazes × 3 cameras: the 4,824 photographs of the paper.
PAPER = Selection(angles=("045", "090", "135"))
FRONTAL = Selection(angles=("090",), gazes=("frontal",))
GAZE = Selection(domain="gaze", angles=PAPER.angles)
ANGLE = Selection(domain="angle")


def of_split(
    names: Sequence[str], split: str, held_out: float
) -> list[tuple[str, Photo]]:
    """The photographs of one split; all of a person are in the same one.

    Args:
        names: files.
        split: `"train"` or `"held_out"`.
        held_out: share of the persons held out, decided by each one's number.

    Returns:
        (name, what it says) of those with official names.
    """
    photos = [(name, photo) for name in names if (photo := read_name(name))]
    persons = sorted({photo.person for _, photo in photos})
    texts = [f"{person:02d}" for person in persons]
    kept = {persons[k] for k in split_positions(texts, split, held_out)}
    return [(name, photo) for name, photo in photos if photo.person in kept]
