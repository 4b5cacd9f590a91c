"""The definitions of RaFD: by expression, by gaze, and by camera."""

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
    """Photographs with official file names, in a folder with any subfolders, or a zip.

    Args:
        selection: the photographs to use, and their labels.
        config: configuration of the TensorFlow Datasets builder in this package.
    """

    selection: Selection
    config: str

    def load(
        self, split: str, image_size: int, options: DatasetOptions
    ) -> LabeledImages:
        """Loads a split; no person is in both splits.

        Args:
            split: `"train"` or `"held_out"`.
            image_size: side of the square images in pixels.
            options: options of the data set, of which `data_dir`, `attributes`
                (domains), `crop_size`, `fit`, and `held_out` (fraction of the people)
                are used.

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
                f"'{self.name}' needs photographs for '{split}' of at least two "
                f"people, with official file names such as {EXAMPLE}. Received: "
                f"{len(tree.names)} images in {tree.path}, such as {tree.names[0]}"
            )
        names = [name for name, _ in photos]
        numbers = [self.selection.number(photo) for _, photo in photos]
        return tree_pictures(self, tree, names, numbers, image_size, options)

    def audit(self, options: DatasetOptions) -> FileAudit | None:
        """Lists the files for `stargan-tf doctor`.

        Args:
            options: options of the data set, of which `data_dir` is used.

        Returns:
            The `FileAudit`; None for a zip and without `data_dir`.
        """
        if options.data_dir is None or tree_of(self, options).zipped:
            return None
        audit = audit_folder(options.data_dir)
        reasons = {name: self._ignored_because(name) for name in audit.names}
        ignored = (IgnoredFile(*item) for item in reasons.items() if item[1])
        return replace(
            audit,
            names=tuple(name for name, reason in reasons.items() if not reason),
            ignored=(*audit.ignored, *ignored),
        )

    def _ignored_because(self, name: str) -> str:
        """The reason for ignoring an image; empty if it is used."""
        photo = read_name(name)
        if photo is None:
            return f"not an official file name, such as {EXAMPLE}"
        if self.selection.takes(photo):
            return ""
        return f"not part of {self.name}: angle {photo.angle}, gaze {photo.gaze}"

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
        license="available on request, for scientific research only; no redistribution",
        citation="O. Langner, R. Dotsch, G. Bijlstra, D. Wigboldus, S. Hawk, A. van "
        "Knippenberg: Presentation and validation of the Radboud Faces Database, "
        "Cognition & Emotion 24(8), 2010",
        obtain="Request access at https://rafd.socsci.ru.nl, unpack the photographs "
        "into a folder, and pass it as --data_dir.",
        homepage="https://rafd.socsci.ru.nl",
        labels=one_hot(*selection.domains),
        selection=selection,
        config=config,
    )


RAFD = _rafd(
    name="rafd",
    config="three_angles",
    selection=PAPER,
    description="Faces with 8 expressions, from 3 cameras as in the paper; one-hot",
)
RAFD_FRONTAL = _rafd(
    name="rafd_frontal",
    config="frontal",
    selection=FRONTAL,
    description="RaFD's 8 expressions, frontal, looking at the camera; one-hot",
)
RAFD_GAZE = _rafd(
    name="rafd_gaze",
    config="three_angles",
    selection=GAZE,
    description="RaFD by direction of the gaze; one-hot",
)
RAFD_ANGLE = _rafd(
    name="rafd_angle",
    config="all",
    selection=ANGLE,
    description="RaFD by camera, from profile to profile; one-hot",
)
