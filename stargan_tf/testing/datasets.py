"""Checks of the contract of data sets; each check yields a line per violation."""

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

# Number of images to check in each split, evenly spaced.
LOOKED_AT = 24
# Accepted fraction of labeling errors; in CelebA, 1.4 % of faces have two hair colors.
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
    print(f"Listing must not import {module}. Received: it is imported at startup")
group.load(name)
imported = [package for package in heavy if package in sys.modules]
if imported:
    print(f"Importing {module} must not import {', '.join(imported)}. Import them "
          "inside a function, or in another module.")
"""


@dataclass
class Subject:
    """The data set to check, and its splits.

    Args:
        definition: the data set.
        options: options to load it with.
        image_size: side of the square images in pixels.
        opened: split → its images; without splits that could not be loaded.
        doing: description of the current step, for error messages.
    """

    definition: Dataset
    options: DatasetOptions
    image_size: int
    opened: dict[str, LabeledImages] = field(default_factory=dict)
    doing: str = "reading the definition"

    def load(self, split: str, image_size: int = 0, **changes: Any) -> LabeledImages:
        """Loads a split, optionally with another size or changed options."""
        changed = "".join(f", {name}={value!r}" for name, value in changes.items())
        self.doing = f"loading split='{split}'{changed}"
        options = replace(self.options, **changes)
        return self.definition.load(split, image_size or self.image_size, options)

    def image(self, split: str, index: int) -> Any:
        """Returns an image as loaded by the plugin."""
        images = self.opened[split]
        self.doing = f"loading the image '{images.names[index]}' of '{split}'"
        return images.load(index)

    def some(self, split: str, count: int = LOOKED_AT) -> list[int]:
        """Returns indices of evenly spaced images of a split."""
        size = len(self.opened[split])
        positions = np.linspace(0, size - 1, min(count, size)).astype(int)
        return np.unique(positions).tolist()


Check = Callable[[Subject], Iterator[str]]


def check_imports(group: str, name: str) -> Iterator[str]:
    """In a new process, the plugin is imported only on request and without TensorFlow.

    Args:
        group: name of a group in `stargan_tf.discovery`, such as `"DATASETS"`.
        name: name of the plugin.
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
        yield f"A new Python process must be able to import it. Received: {last}"
    yield from done.stdout.splitlines()


def check_texts(subject: Subject) -> Iterator[str]:
    """The texts of the definition are complete."""
    for name in ("description", "license", "citation", "obtain"):
        text = getattr(subject.definition, name)
        if not isinstance(text, str) or not text.strip():
            yield f"{name} must be a nonempty text. Received: {text!r}"
    if "\n" in str(subject.definition.description).strip():
        yield "description must be a single line, because lists show it."
    page = subject.definition.homepage
    if page and not page.startswith(("https://", "http://")):
        yield f"homepage must be a URL, https://…. Received: {page!r}"


def check_labels_in(subject: Subject) -> Iterator[str]:
    """`labels_in` returns `Labels`, or None for images without labels."""
    subject.doing = "calling labels_in(options)"
    labels = subject.definition.labels_in(subject.options)
    if labels is not None and not isinstance(labels, Labels):
        yield f"labels_in must return Labels or None. Received: {labels!r}"


def check_opens(subject: Subject) -> Iterator[str]:
    """`load` returns `LabeledImages`, which are kept for further checks."""
    for split in (TRAIN, HELD_OUT):
        try:
            images = subject.load(split)
        except Exception as error:
            yield f"While {subject.doing}: {_described(error)}"
            continue
        if isinstance(images, LabeledImages):
            subject.opened[split] = images
        else:
            received = type(images).__name__
            yield f"load('{split}') must return LabeledImages. Received: {received}"


def check_info(subject: Subject) -> Iterator[str]:
    """`info` of both splits equals that of the definition."""
    subject.doing = "calling info(image_size, options)"
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
                    f"{split}: info.{name} must be {should!r}, like that of the "
                    f"definition. Received: {received!r}"
                )


def check_labels(subject: Subject) -> Iterator[str]:
    """Labels are float32, 0 or 1, and match the label type; splits share no names."""
    for split, images in subject.opened.items():
        if images.labels.dtype != np.float32:
            yield f"{split}: labels must be float32. Received: {images.labels.dtype}"
    total = sum(map(len, subject.opened.values()))
    for finding in checks.check_labels(subject.opened):
        few = finding.level == WARNING and len(finding.names) <= MISTAKES * total
        if finding.level != OK and not few:
            yield f"{finding.summary} Received: {_first(finding.names)}"


def check_every_domain_occurs(subject: Subject) -> Iterator[str]:
    """With one-hot labels, the training split has an image of each domain."""
    images = subject.opened[TRAIN]
    if images.info.label_type == ONE_HOT:
        for column in np.flatnonzero(images.labels.sum(axis=0) == 0):
            name = images.info.domains[column]
            yield f"{TRAIN}: the domain '{name}' must have an image. Received: none"


def check_names(subject: Subject) -> Iterator[str]:
    """Names are unique within a split."""
    for split, images in subject.opened.items():
        twice = [name for name, count in Counter(images.names).items() if count > 1]
        if twice:
            yield f"{split}: names must be unique. Received twice: {_first(twice)}"
        if not all(isinstance(name, str) and name for name in images.names):
            yield f"{split}: names must be nonempty texts."


def check_splits_are_disjoint(subject: Subject) -> Iterator[str]:
    """No image is in both splits under two names."""
    splits, options = subject.opened, subject.options
    opened = Opened(subject.definition.name, subject.image_size, options, splits)
    images = [
        look_at(images.names[index], split, index, images)
        for split, images in splits.items()
        for index in subject.some(split)
    ]
    across = checks.check_duplicates(opened, images)[0]
    if across.names:
        yield f"No image may be in both splits. Received: {_first(across.names)}"


def check_fingerprints(subject: Subject) -> Iterator[str]:
    """Fingerprints of different data differ."""
    keys = {split: images.fingerprint for split, images in subject.opened.items()}
    if not all(isinstance(key, str) and key for key in keys.values()):
        yield f"fingerprint must be a nonempty text. Received: {keys}"
    if keys[TRAIN] == keys[HELD_OUT]:
        yield f"The splits must have different fingerprints. Received: {keys[TRAIN]!r}"
    larger = subject.load(TRAIN, 2 * subject.image_size)
    if larger.fingerprint == keys[TRAIN]:
        yield (
            "The fingerprint must depend on image_size. Received: the same for two "
            "sizes"
        )


def check_opening_again(subject: Subject) -> Iterator[str]:
    """Loading a split again gives the same result."""
    for split, first in subject.opened.items():
        again = subject.load(split)
        if again.fingerprint != first.fingerprint:
            yield f"{split}: the fingerprint must not change. Received: another one"
        if again.names != first.names:
            yield f"{split}: names must be the same, in the same order, at each load."
        elif not np.array_equal(again.labels, first.labels):
            yield f"{split}: labels must be the same at each load."


def check_pixels(subject: Subject) -> Iterator[str]:
    """Images have the dtype and shape of `info`."""
    for split in subject.opened:
        info = subject.opened[split].info
        for index in subject.some(split):
            problem = _not_an_image(subject.image(split, index), info)
            if problem:
                name = subject.opened[split].names[index]
                yield f"{split}: load({index}), '{name}', must return {problem}"
                break


def check_determinism(subject: Subject) -> Iterator[str]:
    """`load(i)` is deterministic, thread-safe, and returns independent arrays."""
    for split in subject.opened:
        chosen = subject.some(split, 4)
        first = [np.array(subject.image(split, index)) for index in chosen]
        for index in chosen:
            pixels = subject.image(split, index)
            if isinstance(pixels, np.ndarray) and pixels.flags.writeable:
                pixels[...] = 0
        with ThreadPoolExecutor(4) as pool:
            again = list(pool.map(subject.opened[split].load, chosen))
        if not all(map(np.array_equal, first, again)):
            yield (
                f"{split}: load(i) must return the same image at each call, from "
                "several threads, and after the caller changed an earlier result. "
                "Received: another image"
            )


def check_they_differ(subject: Subject) -> Iterator[str]:
    """`load(i)` depends on i."""
    for split in subject.opened:
        chosen = subject.some(split)
        images = [np.asarray(subject.image(split, index)) for index in chosen]
        if len(chosen) > 1 and all(np.array_equal(images[0], i) for i in images):
            yield f"{split}: load(i) must depend on i. Received: the same image for all"


def check_enlarged(subject: Subject) -> Iterator[str]:
    """Enlarged images, if the data set has any, have the dtype and shape of `info`."""
    subject.doing = "enlarging the training split"
    grown = subject.opened[TRAIN].enlarge()
    problem = _not_an_image(grown.load(0), grown.info)
    if problem:
        yield f"enlarge().load(0) must return {problem}"


def check_choice_of_labels(subject: Subject) -> Iterator[str]:
    """`attributes` selects labels in the given order."""
    images = subject.opened[TRAIN]
    reverse = tuple(reversed(images.info.domains))
    if subject.definition.labels_in(subject.options) is None or len(reverse) < 2:
        return
    chosen = subject.load(TRAIN, attributes=reverse)
    if chosen.info.domains != reverse:
        yield (
            f"attributes={reverse} must give these domains in this order. "
            f"Received: {chosen.info.domains}"
        )
        return
    by_name = dict(zip(chosen.names, chosen.labels[:, ::-1], strict=True))
    rows = zip(images.names, images.labels, strict=True)
    if not all(np.array_equal(by_name.get(name), row) for name, row in rows):
        yield f"attributes={reverse} must only reverse the columns of the labels."


def check_unknown_label(subject: Subject) -> Iterator[str]:
    """An unknown label raises `InputError`."""
    if subject.definition.labels_in(subject.options) is None:
        return
    received = "images"
    try:
        subject.load(TRAIN, attributes=(UNKNOWN,))
    except InputError:
        return
    except Exception as error:
        received = _described(error)
    yield f"An unknown attribute must raise InputError. Received: {received}"


def check_missing_folder(definition: Dataset, options: DatasetOptions) -> Iterator[str]:
    """A missing folder raises `InputError`, unless the data set needs no folder."""
    for folder in (None, NOWHERE) if options.data_dir else ():
        try:
            definition.load(TRAIN, 32, replace(options, data_dir=folder))
        except (InputError, ImportError):
            continue
        except Exception as error:
            received = _described(error)
            yield f"data_dir={folder!r} must raise InputError. Received: {received}"


# DEFINITION_CHECKS need no images; IMAGE_CHECKS need both splits.
DEFINITION_CHECKS: tuple[Check, ...] = (check_texts, check_labels_in, check_opens)
IMAGE_CHECKS: tuple[Check, ...] = (
    check_info,
    check_labels,
    check_every_domain_occurs,
    check_names,
    check_splits_are_disjoint,
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
    """Describes what was expected and received; empty if the image is correct."""
    expected = f"a {info.dtype} array {info.shape}. Received: "
    if not isinstance(pixels, np.ndarray):
        return expected + type(pixels).__name__
    if pixels.dtype != info.dtype or pixels.shape != info.shape:
        return f"{expected}{pixels.dtype} {pixels.shape}"
    return ""


def _first(names: object) -> str:
    return ", ".join(sorted(map(str, names))[:3])


def _described(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


class NotConforming(AssertionError):
    """A plugin violates the contract of `stargan_tf.plugin`; lists all violations."""


def check_dataset(
    name: str,
    data_dir: str | os.PathLike | None = None,
    *,
    image_size: int = 32,
    missing_folder: bool = True,
    **options: Any,
) -> None:
    """Checks the contract of an installed data set; for the tests of its package.

    Both splits are loaded and some of their images are checked. A few dozen small
    images, generated by the test, are sufficient.

    Example:

    ```python
    def test_contract(tmp_path):
        ...  # write some images to tmp_path
        check_dataset("flowers", data_dir=tmp_path)
    ```

    Args:
        name: name of the data set, as for `--dataset`.
        data_dir: folder of its files.
        image_size: side of the square images in pixels, a multiple of 4.
        missing_folder: whether to check that a missing `data_dir` raises `InputError`;
            pass False if that would start a download.
        **options: further fields of `DatasetOptions`.

    Raises:
        NotConforming: if the data set violates the contract, with a line per
            violation.
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
    """Raises `NotConforming` with a line per failure, if there are any."""
    if failures:
        lines = "".join(f"\n- {failure}" for failure in failures)
        raise NotConforming(f"{plugin} breaks {len(failures)} rule(s):{lines}")


def broken_promises(
    definition: Dataset, options: DatasetOptions, image_size: int
) -> Iterator[str]:
    """Runs all checks of a definition and its images.

    Args:
        definition: the data set.
        options: options to load it with.
        image_size: side of the square images in pixels.

    Yields:
        A line per violation.
    """
    subject = Subject(definition, options, image_size)
    for check in DEFINITION_CHECKS:
        yield from guarded(check, subject)
    if len(subject.opened) == len(SPLITS):
        for check in IMAGE_CHECKS:
            yield from guarded(check, subject)


def guarded(check: Callable[[Any], Iterator[str]], subject: Any) -> Iterator[str]:
    """Runs a check; any error of the plugin becomes a violation."""
    try:
        yield from check(subject)
    except Exception as error:
        yield f"While {subject.doing}: {_described(error)}"
