from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from stargan_tf.errors import InputError
from stargan_tf.evaluation import metrics as module
from stargan_tf.evaluation.evaluator import run_task
from stargan_tf.evaluation.metrics import FeatureMetric
from stargan_tf.evaluation.options import EvaluationOptions
from stargan_tf.steering.tasks import label_tasks, style_tasks
from tests.evaluation.fakes import (
    FACE_LABELS,
    FACES,
    Extractor,
    faces,
    make_source,
    pets,
)

BOTH = EvaluationOptions(metrics=("kid", "fid"), outputs=2)


@pytest.fixture(autouse=True)
def fake_network(monkeypatch):
    monkeypatch.setattr(module, "FeatureExtractor", Extractor)


def measured(subject, tasks, batch_size):
    metric = FeatureMetric(subject, BOTH)
    metric.prepare(tasks)
    rows = [
        run_task(task, subject.held_out, [metric], batch_size, lambda count: None)
        for task in tasks
        if metric.start(task)
    ]
    return {row.name: row for row in rows}


def test_translations_against_real_images_of_the_target():
    subject = faces()
    rows = measured(subject, label_tasks(subject, BOTH), 2)
    assert set(rows) == {"Black", "Blond", "Male", "Male=0"}
    # Real black-haired faces are 0, 20 and 60; those made of 40, 80 and 100 stay.
    fid, kid = rows["Black"].measurements[1], rows["Black"].measurements[0]
    assert (fid.name, kid.name) == ("fid", "kid")
    assert fid.counts == {"real": 3, "fake": 3} and fid.protocol == "standard"
    assert "fewer than 2048" in fid.note
    # Means 26.7 and 73.3: the distance is their square at least.
    assert fid.value > (220 / 3 - 80 / 3) ** 2


def test_no_batch_size_changes_a_number():
    subject = pets()
    one, other = (measured(subject, style_tasks(subject, BOTH), n) for n in (2, 8))
    for name, row in one.items():
        for a, b in zip(row.measurements, other[name].measurements, strict=True):
            assert a.value == pytest.approx(b.value, rel=1e-5)
            assert a.counts["fake"] == 2 * row.sources


def test_the_seed_reaches_the_samples_of_both_sides():
    subject = pets()
    task = style_tasks(subject, BOTH)[0]
    for seed in (0, 5):
        metric = FeatureMetric(subject, replace(BOTH, seed=seed))
        meter = metric.start(task)
        assert meter.fake.sample.seed == metric.real.seed == seed


def test_translations_know_their_image_so_that_kid_leaves_it_out_as_a_whole():
    subject = pets()
    metric = FeatureMetric(subject, BOTH)
    task = style_tasks(subject, BOTH)[0]  # three cats, two outputs
    meter = metric.start(task)
    monitored = SimpleNamespace(start=lambda task: meter)
    run_task(task, subject.held_out, [monitored], 4, lambda count: None)
    assert meter.fake.sample.images.tolist() == [0, 0, 3, 3, 6, 6]


def test_training_images_that_cannot_be_read_are_told():
    labels = np.repeat(FACE_LABELS, 2, axis=0)
    train = make_source(FACES, labels, unreadable={0, 7})
    subject = faces(train=train)
    rows = measured(subject, label_tasks(subject, BOTH), 2)
    kid, fid = rows["Black"].measurements
    assert kid.counts["real"] == 4
    assert kid.note == "2 training images of a target could not be read."
    assert kid.note in fid.note and "fewer than 2048" in fid.note
    assert "could not be read" not in rows["Blond"].measurements[1].note


def test_targets_without_real_images_are_told_first():
    labels = np.array([[1, 0, 0], [1, 0, 1]], np.float32)
    subject = faces(train=make_source(FACES, labels))
    metric = FeatureMetric(subject, BOTH)
    with pytest.raises(InputError, match=r"0 training image\(s\) with Blond=1"):
        metric.prepare(label_tasks(subject, BOTH))
