"""The definitions of RaFD: by expression, by gaze, by camera."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from stargan_tf.plugin import (
    Dataset,
    DatasetOptions,
    FileAudit,
    IgnoredFile,
    InputError,
    LabeledImages,
    audit_folder,
    one_hot,
    tfds_pictures,
    tree_of,
    tree_pictures,
)
from stargan_tf_rafd.file_name import Photo, read_name
from stargan_tf_rafd.selection import (
    ANGLE,
    FRONTAL,
    GAZE,
    PAPER,
    Selection,
    of_split,
)

EXAMPLE = "Rafd090_01_Caucasian_female_angry_frontal.jpg"
OF_TFDS = {"train": "train", "held_out": "test"}


@dataclass(frozen=True, kw_only=True)
class RaFD(Dataset):
    """Photographs with official file names, in a folder with any sub-folders, or a zip.

    Args:
        selection: which of them, and what their label is.
        config: the selection's name in our builder for TensorFlow Datasets.
    """

    selection: Selection
    config: str

    def load(
        self, split: str, image_size: int, options: DatasetOptions
    ) -> LabeledImages:
        """Opens one split; no person is in both.

        Args:
            split: `"train"` or `"held_out"`.
            image_size: side of the square images in pixels.
            options: uses `data_dir`, `attributes` (domains), `crop_size`, `fit`,
                `held_out` (share of the persons).

        Raises:
            InputError: if no file has an official name.
        """
        if options.data_dir is None:
            return self._of_tfds(OF_TFDS[split], image_size, options)
        tree = tree_of(self, options)
        photos = of_split(tree.names, split, options.held_out)
        photos = [(n, photo) for n, photo in photos if self.selection.takes(photo)]
        if not photos:
            raise InputError(
                f"'{self.name}' finds no photograph for '{split}' in {tree.path}. "
                f"Expected the official file names, such as {EXAMPLE}, of at least "
                f"two persons. Received: {len(tree.names)} pictures, such as "
                f"{tree.names[0]}"
            )
        names = [name for name, _ in photos]
        numbers = [self.selection.number(photo) for _, photo in photos]
        return tree_pictures(self, tree, names, numbers, image_size, options)

    def audit(self, options: DatasetOptions) -> FileAudit | None:
        """Lists the files, for `stargan-tf doctor`.

        Args:
            options: uses `data_dir`.

        Returns:
            The files; None for a zip and without `data_dir`.
        """
        if options.data_dir is None or tree_of(self, options).zipped:
            return None
        audit = audit_folder(options.data_dir)
        reasons = {name: self._why_not(name) for name in audit.names}
        passed_over = (IgnoredFile(*item) for item in reasons.items() if item[1])
        return replace(
            audit,
            names=tuple(name for name, reason in reasons.items() if not reason),
            ignored=(*audit.ignored, *passed_over),
        )

    def _why_not(self, name: str) -> str:
        """Why a picture is passed over; empty if it is not."""
        photo = read_name(name)
        if photo is None:
            return f"no official file name, such as {EXAMPLE}"
        if self.selection.takes(photo):
            return ""
        return f"not taken by {self.name}: angle {photo.angle}, gaze {photo.gaze}"

    def _of_tfds(
        self, split: str, image_size: int, options: DatasetOptions
    ) -> LabeledImages:
        from stargan_tf_rafd.rafd import Builder

        def number(example: Mapping[str, Any]) -> int:
            return self.selection.number(_photo(example))

        builder = Builder(config=self.config)
        return tfds_pictures(self, builder, split, number, image_size, options)


def _photo(example: Mapping[str, Any]) -> Photo:
    return read_name(example["name"].decode())


def _rafd(name: str, config: str, selection: Selection, description: str) -> RaFD:
    return RaFD(
        api_version=1,
        name=name,
        description=description,
        license="given on request, for scientific research only; not to be passed on",
        citation="O. Langner, R. Dotsch, G. Bijlstra, D. Wigboldus, S. Hawk, A. van "
        "Knippenberg: Presentation and validation of the Radboud Faces Database, "
        "Cognition & Emotion 24(8), 2010",
        obtain="Ask for access at https://rafd.socsci.ru.nl, unpack the photographs "
        "into a folder and pass it as --data_dir.",
        homepage="https://rafd.socsci.ru.nl",
        labels=one_hot(*selection.domains),
        selection=selection,
        config=config,
    )


RAFD = _rafd(
    *("rafd", "three_angles", PAPER),
    "Faces with 8 expressions, three cameras and gazes as in the paper; one-hot",
)
RAFD_FRONTAL = _rafd(
    *("rafd_frontal", "frontal", FRONTAL),
    "RaFD's 8 expressions from the front, looking at the camera; one-hot",
)
RAFD_GAZE = _rafd(
    *("rafd_gaze", "three_angles", GAZE), "RaFD by where the eyes look; one-hot"
)
RAFD_ANGLE = _rafd(
    *("rafd_angle", "all", ANGLE), "RaFD by camera, from profile to profile; one-hot"
)
