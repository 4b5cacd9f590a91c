"""Each promise that a data set can break is found."""

import sys
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest

from stargan_tf.plugin import (
    Dataset,
    DatasetInfo,
    DatasetOptions,
    LabeledImages,
    binary,
    choose_domains,
    one_hot,
)
from stargan_tf.testing.datasets import (
    NotConforming,
    broken_promises,
    check_dataset,
    check_missing_folder,
)

COUNTS = {"train": 12, "held_out": 4}
PETS = one_hot("cat", "dog")
FIRST = {"train": 0, "held_out": 100}


class Sound(Dataset):
    """Noise; `spoil` lets a test break one thing at a time."""

    def load(self, split, image_size, options):
        numbers = FIRST[split] + np.arange(COUNTS[split])
        labels = self.labels.vectors(numbers % len(self.labels.names))

        def load(index):
            random = np.random.default_rng(int(numbers[index]))
            return random.integers(0, 256, (image_size, image_size, 3), np.uint8)

        names = tuple(f"{number}.png" for number in numbers)
        key = f"sound {split} {image_size}"
        info = self.info(image_size, options)
        images = LabeledImages(info, labels, names, load, key)
        return choose_domains(self.spoil(images, split, options), options.attributes)

    def spoil(self, images, split, options):
        return images


def made(kind=Sound, labels=PETS, **changes):
    texts = dict(description="d", license="l", citation="c", obtain="o")
    texts |= changes
    return kind(api_version=1, name="sound", labels=labels, **texts)


def spoilt(change, labels=PETS):
    class Spoilt(Sound):
        def spoil(self, images, split, options):
            return change(images, split, options)

    return made(Spoilt, labels)


def failures(definition, **options):
    return list(broken_promises(definition, DatasetOptions(**options), 16))


def test_a_sound_one_breaks_none():
    assert failures(made()) == []
    assert failures(made(), attributes=("dog", "cat")) == []


def test_our_own_break_none(tmp_path):
    from PIL import Image

    for number in range(8):
        pixels = np.random.default_rng(number).integers(0, 256, (20, 30, 3), np.uint8)
        place = tmp_path / "animals" / "ab"[number % 2]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(place / f"{number}.png")
    check_dataset("folder", tmp_path / "animals")
    check_dataset("toon_attributes")


def labels(change):
    """Spoils the labels of the training split."""

    def apply(images, split, options):
        changed = change(images.labels.copy()) if split == "train" else images.labels
        return replace(images, labels=changed)

    return apply


def of(field, value):
    """Replaces a field by value(images, split)."""
    return lambda images, split, options: replace(
        images, **{field: value(images, split)}
    )


def set_at(labels, index, row):
    labels[index] = row
    return labels


class Counter:
    """Another number at each call."""

    def __init__(self):
        self.calls = 0

    def __call__(self):
        self.calls += 1
        return self.calls


count = Counter()
NOISE = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)


def unlike_info(images, split):
    return DatasetInfo("other", ("cat", "dog"), "one_hot", 16)


def turned(images, split):
    return DatasetInfo("sound", ("dog", "cat"), "one_hot", 16)


def cropped(images, split):
    return lambda index: images.load(index)[:8]


def drifting(images, split):
    return lambda index: images.load(index) // (1 + count() % 7)


def shared(images, split):
    known = [images.load(index) for index in range(len(images))]
    return known.__getitem__


def floats(images, split):
    return lambda index: images.load(index) / 255


def same_names(images, split):
    return tuple(f"{i}.png" for i in range(len(images)))


def twice(images, split):
    return (images.names[0], *images.names[:-1])


def both(images, split):
    number = {"train": 0, "held_out": 0}[split]
    return lambda index: images.load(index) if index else np.full_like(NOISE, number)


def fails(error):
    def load(index):
        raise error

    return lambda images, split: load


GROUP = binary("Black", "Blond", exclusive=[("Black", "Blond")])


class BothHairs(Sound):
    def load(self, split, image_size, options):
        images = replace(made(), name="sound").load(split, image_size, options)
        info = self.info(image_size, DatasetOptions())
        every = np.ones_like(images.labels)
        return choose_domains(replace(images, info=info, labels=every), ())


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            labels(lambda y: y.astype(np.float64)),
            "labels must be float32. Received: fl",
        ),
        (labels(lambda y: y / 2), "12 images have labels other than 0 and 1."),
        (
            labels(lambda y: set_at(y, 3, 1)),
            "1 image has no domain, or more than one. Received: 3.png",
        ),
        (
            labels(lambda y: set_at(y, 2, 0)),
            "no domain, or more than one. Received: 2.png",
        ),
        (
            labels(lambda y: set_at(y, slice(None), [1, 0])),
            "the domain 'dog' must have an image",
        ),
        (of("info", unlike_info), "info.name must be 'sound'"),
        (of("info", turned), "info.domains must be ('cat', 'dog')"),
        (
            of("load", cropped),
            "must return a uint8 array (16, 16, 3). Received: uint8 (",
        ),
        (
            of("load", floats),
            "must return a uint8 array (16, 16, 3). Received: float64",
        ),
        (of("load", drifting), "must return the same image at each call"),
        (of("load", shared), "after the caller changed an earlier result"),
        (of("load", lambda i, s: lambda index: i.load(0)), "the same image for all"),
        (
            of("load", both),
            "in both splits. Received: 100.png = 0.png",
        ),
        (
            of("load", fails(KeyError("x"))),
            "While loading the image '0.png' of 'train'",
        ),
        (
            of("names", same_names),
            "same name in both splits. Received: 0.png, 1.png, 2.png",
        ),
        (of("names", twice), "names must be unique. Received twice: 0.png"),
        (of("fingerprint", lambda i, s: "one"), "must have different fingerprints"),
        (of("fingerprint", lambda i, s: s), "fingerprint must depend on image_size"),
        (
            of("fingerprint", lambda i, s: f"{s} {count()}"),
            "fingerprint must not change",
        ),
        (of("fingerprint", lambda i, s: ""), "must be a nonempty text"),
        (
            of("native_side", lambda i, s: lambda: 1000),
            "While enlarging the training split: TypeError",
        ),
        (lambda images, split, options: 1 / 0, "While loading split='train': ZeroDiv"),
    ],
)
def test_a_broken_promise_is_found(spoil, message):
    found = failures(spoilt(spoil))
    assert any(message in failure for failure in found), found


@pytest.mark.parametrize("field", ["description", "license", "citation", "obtain"])
def test_texts_that_are_missing(field):
    assert failures(made(**{field: " "})) == [
        f"{field} must be a nonempty text. Received: ' '"
    ]


def test_other_words_about_itself():
    assert "a single line" in failures(made(description="a\nb"))[0]
    assert "must be a URL" in failures(made(homepage="example.org"))[0]


class Strange(Sound):
    def labels_in(self, options):
        return ("cat", "dog")


def test_labels_that_are_none():
    assert "must return Labels or None" in failures(made(Strange))[0]


def test_groups_that_are_not_exclusive():
    (found,) = failures(made(BothHairs, GROUP))[:1]
    assert found.startswith("16 images have more than one of Black, Blond")


class Nothing(Sound):
    def load(self, split, image_size, options):
        return None


def test_what_is_no_labelled_images():
    assert "must return LabeledImages. Received: NoneType" in failures(made(Nothing))[0]


class Deaf(Sound):
    """Does not care which labels the user wants."""

    def load(self, split, image_size, options):
        return super().load(split, image_size, DatasetOptions())


class Crashing(Sound):
    def load(self, split, image_size, options):
        if options.data_dir == "/data":
            return super().load(split, image_size, options)
        raise FileNotFoundError(options.data_dir)


def test_options_that_are_not_listened_to():
    first, second = failures(made(Deaf))
    assert "attributes=('dog', 'cat') must give these domains" in first
    assert second == "An unknown attribute must raise InputError. Received: images"


def test_a_missing_folder_must_be_the_users_mistake():
    options = DatasetOptions(data_dir="/data")
    first, second = check_missing_folder(made(Crashing), options)
    assert "data_dir=None must raise InputError. Received: FileNotFoundError" in first
    assert "/no/such/folder" in second
    assert list(check_missing_folder(made(), options)) == []


def test_several_failures_in_one_error_and_imports(installed_package, monkeypatch):
    # The package's stand-in must not stay the torch of later tests.
    monkeypatch.setitem(sys.modules, "torch", ModuleType("torch"))
    code = """
import torch
from stargan_tf.plugin import Dataset
class Empty(Dataset):
    def load(self, split, image_size, options):
        raise KeyError(split)
EMPTY = Empty(api_version=1, name="empty", description="", license="l", citation="c",
              obtain="o")
"""
    entries = {"stargan_tf.datasets": {"empty": "empty_pkg:EMPTY"}}
    place = installed_package("empty-pkg", code, entries)
    (place / "torch.py").write_text("")
    with pytest.raises(NotConforming) as caught:
        check_dataset("empty")
    first, *rest = str(caught.value).splitlines()
    assert first == "Data set 'empty' breaks 4 rule(s):"
    assert "Importing empty_pkg must not import torch. Import them inside" in rest[0]
    assert "description must be a nonempty text" in rest[1]
    assert rest[2:] == [
        f"- While loading split='{split}': KeyError: '{split}'" for split in COUNTS
    ]


def test_an_unknown_one():
    with pytest.raises(NotConforming, match="'none_such': There is no data set"):
        check_dataset("none_such")
