from dataclasses import replace

import numpy as np
import pytest

from stargan_tf.errors import InputError
from stargan_tf.evaluation import classifier, metrics
from stargan_tf.evaluation.cache import FinishedTasks
from stargan_tf.evaluation.evaluator import Evaluator, run_task
from stargan_tf.evaluation.options import DETECTION, METRICS, EvaluationOptions
from stargan_tf.steering.tasks import label_tasks
from tests.evaluation.fakes import (
    FACE_LABELS,
    FACES,
    Classifier,
    Extractor,
    Lpips,
    faces,
    make_source,
    pets,
)


@pytest.fixture(autouse=True)
def fake_networks(monkeypatch):
    monkeypatch.setattr(metrics, "FeatureExtractor", Extractor)
    monkeypatch.setattr(metrics, "Lpips", Lpips)
    monkeypatch.setattr(classifier, "cached_classifier", lambda *_, **__: Classifier())


def values(results):
    return {
        (task.name, one.name): one.value
        for task in results.tasks
        for one in task.measurements
    }


@pytest.mark.parametrize("subject", [faces, pets])
def test_all_metrics_and_no_number_depends_on_the_batch_size(subject):
    names = [name for name in METRICS if name != DETECTION]
    first, second = (
        Evaluator(subject(), EvaluationOptions(names, outputs=3, batch_size=size)).run()
        for size in (3, 50)
    )
    expected = values(first)
    assert values(second) == pytest.approx(expected, rel=1e-5, abs=1e-5)
    names = {name for _, name in expected}
    assert {"fid", "kid", "classification_error", "cycle_error"} <= names
    assert "same_domain_change" in names
    assert len(first.real) > 1


@pytest.mark.parametrize("subject", [faces, pets])
def test_a_seed_gives_the_same_numbers_and_another_one_others(subject):
    def means(seed):
        options = EvaluationOptions(("lpips", "unchanged"), outputs=2, seed=seed)
        return Evaluator(subject(), options).run().means

    first = means(0)
    assert means(0) == first
    other = means(6)
    assert other.keys() == first.keys()
    assert any(other[name].interval != one.interval for name, one in first.items())
    if subject is pets:  # Latents and references are drawn as well.
        for name in ("latent_cycle_error", "reference_cycle_error"):
            assert other[name].value != first[name].value


def test_only_what_is_asked_for_is_translated():
    results = Evaluator(faces(), EvaluationOptions(("lpips",))).run()
    assert {name for _, name in values(results)} == {"lpips_to_source"}
    assert "own label" not in [task.name for task in results.tasks]


def test_an_interrupted_evaluation_goes_on_with_the_next_task():
    calls = []

    class Interrupted(type(faces().model)):
        def __init__(self, limit):
            self.limit = limit

        def translate(self, images, labels, dataset=0):
            calls.append(len(images))
            if len(calls) == self.limit:
                raise KeyboardInterrupt
            return super().translate(images, labels, dataset)

    options = EvaluationOptions(("lpips",))
    with pytest.raises(KeyboardInterrupt):
        Evaluator(faces(model=Interrupted(3)), options).run(FinishedTasks("key"))
    calls.clear()
    kept = FinishedTasks("key")
    results = Evaluator(faces(model=Interrupted(None)), options).run(kept)
    assert (len(calls), kept.reused) == (2, 2)
    assert values(results) == values(Evaluator(faces(), options).run())


def test_a_model_that_trains_on_is_measured_as_it_is_now():
    subject = faces()
    evaluator = Evaluator(subject, EvaluationOptions(("unchanged",)))
    before = evaluator.run().means["same_domain_change"].value
    subject.model.translate = lambda images, labels, dataset: images
    assert before > 1
    assert evaluator.run().means["same_domain_change"].value == 0.0


def test_unreadable_images_are_counted():
    source = make_source(FACES, FACE_LABELS, unreadable={5})
    results = Evaluator(faces(held_out=source), EvaluationOptions(("lpips",))).run()
    # Image 5 stands in two tasks, to become black-haired and to become a woman.
    assert [task.name for task in results.tasks if task.unreadable] == [
        "Black",
        "Male=0",
    ]
    assert results.notes == ["1 held-out image could not be read."]
    mean = results.means["lpips_to_source"]
    assert mean.counts == {"tasks": 4, "images": 5}


def black(subject):
    return label_tasks(subject, EvaluationOptions())[0]


def test_nan_is_told_before_it_looks_like_a_number():
    subject = faces()
    broken = np.full((2, 1, 16, 16, 3), np.nan, np.float32)
    task = replace(black(subject), translate=lambda places, images: broken)
    with pytest.raises(
        InputError, match="finite. Received: NaN or infinity in 'Black'"
    ):
        run_task(task, subject.held_out, [], 2, lambda count: None)


def test_unreadable_images_are_left_out_of_the_count():
    subject = faces(held_out=make_source(FACES, FACE_LABELS, unreadable={4}))
    seen = []
    result = run_task(black(subject), subject.held_out, [], 2, seen.append)
    assert result.sources == 2 and sum(seen) == 2
    nothing = make_source(FACES, FACE_LABELS, unreadable={2, 4, 5})
    with pytest.raises(InputError, match="'Black' needs at least one readable image"):
        run_task(black(faces()), nothing, [], 2, seen.append)
