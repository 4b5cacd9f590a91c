"""The promises of a data set, a function each, which yields what is broken."""

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
from stargan_tf.data.options import HELD_OUT, SPLITS, TRAIN, DatasetOptions
from stargan_tf.data.source import LabeledImages
from stargan_tf.discovery import DATASETS
from stargan_tf.doctor import checks
from stargan_tf.doctor.opened import Opened
from stargan_tf.doctor.pictures import look_at
from stargan_tf.doctor.report import OK, WARNING
from stargan_tf.errors import InputError

# Images that are looked at in each split, spread evenly.
LOOKED_AT = 24
# People make mistakes when they label: of CelebA's faces 1.4 % have two hair colors.
MISTAKES = 0.05
NOWHERE = "/no/such/folder/of/stargan_tf"
UNKNOWN = "no_such_domain_of_stargan_tf"
HEAVY = ("tensorflow", "keras", "torch")
IMPORT_SCRIPT = """
import sys
from stargan_tf import discovery
group, name, *heavy = sys.argv[1:]
group = getattr(discovery, group)
module = group.installed()[name].points[0].module
if module in sys.modules:
    print(f"Listing must not import {module}. Received: something imports it at start")
group.load(name)
found = [package for package in heavy if package in sys.modules]
if found:
    print(f"Importing {module} must not import {', '.join(found)}; do so inside a "
          "function, or in another module.")
"""


@dataclass
class Subject:
    """What the checks look at: a definition and its opened splits.

    Args:
        definition: of the data set.
        options: to open it with.
        image_size: side of the square images in pixels.
        opened: split → its images, as far as they could be opened.
        doing: what is being done, for the report of an error.
    """

    definition: Dataset
    options: DatasetOptions
    image_size: int
    opened: dict[str, LabeledImages] = field(default_factory=dict)
    doing: str = "reading the definition"

    def load(self, split: str, image_size: int = 0, **changes: Any) -> LabeledImages:
        """Opens a split anew, with another size or changed options if given."""
        said = "".join(f", {name}={value!r}" for name, value in changes.items())
        self.doing = f"opening split='{split}'{said}"
        options = replace(self.options, **changes)
        return self.definition.load(split, image_size or self.image_size, options)

    def picture(self, split: str, index: int) -> Any:
        """One image, as the plugin gives it."""
        images = self.opened[split]
        self.doing = f"reading the picture '{images.names[index]}' of '{split}'"
        return images.load(index)

    def some(self, split: str, count: int = LOOKED_AT) -> list[int]:
        """Positions of some images of a split, spread evenly."""
        size = len(self.opened[split])
        positions = np.linspace(0, size - 1, min(count, size)).astype(int)
        return np.unique(positions).tolist()


Check = Callable[[Subject], Iterator[str]]


def check_imports(group: str, name: str) -> Iterator[str]:
    """From a fresh interpreter: it is imported only when asked for, and quickly.

    Args:
        group: of `stargan_tf.discovery`, such as `"DATASETS"`.
        name: of the plugin.
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_SCRIPT, group, name, *HEAVY],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        yield f"A fresh interpreter must find it. Received: {last}"
    yield from done.stdout.splitlines()


def check_texts(subject: Subject) -> Iterator[str]:
    """The definition says what a user must know."""
    for name in ("description", "license", "citation", "obtain"):
        text = getattr(subject.definition, name)
        if not isinstance(text, str) or not text.strip():
            yield f"{name} must be a text for users. Received: {text!r}"
    if "\n" in str(subject.definition.description).strip():
        yield "description must be one line; it is shown in a list."
    page = subject.definition.homepage
    if page and not page.startswith(("https://", "http://")):
        yield f"homepage must be an address, https://…. Received: {page!r}"


def check_labels_in(subject: Subject) -> Iterator[str]:
    """`labels_in` gives `Labels`, or None for images without."""
    subject.doing = "asking for labels_in(options)"
    labels = subject.definition.labels_in(subject.options)
    if labels is not None and not isinstance(labels, Labels):
        yield f"labels_in must return Labels or None. Received: {labels!r}"


def check_opens(subject: Subject) -> Iterator[str]:
    """`load` gives `LabeledImages`; they are kept for the checks that follow."""
    for split in (TRAIN, HELD_OUT):
        try:
            images = subject.load(split)
        except Exception as error:
            yield f"While {subject.doing}: {_said(error)}"
            continue
        if isinstance(images, LabeledImages):
            subject.opened[split] = images
        else:
            found = type(images).__name__
            yield f"load('{split}') must return LabeledImages. Received: {found}"


def check_info(subject: Subject) -> Iterator[str]:
    """Both splits are described as the definition describes them."""
    subject.doing = "asking for info(image_size, options)"
    expected = subject.definition.info(subject.image_size, subject.options)
    wanted = tuple(subject.options.attributes)
    fields = ["name", "image_size", "label_type", "domains", "exclusive_groups"]
    if wanted:
        expected = replace(expected, domains=wanted, exclusive_groups=())
        fields.remove("exclusive_groups")
    for split, images in subject.opened.items():
        for name in fields:
            received, should = getattr(images.info, name), getattr(expected, name)
            if received != should:
                yield (
                    f"{split}: info.{name} must be {should!r}, as the definition says. "
                    f"Received: {received!r}"
                )


def check_labels(subject: Subject) -> Iterator[str]:
    """Labels are float32 zeros and ones that fit their kind, and names are apart."""
    for split, images in subject.opened.items():
        if images.labels.dtype != np.float32:
            yield f"{split}: labels must be float32. Received: {images.labels.dtype}"
    total = sum(map(len, subject.opened.values()))
    for found in checks.check_labels(subject.opened):
        few = found.level == WARNING and len(found.names) <= MISTAKES * total
        if found.level != OK and not few:
            yield f"{found.summary} Received: {_first(found.names)}"


def check_every_domain_occurs(subject: Subject) -> Iterator[str]:
    """One-hot: the training split has an image of each domain."""
    images = subject.opened[TRAIN]
    if images.info.label_type == ONE_HOT:
        for column in np.flatnonzero(images.labels.sum(axis=0) == 0):
            name = images.info.domains[column]
            yield f"{TRAIN}: the domain '{name}' must have a picture. Received: none"


def check_names(subject: Subject) -> Iterator[str]:
    """Each name occurs once in a split."""
    for split, images in subject.opened.items():
        twice = [name for name, count in Counter(images.names).items() if count > 1]
        if twice:
            yield f"{split}: names must be unique. Received twice: {_first(twice)}"
        if not all(isinstance(name, str) and name for name in images.names):
            yield f"{split}: names must be texts that are not empty."


def check_pictures_are_apart(subject: Subject) -> Iterator[str]:
    """No image is in both splits under two names."""
    splits, options = subject.opened, subject.options
    opened = Opened(subject.definition.name, subject.image_size, options, splits)
    pictures = [
        look_at(images.names[index], split, index, images)
        for split, images in splits.items()
        for index in subject.some(split)
    ]
    across = checks.check_duplicates(opened, pictures)[0]
    if across.names:
        yield f"No picture may be in both splits. Received: {_first(across.names)}"


def check_fingerprints(subject: Subject) -> Iterator[str]:
    """Fingerprints tell apart what differs."""
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


def check_pixels(subject: Subject) -> Iterator[str]:
    """Images have the type and shape that the description says."""
    for split in subject.opened:
        info = subject.opened[split].info
        for index in subject.some(split):
            problem = _not_an_image(subject.picture(split, index), info)
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
            pixels = subject.picture(split, index)
            if isinstance(pixels, np.ndarray) and pixels.flags.writeable:
                pixels[...] = 0
        with ThreadPoolExecutor(4) as pool:
            again = list(pool.map(subject.opened[split].load, chosen))
        if not all(map(np.array_equal, first, again)):
            yield (
                f"{split}: load(i) must give the same picture each time, from many "
                "threads, and after a caller wrote into what it gave. Received: another"
            )


def check_they_differ(subject: Subject) -> Iterator[str]:
    """Not one image for all numbers."""
    for split in subject.opened:
        chosen = subject.some(split)
        images = [np.asarray(subject.picture(split, index)) for index in chosen]
        if len(chosen) > 1 and all(np.array_equal(images[0], i) for i in images):
            yield f"{split}: load(i) must depend on i. Received: one picture for all"


def check_enlarged(subject: Subject) -> Iterator[str]:
    """Larger images, if there are any, have the size that was asked for."""
    subject.doing = "enlarging the training split"
    grown = subject.opened[TRAIN].enlarge()
    problem = _not_an_image(grown.load(0), grown.info)
    if problem:
        yield f"enlarge().load(0) must return {problem}"


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
    rows = zip(images.names, images.labels, strict=True)
    if not all(np.array_equal(by_name.get(name), row) for name, row in rows):
        yield f"attributes={turned} must turn the columns of the labels, and no more."


def check_unknown_label(subject: Subject) -> Iterator[str]:
    """A wrong name is the user's mistake."""
    if subject.definition.labels_in(subject.options) is None:
        return
    received = "images"
    try:
        subject.load(TRAIN, attributes=(UNKNOWN,))
    except InputError:
        return
    except Exception as error:
        received = _said(error)
    yield f"An unknown attribute must raise InputError. Received: {received}"


def check_missing_folder(definition: Dataset, options: DatasetOptions) -> Iterator[str]:
    """A folder that is not there is the user's mistake; who needs none may ignore it.

    Args:
        definition: of the data set.
        options: to open it with.

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


# The first ones need no images, the others both splits.
DEFINITION_CHECKS: tuple[Check, ...] = (check_texts, check_labels_in, check_opens)
IMAGE_CHECKS: tuple[Check, ...] = (
    check_info,
    check_labels,
    check_every_domain_occurs,
    check_names,
    check_pictures_are_apart,
    check_fingerprints,
    check_opening_again,
    check_pixels,
    check_determinism,
    check_they_differ,
    check_enlarged,
    check_choice_of_labels,
    check_unknown_label,
)


def _not_an_image(pixels: Any, info: DatasetInfo) -> str:
    """What was expected and received; empty if all is well."""
    expected = f"a {info.dtype} array {info.shape}. Received: "
    if not isinstance(pixels, np.ndarray):
        return expected + type(pixels).__name__
    if pixels.dtype != info.dtype or pixels.shape != info.shape:
        return f"{expected}{pixels.dtype} {pixels.shape}"
    return ""


def _first(names: object) -> str:
    return ", ".join(sorted(map(str, names))[:3])


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


class NotConforming(AssertionError):
    """A plugin breaks promises of `stargan_tf.plugin`; the message lists them all."""


def check_dataset(
    name: str,
    data_dir: str | os.PathLike | None = None,
    *,
    image_size: int = 32,
    missing_folder: bool = True,
    **options: Any,
) -> None:
    """Checks an installed data set; for the tests of the package that brings it.

    It opens both splits and looks at some pictures: a few dozen small ones are enough,
    such as a test makes itself.

    Args:
        name: as typed after `--dataset`.
        data_dir: folder of its files.
        image_size: side of the square images in pixels, a multiple of 4.
        missing_folder: also open it with a `data_dir` that does not exist; say False
            where that would start a download.
        **options: further fields of `DatasetOptions`.

    Raises:
        NotConforming: with one line for each broken promise.
    """
    try:
        definition = DATASETS.load(name)
    except InputError as error:
        raise NotConforming(f"Data set '{name}': {error}") from error
    folder = None if data_dir is None else os.fspath(data_dir)
    chosen = DatasetOptions(data_dir=folder, **options)
    failures = [
        *check_imports("DATASETS", name),
        *broken_promises(definition, chosen, image_size),
        *(check_missing_folder(definition, chosen) if missing_folder else ()),
    ]
    raise_if_broken(f"Data set '{name}'", failures)


def raise_if_broken(plugin: str, failures: list[str]) -> None:
    """Raises `NotConforming` with one line for each failure, if there is any."""
    if failures:
        lines = "".join(f"\n- {failure}" for failure in failures)
        raise NotConforming(f"{plugin} breaks {len(failures)} rule(s):{lines}")


def broken_promises(
    definition: Dataset, options: DatasetOptions, image_size: int
) -> Iterator[str]:
    """What is wrong with a definition and the images it opens.

    Args:
        definition: of the data set.
        options: what a user would say.
        image_size: side of the square images in pixels.

    Yields:
        One line for each broken promise.
    """
    subject = Subject(definition, options, image_size)
    for check in DEFINITION_CHECKS:
        yield from guarded(check, subject)
    if len(subject.opened) == len(SPLITS):
        for check in IMAGE_CHECKS:
            yield from guarded(check, subject)


def guarded(check: Callable[[Any], Iterator[str]], subject: Any) -> Iterator[str]:
    """A plugin may fail in any way; whatever it is, the other checks are run."""
    try:
        yield from check(subject)
    except Exception as error:
        yield f"While {subject.doing}: {_said(error)}"
