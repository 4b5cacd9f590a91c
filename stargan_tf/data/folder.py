"""`--dataset folder`: a folder of folders, one domain each.

data_dir/cat/… data_dir/dog/… data_dir/wild/…
"""

from pathlib import Path

import numpy as np

from stargan_tf.data.built_in import DESCRIPTIONS, OWN_FILES
from stargan_tf.data.dataset import Dataset
from stargan_tf.data.dataset_options import DatasetOptions
from stargan_tf.data.file_audit import FileAudit
from stargan_tf.data.folder_audit import audit_domains
from stargan_tf.data.info import ONE_HOT, DatasetInfo
from stargan_tf.data.labelled_images import LabelledImages
from stargan_tf.data.labels import Labels
from stargan_tf.data.listing import list_pictures
from stargan_tf.data.picture_set import picture_set
from stargan_tf.data.split import split_positions
from stargan_tf.discovery import API_VERSION
from stargan_tf.errors import InputError, near_names

SPLIT_NAMES = frozenset(("train", "val", "valid", "validation", "test"))


class FolderDataset(Dataset):
    """The user's own images, one sub-folder per domain; labels are one-hot.

    Sub-folders of a domain's folder belong to the domain. The domains are the
    sub-folders in alphabetical order, or those named by `options.attributes`.
    """

    def labels_in(self, options: DatasetOptions) -> Labels:
        """One domain for each sub-folder, in alphabetical order.

        Args:
            options: uses `data_dir`.
        """
        return Labels(_choose_domains(self.folder(options), ()))

    def load(
        self, split: str, image_size: int, options: DatasetOptions
    ) -> LabelledImages:
        """Opens one split.

        Args:
            split: `"train"` or `"held_out"`.
            image_size: side of the square images.
            options: uses `data_dir`, `attributes`, `crop_size`, `fit`,
                `held_out`.

        Returns:
            The images in the order of the domains, sorted by name in each.

        Raises:
            InputError: if the folder, a domain or a domain's images are missing.
        """
        root = self.folder(options)
        domains = _choose_domains(root, options.attributes)
        info = DatasetInfo("folder", domains, ONE_HOT, image_size)
        names, classes = _list_domains(root, domains)
        kept = split_positions(names, split, options.held_out, classes)
        labels = np.eye(len(domains), dtype=np.float32)[np.array(classes)[kept]]
        chosen = [names[position] for position in kept]
        return picture_set(info, root, chosen, labels, options.crop_size, options.fit)

    def audit(self, options: DatasetOptions) -> FileAudit:
        """Lists the files, for `stargan-tf doctor`.

        Args:
            options: uses `data_dir`, `attributes`.
        """
        return audit_domains(self.folder(options), options.attributes)


FOLDER = FolderDataset(
    api_version=API_VERSION,
    name="folder",
    description=DESCRIPTIONS["folder"],
    licence=OWN_FILES,
    citation="none: the pictures are your own",
    obtain="Make a folder with one sub-folder of images per domain.",
)


def _choose_domains(root: Path, wanted: tuple[str, ...]) -> tuple[str, ...]:
    found = sorted(
        entry.name
        for entry in root.iterdir()
        if entry.is_dir() and not entry.name.startswith(".")
    )
    if not found:
        raise InputError(f"{root} has no sub-folder; put each domain's images in one.")
    if SPLIT_NAMES.issuperset(found):
        raise InputError(
            f"The sub-folders of {root} are splits, not domains: {', '.join(found)}. "
            f"Give one of them, such as --data_dir {root / found[0]}."
        )
    for name in wanted:
        if name not in found:
            raise InputError(
                f"{root} has no domain folder '{name}'. {near_names(name, found)}"
            )
    return tuple(wanted) or tuple(found)


def _list_domains(root: Path, domains: tuple[str, ...]) -> tuple[list[str], list[int]]:
    """Names relative to `root`, and each one's domain number."""
    names, classes = [], []
    for number, domain in enumerate(domains):
        listing = list_pictures(root / domain)
        if not listing.names:
            raise InputError(
                f"The domain '{domain}' has no image: {root / domain} holds none "
                f"({listing.ignored} other files). Add images or remove the folder."
            )
        names += [f"{domain}/{name}" for name in listing.names]
        classes += [number] * len(listing.names)
    return names, classes
