"""`--dataset attributes`: a folder of images and a file with their attributes."""

from stargan_tf.data.attribute_file import read_attribute_file
from stargan_tf.data.attribute_rows import match_rows
from stargan_tf.data.attributes_audit import audit_attributes, list_images
from stargan_tf.data.built_in import DESCRIPTIONS, OWN_FILES
from stargan_tf.data.dataset import Dataset
from stargan_tf.data.dataset_options import DatasetOptions
from stargan_tf.data.file_audit import FileAudit
from stargan_tf.data.info import BINARY
from stargan_tf.data.labelled_images import LabelledImages
from stargan_tf.data.labels import Labels
from stargan_tf.data.listing import say_left_out
from stargan_tf.data.picture_set import picture_set
from stargan_tf.data.split import split_positions
from stargan_tf.discovery import API_VERSION
from stargan_tf.errors import InputError

# The names of CelebA. An image with two of them on keeps its label, as in the official
# code (1.4 % of CelebA's faces): exclusive means that a translation turns the others
# off when it turns one on.
HAIR_COLOURS = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair")


class AttributesDataset(Dataset):
    """The user's own images with any number of attributes each; labels are binary.

    A row of the attribute file finds its image by relative path, else by bare file
    name, else by file name without extension (CelebA's PNG edition keeps the names
    of the JPEGs). Every image needs a row; rows without an image are passed over with
    a warning, so that a part of a data set works with the whole set's file.
    """

    def labels_in(self, options: DatasetOptions) -> Labels:
        """The columns of the attribute file; known hair colours exclude each other.

        Args:
            options: uses `labels`.
        """
        _check_given(options)
        return _labels(read_attribute_file(options.labels, ()).attributes)

    def load(
        self, split: str, image_size: int, options: DatasetOptions
    ) -> LabelledImages:
        """Opens one split.

        Args:
            split: `"train"` or `"held_out"`.
            image_size: side of the square images.
            options: uses `data_dir`, `labels`, `attributes`, `crop_size`, `fit`,
                `held_out`.

        Returns:
            The images, sorted by name.

        Raises:
            InputError: if the folder or the file cannot be used, an attribute is
                missing, or an image has no row.
        """
        _check_given(options)
        root = self.folder(options)
        table = read_attribute_file(options.labels, options.attributes)
        info = _labels(table.attributes).info(self.name, image_size)
        listed = list_images(root, options.labels)
        names = listed.names
        say_left_out(root, listed.ignored)
        rows = match_rows(names, table.files, root, options.labels)
        kept = split_positions(names, split, options.held_out)
        chosen = [names[position] for position in kept]
        return picture_set(info, root, chosen, table.values[rows[kept]], options)

    def audit(self, options: DatasetOptions) -> FileAudit:
        """Lists the files and rows, for `stargan-tf doctor`.

        Args:
            options: uses `data_dir`, `labels`, `attributes`.
        """
        _check_given(options)
        return audit_attributes(
            self.folder(options), options.labels, options.attributes
        )


def _check_given(options: DatasetOptions) -> None:
    if options.data_dir is None or options.labels is None:
        raise InputError(
            "--dataset attributes needs --data_dir (a folder of images) and "
            "--labels (such as list_attr_celeba.txt, or a CSV)."
        )


def _labels(attributes: tuple[str, ...]) -> Labels:
    hair = tuple(name for name in attributes if name in HAIR_COLOURS)
    return Labels(attributes, BINARY, (hair,) if len(hair) > 1 else ())


ATTRIBUTES = AttributesDataset(
    api_version=API_VERSION,
    name="attributes",
    description=DESCRIPTIONS["attributes"],
    license=OWN_FILES,
    citation="none: the pictures are your own",
    obtain="Put the images into a folder and their attributes into a table.",
)
