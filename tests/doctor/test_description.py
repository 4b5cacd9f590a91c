from dataclasses import dataclass

import pytest

from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.options import DatasetOptions
from stargan_tf.doctor import description as module
from stargan_tf.doctor.opened import Opened
from stargan_tf.errors import InputError

NO_FILES = Opened("toy", 8, DatasetOptions(), {}, None, ("No files.",))


@dataclass
class Plugin:
    packages: tuple = ("toys 1.2",)


@pytest.fixture
def define(monkeypatch):
    def as_definition(known):
        monkeypatch.setattr(module, "definition", lambda name: known)
        monkeypatch.setattr(module, "available", lambda: {"toy": Plugin()})

    return as_definition


class Bare:
    description = "toys"

    def info(self, image_size, options):
        raise InputError("labels follow from the files")


class Stated(Bare):
    license = "CC BY 4.0"
    citation = "@misc{toys,\n  title = {Toys}\n}"
    homepage = "https://toys.example"
    obtain = "Ask Santa."

    def info(self, image_size, options):
        return DatasetInfo("toy", ("a", "b"), "binary", image_size, (("a", "b"),))


def test_what_a_definition_does_not_say_is_not_stated(define):
    define(Bare())
    text = module.description(NO_FILES)
    assert text.startswith("toy: toys") and "toys 1.2" in text
    assert text.count("not stated") == 3 and "Homepage" not in text
    assert "follow from the files" in text and "cannot be opened: No files." in text


def test_labels_and_terms_are_told_without_files(define):
    define(Stated())
    text = module.description(NO_FILES)
    for part in ("2, binary: a, b", "at most one of a, b", "CC BY 4.0", "Ask Santa."):
        assert part in text
    assert "https://toys.example" in text and "not stated" not in text
    # BibTeX keeps its lines.
    assert [line.strip() for line in text.splitlines() if "Toys}" in line] == [
        "title = {Toys}",
    ]
