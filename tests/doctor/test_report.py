import json
import sys
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.options import DatasetOptions
from stargan_tf.doctor import report as module
from stargan_tf.doctor.opened import Opened
from stargan_tf.doctor.report import (
    ERROR,
    OK,
    WARNING,
    Finding,
    Report,
    report_text,
    write_report,
)
from stargan_tf.errors import InputError


@pytest.fixture
def report(source, opened):
    def build(*findings):
        return Report(opened(source([[1, 0]])), [], findings)

    return build


GOOD = Finding("a", OK, "Fine.")
BAD = Finding("b", ERROR, "Three are bad.", "Throw them away.", ["x", "y", "z", "w"])


def test_text_names_some_and_says_what_to_do(report, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    text = report_text(report(GOOD, BAD))
    assert text.splitlines()[2:] == [
        "  OK       Fine.",
        "  error    Three are bad.",
        "             x",
        "             y",
        "             z",
        "             and 1 more",
        "           → Throw them away.",
        "",
        "1 error to fix before training, 0 warnings.",
    ]


def test_names_that_the_sentence_holds_are_not_repeated(report):
    found = Finding("c", WARNING, "Few of cat and dog.", "Add some.", ["cat", "dog"])
    text = report_text(report(found))
    assert text.count("cat") == 1 and "No errors, 1 warning." in text


def test_colors_on_a_terminal_only(report, monkeypatch):
    assert "\033[31m" not in report_text(report(BAD))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\033[31m" in report_text(report(BAD))
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\033[31m" not in report_text(report(BAD))


def test_names_that_are_no_text_are_shown_and_written(report, tmp_path):
    broken = "caf\udce9.png"
    found = report(Finding("d", WARNING, "Odd.", "", [broken]))
    report_text(found).encode("utf-8")
    write_report(found, tmp_path / "report.json")
    content = (tmp_path / "report.json").read_text(encoding="utf-8")
    (read,) = json.loads(content)["findings"]
    assert read["names"] == [broken]


def test_json_holds_a_thousand_names_and_the_count(report, tmp_path):
    names = [f"{k}.png" for k in range(1200)]
    path = tmp_path / "new" / "report.json"
    found = report(Finding("e", ERROR, "Many.", "", names))
    assert found.has_errors
    write_report(found, path)
    content = json.loads(path.read_text())
    assert content["findings"][0]["count"] == 1200
    assert content["findings"][0]["names"] == names[:1000]
    assert content["levels"] == {"OK": 0, "warning": 0, "error": 1}
    assert content["info"]["domains"] == ["a", "b"]


NO_FILES = Opened("toy", 8, DatasetOptions(), {}, None, ("No files.",))


@dataclass
class Plugin:
    packages: tuple = ("toys 1.2",)


@pytest.fixture
def define(monkeypatch):
    def as_definition(known):
        data_sets = SimpleNamespace(
            load=lambda name: known, installed=lambda: {"toy": Plugin()}
        )
        monkeypatch.setattr(module, "DATASETS", data_sets)

    return as_definition


class Bare:
    description = "toys"

    def info(self, image_size, options):
        raise InputError("labels determined by the files")


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
    assert "determined by the files" in text and "cannot be opened: No files." in text


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
