import json
from dataclasses import replace

import numpy as np
import pytest

from stargan_tf.errors import InputError
from stargan_tf.evaluation.measures import ByImage, Measurement, bootstrap_interval
from stargan_tf.evaluation.options import EvaluationOptions
from stargan_tf.evaluation.report import _images
from stargan_tf.evaluation.results import (
    Example,
    Results,
    Scores,
    TaskResult,
    aligned,
    best_and_worst,
    drop_hidden_examples,
    read_record,
    results_record,
    results_table,
    write_record,
)
from stargan_tf.evaluation.tasks import Translated


def task(guide, *measurements, sources=5):
    return TaskResult("t", guide, "cat", None, sources, 1, measurements)


def share(wrong, rows):
    wrong, answers = np.array(wrong, float), np.full(len(rows), 10.0)
    images = ByImage(np.array(rows), wrong, answers, share=True)
    return Measurement.of_images("classification_error", images)


def test_means_over_tasks_with_the_guide_in_the_name():
    results = Results(
        [
            task("latent", Measurement("fid", 10.0, {"real": 4}, "standard")),
            task("latent", Measurement("fid", 20.0, {"real": 6}, "standard")),
            task("reference", Measurement("fid", 3.0, protocol="standard")),
            task("own", Measurement("same_domain_change", 1.5)),
        ]
    )
    means = {name: one.value for name, one in results.means.items()}
    assert means == {
        "latent_fid": 15.0,
        "reference_fid": 3.0,
        "same_domain_change": 1.5,
    }
    # Both have the same real images, or partly: their sum would count them twice.
    assert results.means["latent_fid"].counts == {"tasks": 2}
    assert results.means["latent_fid"].protocol == "standard"


def test_shares_of_answers_are_pooled_with_an_interval_by_image():
    parts = share([4, 0], [0, 1]), share([1, 0, 2, 0], [0, 1, 2, 3])
    results = Results([task("label", part) for part in parts])
    mean = results.means["classification_error"]
    assert mean.value == pytest.approx(7 / 60)
    assert mean.counts == {"tasks": 2, "images": 4, "answers": 60}
    joined = ByImage.joined([part.by_image for part in parts])
    assert mean.interval == bootstrap_interval([joined], seed=0)
    other = Results(results.tasks, seed=1).means["classification_error"]
    assert other.value == mean.value


def test_means_over_tasks_have_an_interval_by_image():
    images = [ByImage(np.arange(30), np.arange(30.0) + n, np.ones(30)) for n in (0, 8)]
    parts = [Measurement.of_images("cycle_error", one) for one in images]
    results = Results([task("label", part) for part in parts], seed=4)
    mean = results.means["cycle_error"]
    assert mean.value == 18.5 and mean.counts == {"tasks": 2, "images": 30}
    assert mean.interval == bootstrap_interval(images, seed=4)
    assert Results(results.tasks, seed=5).means["cycle_error"].interval != mean.interval


def test_notes_come_once_each_and_count_what_was_left_out():
    noted = Measurement("fid", 1.0, note="Few images.")
    left_out = ([4, 7], [7, 9])
    tasks = [replace(task("label", noted), unreadable=rows) for rows in left_out]
    results = Results(tasks)
    assert results.notes == ["Few images.", "3 held-out images could not be read."]
    assert results.means["fid"].note == "Few images."
    assert results.tasks[0].value("fid") == 1.0
    assert results.tasks[0].value("kid") is None


RESULTS = Results(
    [
        TaskResult(
            *("latent: cat → dog", "latent", "dog", "cat", 5, 10),
            [Measurement("fid", 1.5, {"real": 3}, "standard", note="Few.")],
        )
    ],
    [Measurement("classification_error_real", 0.1)],
)


def test_protocol_counts_seeds_and_context_are_written_and_read(tmp_path):
    record = results_record(RESULTS, EvaluationOptions(seed=7), versions={"keras": "3"})
    file = tmp_path / "new" / "results.json"
    write_record(record, file)
    read = read_record(file)
    assert read == json.loads(json.dumps(record))
    assert read["options"]["seed"] == 7 and read["options"]["outputs"] == 10
    assert read["means"]["latent_fid"]["value"] == 1.5
    assert read["tasks"][0]["source"] == "cat"
    (fid,) = read["tasks"][0]["measurements"]
    assert (fid["protocol"], fid["counts"]) == ("standard", {"real": 3})
    assert read["notes"] == ["Few."] and read["versions"] == {"keras": "3"}
    assert read["real_images"][0]["value"] == 0.1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not a results file"),
        ("[]", "not a results file"),
        ('{"a": 1}', "not a results file"),
        ('{"format": 9, "means": {}}', "must have format 1. Received: .* format 9"),
    ],
)
def test_other_files_are_refused(tmp_path, text, message):
    file = tmp_path / "other.json"
    file.write_text(text)
    with pytest.raises(InputError, match=message):
        read_record(file)


def row_of(name, guide, **values):
    measurements = [Measurement(key, value) for key, value in values.items()]
    return TaskResult(name, guide, "cat", None, 5, 1, measurements)


def test_columns_of_equal_width():
    assert aligned([["a", "1"], ["bcd", "234"]]) == "a      1\nbcd  234"


def test_a_row_for_each_task_then_means_and_notes():
    results = Results(
        [
            row_of("Blond", "label", fid=10.0, cycle_error=2.0),
            row_of("Male", "label", fid=20.0),
            replace(
                row_of("own label", "own", same_domain_change=1.0),
                unreadable=[3, 5],
            ),
        ],
        [Measurement("classification_error_real", 0.02, interval=(0.005, 0.03))],
    )
    lines = results_table(results).splitlines()
    assert lines[0].split() == ["images", "FID", "↓", "cycle", "error", "↓"]
    assert lines[1].split() == ["Blond", "5", "10.00", "2.0"]
    assert lines[2].split() == ["Male", "5", "20.00", "–"]
    assert not any(line.startswith("own label") for line in lines)
    assert any(line.startswith("FID") and "15.00" in line for line in lines)
    assert any("real images" in line and "2.0\xa0%" in line for line in lines)
    assert any(line.endswith("0.5\xa0% to 3.0\xa0%") for line in lines)
    assert lines[-1] == "Note: 2 held-out images could not be read."


def test_the_own_label_alone_has_no_table():
    results = Results([row_of("own label", "own", same_domain_change=1.0)])
    assert results_table(results).startswith("same-domain change")


def batch(names):
    images = np.zeros((len(names), 4, 4, 3), np.uint8)
    outputs = np.zeros((len(names), 1, 4, 4, 3), np.float32)
    return Translated(None, np.arange(len(names)), list(names), images, outputs)


def kept(values, size):
    names, examples = [f"{i:02d}" for i in range(len(values))], []
    for start in range(0, len(values), size):
        part = np.array(values[start : start + size], float)
        scores = Scores("score", part)
        examples = best_and_worst(examples, batch(names[start : start + size]), scores)
    return [example.name for example in examples]


@pytest.mark.parametrize("size", [1, 3, 12])
def test_both_ends_stay_whatever_the_batches(size):
    values = [0.5, 0.9, np.nan, 0.1, 0.9, 0.2, 0.7, 0.6, 0.4, 0.55, 0.3, 0.45]
    assert kept(values, size) == ["01", "04", "06", "07", "08", "10", "05", "03"]


def test_few_images_are_all_kept():
    assert kept([0.1, 0.3], 1) == ["01", "00"]


def test_kept_images_do_not_hold_their_batch():
    for example in best_and_worst([], batch("abcd"), Scores("score", np.arange(4.0))):
        assert example.source.base is None and example.output.base is None


def row(number, scores, score_name="score"):
    image = np.full((4, 4, 3), number, np.uint8)
    some = [
        Example(f"{number}_{i}", score, score_name, ".2f", image, image)
        for i, score in enumerate(sorted(scores, reverse=True))
    ]
    return TaskResult(f"task {number}", "latent", "x", None, 1, 1, [], some)


def test_many_tasks_hold_only_the_images_that_the_report_shows():
    # Of a few values, so that there are ties.
    scores = np.random.default_rng(0).integers(0, 9, (60, 8)) / 8
    every = [row(n, some.tolist()) for n, some in enumerate(scores)]
    every.insert(30, row(99, [7.0, -7.0], "another score"))
    held = []
    for task in every:
        held.append(task)
        drop_hidden_examples(held)
    assert len(held) == len(every)
    assert sum(bool(task.examples) for task in held) <= 16
    assert _images(Results(held)) == _images(Results(every))


def test_few_tasks_keep_every_picture():
    held = [row(number, [0.5]) for number in range(16)]
    drop_hidden_examples(held)
    assert all(task.examples for task in held)
