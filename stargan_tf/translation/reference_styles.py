"""Styles taken from reference pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stargan_tf.data.info import composed
from stargan_tf.errors import InputError, near_names
from stargan_tf.translation.by_style import StyleModel
from stargan_tf.translation.fitting import Fitting
from stargan_tf.translation.heading import Heading
from stargan_tf.translation.inputs import InputPicture, find_inputs
from stargan_tf.translation.random_styles import block_starts
from stargan_tf.translation.style_path import StylePath, linear

MAX_STYLES = 200  # more columns or variants are a mistake rather than a wish


@dataclass(frozen=True)
class ReferenceStyles:
    """The styles of pictures.

    Args:
        images: uint8 (n, size, size, 3).
        domains: the domain of each, by name.
        pictures: the files they come from, if they do.
    """

    images: np.ndarray
    domains: Sequence[str]
    pictures: Sequence[InputPicture] = ()

    @property
    def names(self) -> list[str]:
        """What to call the styles in file names."""
        names = [f"by_{picture.path.stem}" for picture in self.pictures]
        if len(set(names)) == len(names):
            return names
        return [f"{name}_{number}" for number, name in enumerate(names, 1)]

    @property
    def columns(self) -> Heading:
        """Head of the styles' columns: the references themselves."""
        return Heading(self.domains, list(self.images), block_starts(self.domains))

    def codes(self, model: StyleModel) -> np.ndarray:
        """Style codes, float32 (n, style_dim)."""
        return model.encode_style(self.images, list(self.domains))

    def path_through(self, model: StyleModel) -> StylePath:
        """A way through the styles."""
        return StylePath(self.codes(model), linear, np.asarray)


def read_references(
    paths: Sequence[str], fitting: Fitting, domains: Sequence[str], domain: str | None
) -> ReferenceStyles:
    """Reads reference pictures.

    Args:
        paths: files and folders.
        fitting: how pictures become what the model takes.
        domains: the model's domains.
        domain: that of all the references; None takes each one's from the name of
            the folder that it lies in.

    Returns:
        The references, by domain in the model's order where they name their own.

    Raises:
        InputError: if a picture is missing or unreadable, its domain is not known,
            or there are more than `MAX_STYLES`.
    """
    pictures = find_inputs(paths, what="reference")
    check_count(len(pictures), "--reference")
    named = [(domain or _folder_domain(p.path, domains), p) for p in pictures]
    named.sort(key=lambda pair: domains.index(pair[0]))
    return ReferenceStyles(
        np.stack([fitting.read(picture.path).image for _, picture in named]),
        [name for name, _ in named],
        [picture for _, picture in named],
    )


def check_count(count: int, flag: str) -> None:
    """Raises InputError if there are more than `MAX_STYLES` styles."""
    if count > MAX_STYLES:
        raise InputError(
            f"At most {MAX_STYLES} styles at a time. Received: {count} by {flag}. "
            "Use several commands."
        )


def _folder_domain(path: Path, domains: Sequence[str]) -> str:
    name = composed(path.resolve().parent.name)
    if name in domains:
        return name
    raise InputError(
        f"The domain of the reference '{path}' is not known: give --to DOMAIN, or keep "
        f"it in a folder named after its domain. Received: folder '{name}'. "
        + near_names(name, domains)
    )
