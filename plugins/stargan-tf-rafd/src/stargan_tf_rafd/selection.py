"""The photographs of each data set, their domains, and the splits."""

from collections.abc import Sequence
from dataclasses import dataclass

from stargan_tf.plugin import split_positions
from stargan_tf_rafd.file_name import ANGLES, EXPRESSIONS, GAZES, Photo, read_name

# Held-out fraction of the people in files prepared by TensorFlow Datasets.
HELD_OUT_SHARE = 0.1


@dataclass(frozen=True)
class Selection:
    """A selection of RaFD's photographs, labeled by a property.

    Args:
        domain: the property that is the label: `"expression"`, `"gaze"`, or `"angle"`.
        angles: angles of the cameras to include.
        gazes: gazes to include.
    """

    domain: str = "expression"
    angles: tuple[str, ...] = ANGLES
    gazes: tuple[str, ...] = GAZES

    @property
    def values(self) -> tuple[str, ...]:
        """Values of the property, as in file names."""
        known = {"expression": EXPRESSIONS, "gaze": GAZES, "angle": self.angles}
        return known[self.domain]

    @property
    def domains(self) -> tuple[str, ...]:
        """Names of the domains."""
        prefix = "" if self.domain == "expression" else f"{self.domain}_"
        return tuple(f"{prefix}{value}" for value in self.values)

    def takes(self, photo: Photo) -> bool:
        """Whether the selection includes a photograph."""
        return photo.angle in self.angles and photo.gaze in self.gazes

    def number(self, photo: Photo) -> int:
        """Returns the index of a photograph's domain."""
        return self.values.index(getattr(photo, self.domain))


# 67 people × 8 expressions × 3 gazes × 3 cameras: the 4,824 photographs of the paper.
PAPER = Selection(angles=("045", "090", "135"))
FRONTAL = Selection(angles=("090",), gazes=("frontal",))
GAZE = Selection(domain="gaze", angles=PAPER.angles)
ANGLE = Selection(domain="angle")


def of_split(
    names: Sequence[str], split: str, held_out: float
) -> list[tuple[str, Photo]]:
    """Returns the photographs of a split; each person is in only one split.

    Args:
        names: names of files.
        split: `"train"` or `"held_out"`.
        held_out: held-out fraction of the people, selected by a hash of their numbers.

    Returns:
        (name, properties) of the files with official names.
    """
    photos = [(name, photo) for name in names if (photo := read_name(name))]
    persons = sorted({photo.person for _, photo in photos})
    texts = [f"{person:02d}" for person in persons]
    kept = {persons[k] for k in split_positions(texts, split, held_out)}
    return [(name, photo) for name, photo in photos if photo.person in kept]
