"""Are the splits apart, named, and the same each time?"""

import hashlib
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from stargan_tf.data.dataset import Dataset
from stargan_tf.data.info import ONE_HOT, DatasetInfo
from stargan_tf.data.labels import Labels
from stargan_tf.data.options import HELD_OUT, TRAIN, DatasetOptions
from stargan_tf.data.source import LabelledImages
from stargan_tf.errors import InputError

# What the conformance checks look at.

# Pictures that are looked at in each split, spread evenly.
LOOKED_AT = 24


@dataclass
class Subject:
    """A definition and its opened splits.

    Args:
        definition: of the data set.
        options: what a user would say.
        image_size: side of the square images in pixels.
        opened: split → its images, as far as they could be opened.
        doing: what is being done, for the report of an error.
    """

    definition: Dataset
    options: DatasetOptions
    image_size: int
    opened: dict[str, LabelledImages] = field(default_factory=dict)
    doing: str = "reading the definition"

    def load(
        self, split: str, image_size: int | None = None, **changes: Any
    ) -> LabelledImages:
        """Opens a split anew.

        Args:
            split: `"train"` or `"held_out"`.
            image_size: another size than the subject's.
            **changes: of the options.
        """
        said = "".join(f", {name}={value!r}" for name, value in changes.items())
        self.doing = f"opening split='{split}'{said}"
        options = replace(self.options, **changes)
        size = image_size or self.image_size
        return self.definition.load(split, size, options)

    def open(self, split: str) -> Iterator[str]:
        """Opens a split for the other checks.

        Args:
            split: `"train"` or `"held_out"`.

        Yields:
            What is wrong, if it is not `LabelledImages`.
        """
        images = self.load(split)
        if isinstance(images, LabelledImages):
            self.opened[split] = images
        else:
            yield (
                f"load('{split}') must return LabelledImages. "
                f"Received: {type(images).__name__}"
            )

    def picture(self, split: str, index: int) -> Any:
        """One picture, as the plugin gives it."""
        images = self.opened[split]
        self.doing = f"reading the picture '{images.names[index]}' of '{split}'"
        return images.load(index)

    def some(self, split: str, count: int = LOOKED_AT) -> list[int]:
        """Positions of some pictures of a split, spread evenly."""
        size = len(self.opened[split])
        return np.unique(
            np.linspace(0, size - 1, min(count, size)).astype(int)
        ).tolist()


Check = Callable[[Subject], Iterator[str]]


# Is the plugin imported only when asked for, and quickly then?

HEAVY = ("tensorflow", "keras", "torch")
SCRIPT = """
import sys
from stargan_tf.discovery import DATASETS
name, *heavy = sys.argv[1:]
module = DATASETS.installed()[name].points[0].module
if module in sys.modules:
    print(f"Listing must not import {module}. Received: something imports it at start")
DATASETS.load(name)
found = [package for package in heavy if package in sys.modules]
if found:
    print(f"Importing {module} must not import {', '.join(found)}; do so inside load.")
"""


def check_imports(name: str) -> Iterator[str]:
    """Looks from a fresh interpreter.

    Args:
        name: of the installed data set.

    Yields:
        What is wrong.
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, name, *HEAVY],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        yield f"A fresh interpreter must find it. Received: {last}"
    yield from done.stdout.splitlines()


# Are the labels what the definition says they are?

# People make mistakes when they label: of CelebA's faces 1.4 % have two hair colours.
MISTAKES = 0.05


def check_info(subject: Subject) -> Iterator[str]:
    """Both splits are described as the definition describes them."""
    subject.doing = "asking for info(image_size, options)"
    expected = subject.definition.info(subject.image_size, subject.options)
    wanted = subject.options.attributes
    for split, images in subject.opened.items():
        found = images.info
        names = (("name", found.name, expected.name),)
        names += (("image_size", found.image_size, expected.image_size),)
        names += (("label_type", found.label_type, expected.label_type),)
        names += (("domains", found.domains, tuple(wanted) or expected.domains),)
        if not wanted:
            groups = found.exclusive_groups, expected.exclusive_groups
            names += (("exclusive_groups", *groups),)
        for what, received, should in names:
            if received != should:
                yield (
                    f"{split}: info.{what} must be {should!r}, as the definition says. "
                    f"Received: {received!r}"
                )


def check_values(subject: Subject) -> Iterator[str]:
    """float32 zeros and ones that fit the kind of labels."""
    for split, images in subject.opened.items():
        labels = images.labels
        if labels.dtype != np.float32:
            yield f"{split}: labels must be float32. Received: {labels.dtype}"
        strange = np.unique(labels[~np.isin(labels, (0, 1))])
        if strange.size:
            yield f"{split}: labels must be 0 or 1. Received: {strange[:5].tolist()}"
        elif images.info.label_type == ONE_HOT:
            yield from _check_one_hot(split, images)
        else:
            yield from _check_groups(split, images)


def _check_one_hot(split: str, images: LabelledImages) -> Iterator[str]:
    sums = images.labels.sum(axis=1)
    wrong = np.flatnonzero(sums != 1)
    if wrong.size:
        first = wrong[0]
        yield (
            f"{split}: one-hot labels must have exactly one 1. Received: "
            f"{int(sums[first])} for '{images.names[first]}' and so for {wrong.size} "
            "image(s)"
        )


def _check_groups(split: str, images: LabelledImages) -> Iterator[str]:
    for group in images.info.exclusive_groups:
        columns = [images.info.index(name) for name in group]
        share = (images.labels[:, columns].sum(axis=1) > 1).mean()
        if share > MISTAKES:
            yield (
                f"{split}: of {', '.join(group)} at most one may be on. Received: "
                f"several in {share:.0%} of the images"
            )


def check_every_domain_occurs(subject: Subject) -> Iterator[str]:
    """One-hot: the training split has a picture of each domain."""
    images = subject.opened[TRAIN]
    for name in _absent(images.info, images.labels):
        yield f"{TRAIN}: the domain '{name}' must have a picture. Received: none"


def _absent(info: DatasetInfo, labels: np.ndarray) -> list[str]:
    counts = labels.sum(axis=0)
    if info.label_type != ONE_HOT:
        return []
    return [n for n, count in zip(info.domains, counts, strict=True) if not count]


LABEL_CHECKS = (check_info, check_values, check_every_domain_occurs)


# Does the definition say what a user must know?

TEXTS = ("description", "license", "citation", "obtain")


def check_texts(subject: Subject) -> Iterator[str]:
    """Texts are there, and the one for listings is one line."""
    for name in TEXTS:
        text = getattr(subject.definition, name)
        if not isinstance(text, str) or not text.strip():
            yield f"{name} must be a text for users. Received: {text!r}"
    if "\n" in str(subject.definition.description).strip():
        yield "description must be one line; it is shown in a list."


def check_homepage(subject: Subject) -> Iterator[str]:
    """The homepage is an address, if there is one."""
    page = subject.definition.homepage
    if page and not page.startswith(("https://", "http://")):
        yield f"homepage must be an address, https://…. Received: {page!r}"


def check_labels(subject: Subject) -> Iterator[str]:
    """`labels_in` gives `Labels`, or None for pictures without."""
    subject.doing = "asking for labels_in(options)"
    labels = subject.definition.labels_in(subject.options)
    if labels is not None and not isinstance(labels, Labels):
        yield f"labels_in must return Labels or None. Received: {labels!r}"


METADATA_CHECKS = (check_texts, check_homepage, check_labels)


# Does the data set listen to what the user says, and answer mistakes in a line?

NOWHERE = "/no/such/folder/of/stargan_tf"
UNKNOWN = "no_such_domain_of_stargan_tf"


def check_choice_of_labels(subject: Subject) -> Iterator[str]:
    """`attributes` chooses labels, in the user's order."""
    images = subject.opened[TRAIN]
    turned = tuple(reversed(images.info.domains))
    if subject.definition.labels_in(subject.options) is None or len(turned) < 2:
        return
    chosen = subject.load(TRAIN, attributes=turned)
    if chosen.info.domains != turned:
        yield (
            f"attributes={turned} must give these domains in this order. "
            f"Received: {chosen.info.domains}"
        )
        return
    by_name = dict(zip(chosen.names, chosen.labels[:, ::-1], strict=True))
    same = [np.array_equal(by_name.get(n), row) for n, row in _rows(images)]
    if not all(same):
        yield f"attributes={turned} must turn the columns of the labels, and no more."


def _rows(images) -> Iterator[tuple[str, np.ndarray]]:
    return zip(images.names, images.labels, strict=True)


def check_unknown_label(subject: Subject) -> Iterator[str]:
    """A wrong name is the user's mistake."""
    if subject.definition.labels_in(subject.options) is None:
        return
    try:
        subject.load(TRAIN, attributes=(UNKNOWN,))
    except InputError:
        return
    except Exception as error:
        yield f"An unknown attribute must raise InputError. Received: {_said(error)}"
    else:
        yield "An unknown attribute must raise InputError. Received: images"


def check_missing_folder(definition: Dataset, options: DatasetOptions) -> Iterator[str]:
    """A folder that is not there is the user's mistake; who needs none may ignore it.

    Args:
        definition: of the data set.
        options: what a user would say.

    Yields:
        What is wrong.
    """
    for folder in (None, NOWHERE) if options.data_dir else ():
        try:
            definition.load(TRAIN, 32, replace(options, data_dir=folder))
        except (InputError, ImportError):
            continue
        except Exception as error:
            yield f"data_dir={folder!r} must raise InputError. Received: {_said(error)}"


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


OPTION_CHECKS = (check_choice_of_labels, check_unknown_label)


# Are the pictures pixels of the right kind, and the same each time?


def check_pixels(subject: Subject) -> Iterator[str]:
    """uint8 RGB squares of the size that was asked for."""
    for split in subject.opened:
        for index in subject.some(split):
            problem = _not_a_picture(subject.picture(split, index), subject.image_size)
            if problem:
                name = subject.opened[split].names[index]
                yield f"{split}: load({index}), '{name}', must return {problem}"
                break


def check_determinism(subject: Subject) -> Iterator[str]:
    """load(i) gives the same whoever asks, how often, and whatever they did with it."""
    for split in subject.opened:
        chosen = subject.some(split, 4)
        first = [np.array(subject.picture(split, index)) for index in chosen]
        for index in chosen:
            _scribble(subject.picture(split, index))
        with ThreadPoolExecutor(4) as pool:
            again = list(pool.map(subject.opened[split].load, chosen))
        if not all(map(np.array_equal, first, again)):
            yield (
                f"{split}: load(i) must give the same picture each time, from many "
                "threads, and after a caller wrote into what it gave. Received: another"
            )


def check_they_differ(subject: Subject) -> Iterator[str]:
    """Not one picture for all numbers."""
    for split in subject.opened:
        chosen = subject.some(split)
        pictures = [np.asarray(subject.picture(split, index)) for index in chosen]
        if len(chosen) > 1 and all(np.array_equal(pictures[0], p) for p in pictures):
            yield f"{split}: load(i) must depend on i. Received: one picture for all"


def check_enlarged(subject: Subject) -> Iterator[str]:
    """Larger pictures, if there are any, have the size that was asked for."""
    subject.doing = "enlarging the training split"
    grown = subject.opened[TRAIN].enlarge()
    problem = _not_a_picture(grown.load(0), grown.info.image_size)
    if problem:
        yield f"enlarge().load(0) must return {problem}"


def _not_a_picture(pixels: Any, size: int) -> str:
    """What was expected and received; empty if all is well."""
    expected = f"a uint8 array {(size, size, 3)}. Received: "
    if not isinstance(pixels, np.ndarray):
        return expected + type(pixels).__name__
    if pixels.dtype != np.uint8 or pixels.shape != (size, size, 3):
        return f"{expected}{pixels.dtype} {pixels.shape}"
    return ""


def _scribble(pixels: Any) -> None:
    if isinstance(pixels, np.ndarray) and pixels.flags.writeable:
        pixels[...] = 0


PICTURE_CHECKS = (check_pixels, check_determinism, check_they_differ, check_enlarged)


def check_names(subject: Subject) -> Iterator[str]:
    """Each name once, in both splits together."""
    for split, images in subject.opened.items():
        twice = [name for name, count in Counter(images.names).items() if count > 1]
        if twice:
            yield f"{split}: names must be unique. Received twice: {_some(twice)}"
        if not all(isinstance(name, str) and name for name in images.names):
            yield f"{split}: names must be texts that are not empty."
    train, held_out = (set(subject.opened[split].names) for split in (TRAIN, HELD_OUT))
    if train & held_out:
        yield (
            "No picture may be in both splits. Received the same names: "
            f"{_some(train & held_out)}"
        )


def check_pictures_are_apart(subject: Subject) -> Iterator[str]:
    """No picture is in both splits under two names."""
    names: dict[str, str] = {}
    for split in (TRAIN, HELD_OUT):
        for index in subject.some(split):
            pixels = np.ascontiguousarray(subject.picture(split, index))
            key = hashlib.sha256(pixels).hexdigest()
            name = f"{split} {subject.opened[split].names[index]}"
            other = names.setdefault(key, name)
            if split == HELD_OUT and other.startswith(f"{TRAIN} "):
                yield (
                    "No picture may be in both splits. Received the same pixels: "
                    f"{other} and {name}"
                )


def check_fingerprints(subject: Subject) -> Iterator[str]:
    """They tell apart what differs, and stay where nothing does."""
    keys = {split: images.fingerprint for split, images in subject.opened.items()}
    if not all(isinstance(key, str) and key for key in keys.values()):
        yield f"fingerprint must be a text that is not empty. Received: {keys}"
    if keys[TRAIN] == keys[HELD_OUT]:
        yield f"The splits must have different fingerprints. Received: {keys[TRAIN]!r}"
    larger = subject.load(TRAIN, 2 * subject.image_size)
    if larger.fingerprint == keys[TRAIN]:
        yield "Another image_size must give another fingerprint. Received: the same"


def check_opening_again(subject: Subject) -> Iterator[str]:
    """A second time everything is as the first time."""
    for split, first in subject.opened.items():
        again = subject.load(split)
        if again.fingerprint != first.fingerprint:
            yield f"{split}: the fingerprint must not change. Received: another one"
        if again.names != first.names:
            yield f"{split}: names must come in the same order each time."
        elif not np.array_equal(again.labels, first.labels):
            yield f"{split}: labels must be the same each time."


def _some(names: object) -> str:
    return ", ".join(sorted(map(str, names))[:3])


SPLIT_CHECKS = (
    check_names,
    check_pictures_are_apart,
    check_fingerprints,
    check_opening_again,
)
