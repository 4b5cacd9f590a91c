from dataclasses import replace

import numpy as np
import pytest

from stargan_tf.evaluation.measures import ByImage, Measurement, bootstrap_interval
from stargan_tf.evaluation.results import Results, TaskResult


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
