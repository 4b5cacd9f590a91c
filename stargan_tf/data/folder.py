"""`--dataset folder`: a folder with one subfolder for each domain.

data_dir/cat/… data_dir/dog/… data_dir/wild/…
"""

import contextlib
import itertools
import os
import re
import unicodedata
from abc import abstractmethod
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stargan_tf.data.dataset import Dataset
from stargan_tf.data.files import (
    NOT_READ,
    FileAudit,
    IgnoredFile,
    archives_in,
    audit_folder,
    counted,
    is_picture,
    look_into,
    say_left_out,
    split_positions,
)
from stargan_tf.data.info import composed
from stargan_tf.data.labels import Labels
from stargan_tf.data.options import HELD_OUT, TRAIN, DatasetOptions
from stargan_tf.data.picture_sources import labeled_files
from stargan_tf.data.picture_tree import PictureTree, tree_of, tree_pictures
from stargan_tf.data.registry import DESCRIPTIONS, OWN_FILES
from stargan_tf.data.source import LabeledImages
from stargan_tf.data.streams import tfds_pictures
from stargan_tf.discovery import API_VERSION
from stargan_tf.errors import InputError, near_names

if TYPE_CHECKING:
    import tensorflow_datasets as tfds


# Common names of splits, and the words around them.
_PART = r"train|training|trn|val|valid|validation|dev|eval|evaluation|test|testing|tst"
_PART += r"|holdout|heldout|unseen"
_AROUND = r"(?:set|sets|data|dataset|image|images|img|imgs|pic|pics|picture|pictures"
_AROUND += r"|photo|photos|face|faces|split|part|subset|sample|samples|x|all|\d)*"
SPLIT = re.compile(f"{_AROUND}(?P<part>{_PART}){_AROUND}")
# CycleGAN's folders: trainA, trainB, testA, testB.
LETTERED = re.compile(f"(?P<part>{_PART})(?P<domain>[a-h])")
NUMBERED = re.compile(r"(?:fold|part|split|subset)\d+")
NO_DOMAIN = "a folder without images, which is no domain"
OUTSIDE = "an image outside the domains' folders"


class FolderDataset(Dataset):
    """Images in one subfolder per domain; labels are one-hot.

    Subfolders of a domain's folder belong to the domain. The domains are the subfolders
    that contain images, in alphabetical order, or those named by `options.attributes`.
    """

    def labels_in(self, options: DatasetOptions) -> Labels:
        """One domain for each subfolder that contains images, in alphabetical order."""
        return Labels(list_domains(self.folder(options))[1])

    def load(
        self, split: str, image_size: int, options: DatasetOptions
    ) -> LabeledImages:
        """Opens one split: the images in the order of the domains, by name in each."""
        root = self.folder(options)
        listed, domains, classes = list_domains(root, options.attributes)
        say_left_out(root, listed.ignored)
        info = Labels(domains).info("folder", image_size, options.num_channels)
        kept = split_positions(listed.names, split, options.held_out, classes)
        labels = np.eye(len(domains), dtype=np.float32)[np.array(classes)[kept]]
        chosen = [listed.names[position] for position in kept]
        training = split_positions(listed.names, TRAIN, options.held_out, classes)
        named = [listed.names[position] for position in training]
        return labeled_files(info, root, chosen, labels, options, named)

    def audit(self, options: DatasetOptions) -> FileAudit:
        """Lists the files; uses `data_dir`, `attributes`."""
        root = self.folder(options)
        try:
            return list_domains(root, options.attributes)[0]
        except InputError:  # Raised again by `load`; the files can be listed.
            return audit_folder(root)


FOLDER = FolderDataset(
    api_version=API_VERSION,
    name="folder",
    description=DESCRIPTIONS["folder"],
    license=OWN_FILES,
    citation="none: the images are your own",
    obtain="Create a folder with one subfolder of images per domain.",
)


def list_domains(
    root: Path, wanted: Sequence[str] = ()
) -> tuple[FileAudit, tuple[str, ...], list[int]]:
    """Lists the images of the domains' folders."""
    try:
        inner, pictures, left_out = look_into(root)
    except OSError as error:
        raise InputError(f"{root} cannot be read: {error.strerror}.") from error
    left_out += [IgnoredFile(name, OUTSIDE) for name in pictures]
    folders = _by_domain(root, inner)
    if not folders:
        raise InputError(
            f"{root} has no subfolder. Put the images of each domain into one."
            f"{archives_in(root)}"
        )
    _check_no_splits(root, inner, bool(wanted))
    chosen = [unicodedata.normalize("NFC", name) for name in wanted]
    for name in chosen:
        if name not in folders:
            raise InputError(
                f"{root} has no domain folder '{name}'. {near_names(name, folders)}"
            )
    names, files, classes = [], [], []
    for name in chosen or folders:
        folder = folders[name]
        audit = audit_folder(root / folder)
        left_out += [
            IgnoredFile(f"{folder}/{file.name}", file.reason) for file in audit.ignored
        ]
        if audit.names:
            classes += [len(names)] * len(audit.names)
            files += [f"{folder}/{file}" for file in audit.names]
            names.append(name)
        elif chosen or _has_unsupported(audit.ignored):
            content = counted(audit.ignored) or "nothing at all"
            raise InputError(
                f"The domain '{name}' has no image: {root / folder} contains none in a "
                f"supported format ({content}). Add images, convert them to JPEG or "
                "PNG, or remove the folder."
            )
        else:
            left_out.append(IgnoredFile(f"{folder}/", NO_DOMAIN))
    if not names:
        raise InputError(
            f"No subfolder of {root} contains an image: {', '.join(inner[:5])}"
            f"{', …' * (len(inner) > 5)}. Put the images of each domain into one."
        )
    left_out.sort(key=lambda file: file.name)
    return FileAudit(root, tuple(files), tuple(left_out)), tuple(names), classes


def _by_domain(root: Path, inner: Sequence[str]) -> dict[str, str]:
    """Domain → its folder. Systems encode the same name in different bytes."""
    folders: dict[str, str] = {}
    for folder in inner:
        name = unicodedata.normalize("NFC", folder)
        if name in folders:
            raise InputError(
                f"Two subfolders of {root} have the same name '{name}' in different "
                "bytes (Unicode's NFC and NFD). Put their images into one."
            )
        folders[name] = folder
    return dict(sorted(folders.items()))


def _check_no_splits(root: Path, inner: Sequence[str], chosen: bool) -> None:
    """Raises `InputError` for folders of splits; `train` beside `bus` is a domain."""
    plain = {name: re.sub(r"[\W_]+", "", name).lower() for name in inner}
    matches = {name: LETTERED.fullmatch(text) for name, text in plain.items()}
    pairs = {name: hit.groups() for name, hit in matches.items() if hit}
    prefixes = {prefix for prefix, _ in pairs.values()}
    domains = {domain for _, domain in pairs.values()}
    if min(len(prefixes), len(domains)) < len(pairs) and not chosen:
        first = max(prefixes, key=lambda prefix: "tr" in prefix)
        domains = [name for name, (prefix, _) in pairs.items() if prefix == first]
        raise InputError(
            f"The subfolders of {root} are splits of domains: {', '.join(pairs)}. "
            f"Choose those of one split with --attributes {','.join(domains)}, or copy "
            f"them into a separate folder, as {root}/{first}/A, {root}/{first}/B."
        )
    splits = [name for name, text in plain.items() if SPLIT.fullmatch(text)]
    alike = splits + [name for name, text in plain.items() if NUMBERED.fullmatch(text)]
    below: Counter = Counter()
    for name in alike:
        with contextlib.suppress(OSError):
            below.update(look_into(root / name)[0])
    shared = any(count > 1 for count in below.values())
    if (splits and len(splits) == len(inner)) or shared:
        train = [name for name in alike if "tr" in plain[name]]
        raise InputError(
            f"The subfolders of {root} are splits, not domains: {', '.join(alike)}. "
            f"Pass one of them, such as --data_dir {root / (train or alike)[0]}."
        )


def _has_unsupported(ignored: Sequence[IgnoredFile]) -> bool:
    """Whether a folder contains images that cannot be read."""
    extensions = (os.path.splitext(file.name)[1] for file in ignored)
    unread = any(extension.lower() in NOT_READ for extension in extensions)
    return unread or any(is_picture(file.name) for file in ignored)


@dataclass(frozen=True, kw_only=True)
class SplitFolders(Dataset):
    """A data set that is published in split folders: `train/cat/…`, `val/cat/…`.

    `data_dir` is the folder or zip file that contains the split folders, at any depth.
    Without `data_dir`, the images come from `builder`.

    Args:
        train_folder: name of the folder with the training images.
        held_out_folder: name of the folder with the held-out images.
    """

    train_folder: str = "train"
    held_out_folder: str = "val"

    @abstractmethod
    def builder(self) -> "tfds.core.DatasetBuilder":
        """The TFDS builder: splits `train` and `test`, features `image` and `label`."""

    def load(
        self, split: str, image_size: int, options: DatasetOptions
    ) -> LabeledImages:
        """Opens one split as published; `held_out` has no effect.

        Args:
            split: `"train"` or `"held_out"`.
            image_size: side of the square images in pixels.
            options: uses `data_dir`, `attributes` (domains), `crop_size`, `fit`.

        Raises:
            InputError: if there are no such folders.
        """
        if options.data_dir is None:
            return tfds_pictures(
                self,
                self.builder(),
                {TRAIN: "train", HELD_OUT: "test"}[split],
                lambda example: example["label"],
                image_size,
                options,
            )
        tree = tree_of(self, options)
        folder = {TRAIN: self.train_folder, HELD_OUT: self.held_out_folder}[split]
        names, classes = split_files(tree, folder, self.labels.names)
        return tree_pictures(self, tree, names, classes, image_size, options)

    def audit(self, options: DatasetOptions) -> FileAudit | None:
        """Lists the files; None for a zip and without `data_dir`."""
        if options.data_dir is None or tree_of(self, options).zipped:
            return None
        return audit_folder(options.data_dir)


def split_files(
    tree: PictureTree, folder: str, domains: Sequence[str]
) -> tuple[list[str], list[int]]:
    """The images below `folder/DOMAIN/`."""
    places: dict[str, list[tuple[int, str]]] = {}
    for name in tree.names:
        parts = composed(name).split("/")
        for depth, (outer, inner) in enumerate(itertools.pairwise(parts[:-1])):
            if outer == folder and inner in domains:
                files = places.setdefault("/".join(parts[:depth]), [])
                files.append((domains.index(inner), name))
                break
    expected = f"Expected {folder}/{{{','.join(domains)}}}/ in {tree.path}"
    if len(places) > 1:
        here = ", ".join(place or "the top level" for place in places)
        raise InputError(f"{expected}, once. Received: {len(places)} times, in {here}.")
    if not places:
        top = "the top level"
        folders = sorted({name.rpartition("/")[0] or top for name in tree.names})
        more = ", …" if len(folders) > 6 else ""
        seen = f"images in {', '.join(folders[:6])}{more}"
        raise InputError(f"{expected}. Received: {seen}.")
    pairs = sorted(next(iter(places.values())))
    names, classes = [name for _, name in pairs], [number for number, _ in pairs]
    empty = [name for number, name in enumerate(domains) if number not in classes]
    if empty:
        raise InputError(f"{expected}. Received: no image of {', '.join(empty)}.")
    return names, classes
