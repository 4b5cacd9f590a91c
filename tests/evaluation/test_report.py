import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from stargan_tf.errors import InputError
from stargan_tf.evaluation.measures import ByImage, Measurement, bootstrap_interval
from stargan_tf.evaluation.options import EvaluationOptions
from stargan_tf.evaluation.report import report_page, write_report
from stargan_tf.evaluation.results import (
    Example,
    Results,
    TaskResult,
    results_record,
)

CONTEXT = {
    "model": {
        "folder": "/runs/pets/checkpoints/step_00000100",
        "family": "stargan_v2",
        "step": 100,
        "sha256": "0123456789abcdef0123",
    },
    "data": {
        "dataset": "<pets>",
        "domains": ["cat", "dog"],
        "image_size": 64,
        "held_out": {"images": 20},
        "train": {"images": 200},
    },
    "versions": {"keras": "3.1"},
}


def example(score, level, side=64):
    plain = np.full((side, side, 3), level, np.uint8)
    return Example("a.png", score, "sureness", ".0%", plain, plain)


def pair(source, target, fid, *examples):
    fid = Measurement("fid", fid, {"real": 9}, "standard")
    name = f"latent: {source} → {target}"
    return TaskResult(name, "latent", target, source, 5, 10, [fid], examples)


def page(*tasks, **more):
    results = Results(tasks, **more)
    return report_page(results_record(results, EvaluationOptions(), **CONTEXT), results)


class Balance(HTMLParser):
    """Every element that is opened is closed, in order."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


PAIRS = (
    pair("cat", "dog", 10.0, example(0.9, 10), example(0.2, 20)),
    pair("dog", "cat", 30.0, example(0.8, 30), example(0.1, 40)),
)


def test_one_page_that_needs_nothing_else():
    html = page(replace(PAIRS[0], unreadable=[3, 4]), PAIRS[1])
    balance = Balance()
    balance.feed(html)
    assert not balance.open
    addresses = re.findall(r'(?:src|href)="([^"]*)"', html)
    assert addresses and all(a.startswith("data:image/png;base64,") for a in addresses)
    assert "@import" not in html and "url(" not in html
    assert "<h1>pets: stargan_v2 on &lt;pets&gt;</h1>" in html
    assert "2 held-out images could not be read." in html
    assert "20.00" in html  # the mean
    for fact in ("standard", "keras 3.1", "0123456789abcdef"):
        assert fact in html


def test_the_error_on_real_images_stands_beside_that_on_translations():
    images = ByImage(np.arange(8), np.eye(8)[:2].sum(axis=0), np.ones(8), share=True)
    share = Measurement.of_images("classification_error", images)
    low, high = bootstrap_interval([images], seed=0)
    task = TaskResult("latent: cat → dog", "latent", "dog", "cat", 5, 10, [share])
    real = [
        Measurement("classification_error_real", 0.02),
        Measurement("classification_error_real/cat", 0.5),
    ]
    html = page(task, real=real)
    assert "on real images: 2.0\xa0%" in html and "on real images: 50.0" not in html
    assert "<b>25.0\xa0%</b>" in html and low < 0.25 < high
    assert f"95 %: {100 * low:.1f}\xa0% to {100 * high:.1f}\xa0%" in html


def test_the_matrix_is_colored_from_bad_to_good():
    html = page(*PAIRS)
    cells = re.findall(r'background:rgb\(47 111 107 / (\d+%)\)">([\d.]+)', html)
    assert {value: color for color, value in cells} == {"10.00": "33%", "30.00": "0%"}


def test_best_and_worst_pictures_are_in_the_page():
    html = page(*PAIRS)
    best, worst = html.split("Worst translations")
    assert "90%" in best and "80%" in best and "20%" not in best
    assert worst.index("10%") < worst.index("20%")
    (code, *_) = re.findall(r"base64,([^\"]*)", worst)
    image = Image.open(io.BytesIO(base64.b64decode(code)))
    assert image.getpixel((0, 0)) == (40, 40, 40)


def test_large_pictures_are_reduced_and_none_need_not_be():
    html = page(pair("cat", "dog", 1.0, example(0.9, 1, 400), example(0.1, 2, 400)))
    (code, *_) = re.findall(r"base64,([^\"]*)", html)
    assert Image.open(io.BytesIO(base64.b64decode(code))).size == (160, 160)
    assert "Best translations" not in page(pair("cat", "dog", 1.0))


def test_it_is_written_as_a_whole_or_not_at_all(tmp_path):
    results = Results(PAIRS)
    record = results_record(results, EvaluationOptions(), **CONTEXT)
    write_report(record, results, tmp_path / "new" / "report.html")
    text = (tmp_path / "new" / "report.html").read_text("utf-8")
    assert text == report_page(record, results)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="Cannot write the report"):
        write_report(record, results, tmp_path / "file" / "report.html")


def test_it_says_how_many_were_measured_and_by_which_classifier():
    results = Results([pair("cat", "dog", 9.0)])
    options = EvaluationOptions(
        metrics=("classification",), classifier="tiny", count=20
    )
    text = report_page(results_record(results, options, **CONTEXT), results)
    assert "<dd>20 images</dd>" in text and "<dd>tiny</dd>" in text
    assert "Limit per target" not in page(pair("cat", "dog", 9.0))
