from dataclasses import replace

import pytest

from stargan_tf.evaluation import metrics as module
from stargan_tf.evaluation.evaluator import run_task
from stargan_tf.evaluation.measures import wilson_interval
from stargan_tf.evaluation.metrics import ClassificationMetric
from stargan_tf.evaluation.options import EvaluationOptions
from stargan_tf.steering.tasks import label_tasks, style_tasks
from tests.evaluation.fakes import Classifier, faces, pets

OPTIONS = EvaluationOptions(classifier="tiny", seed=3, outputs=2)


@pytest.fixture
def asked(monkeypatch):
    asked = []

    def cached_classifier(images, size, **options):
        asked.append((size, options))
        return Classifier()

    monkeypatch.setattr(module, "cached_classifier", cached_classifier)
    return asked


def rows(subject, tasks):
    metric = ClassificationMetric(subject, OPTIONS)
    metric.prepare(tasks)
    metric.prepare(tasks)
    found = {
        task.name: run_task(task, subject.held_out, [metric], 4, lambda count: None)
        for task in tasks
        if metric.start(task)
    }
    return found, {one.name: one for one in metric.on_real_images()}


def test_errors_at_the_target_and_at_what_should_stay(asked):
    subject = faces()
    found, real = rows(subject, label_tasks(subject, OPTIONS))
    assert asked == [("tiny", {"steps": 500, "seed": 3})]
    # Nothing is brighter than the middle, so all are seen as black-haired women.
    black = {one.name: one for one in found["Black"].measurements}
    assert black["classification_error"].value == 0.0
    assert black["classification_error"].counts == {"images": 3, "answers": 3}
    assert black["kept_label_error"].counts == {"images": 3, "answers": 6}
    # Blond=0 is right, Male=0 is wrong for the two men among three.
    assert black["kept_label_error"].value == pytest.approx(2 / 6)
    assert found["Blond"].value("classification_error") == 1.0
    assert found["Male=0"].value("classification_error") == 0.0
    # Of 18 answers on real faces 3 × 2 are wrong about hair, and 3 about men.
    counts = {"images": 6, "answers": 18}
    assert real["classification_error_real"].counts == counts
    assert real["classification_error_real"].value == pytest.approx(9 / 18)
    assert real["classification_error_real/Male"].value == pytest.approx(3 / 6)


def test_scores_are_the_sureness_of_the_target(asked):
    subject = faces()
    found, _ = rows(subject, label_tasks(subject, OPTIONS))
    best = found["Black"].examples[0]
    assert best.name == "002.png" and best.form == ".1%"
    # Level 40 of 255: the logit is 0.5 - 0.157.
    assert best.score == pytest.approx(1 / (1 + 2.71828 ** -(0.5 - 40 / 255)), abs=1e-3)
    assert found["Male=0"].examples[0].score == pytest.approx(0.5)


def test_one_hot_labels_count_every_translation(asked):
    subject = pets()
    found, real = rows(subject, style_tasks(subject, OPTIONS))
    (error,) = found["latent: dog → cat"].measurements
    # Two dogs, two translations of each.
    assert error.counts == {"images": 2, "answers": 4} and error.value == 0.0
    assert error.by_image.rows.tolist() == [1, 4]
    assert error.interval == wilson_interval(0, 2) and error.note is None
    assert found["latent: cat → fox"].value("classification_error") == 1.0
    assert real["classification_error_real/cat"].value == 0.0
    score = found["latent: dog → cat"].examples[0].score
    assert 1 / 3 < score < 1


def test_real_images_keep_their_own_labels_when_only_some_are_counted(asked):
    subject, options = faces(), replace(OPTIONS, count=2)
    metric = ClassificationMetric(subject, options)
    metric.prepare(label_tasks(subject, options))
    # The first image, a black-haired woman, and the last, a blond man, seen as one too.
    real = {one.name: one for one in metric.on_real_images()}
    assert real["classification_error_real"].value == pytest.approx(3 / 6)
    assert real["classification_error_real/Male"].value == pytest.approx(1 / 2)
