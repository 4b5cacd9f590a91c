import numpy as np
import pytest

from stargan_tf.errors import InputError
from stargan_tf.evaluation import metrics as module
from stargan_tf.evaluation.evaluator import run_task
from stargan_tf.evaluation.metrics import LpipsMetric
from stargan_tf.evaluation.options import EvaluationOptions
from stargan_tf.steering.tasks import label_tasks, style_tasks
from tests.evaluation.fakes import PET_LABELS, PETS, Lpips, faces, make_source, pets

OPTIONS = EvaluationOptions(outputs=3)


@pytest.fixture(autouse=True)
def fake_network(monkeypatch):
    monkeypatch.setattr(module, "Lpips", Lpips)


def row(subject, tasks, name, *truth):
    metric = LpipsMetric(subject, OPTIONS, *truth)
    metric.prepare(tasks)
    (task,) = [task for task in tasks if task.name == name]
    return run_task(task, subject.held_out, [metric], 6, lambda count: None)


def test_diversity_of_styles_a_number_for_each_source():
    subject = pets()
    result = row(subject, style_tasks(subject, OPTIONS), "latent: cat → dog")
    (diversity,) = result.measurements
    assert (diversity.name, diversity.protocol) == ("lpips_diversity", "fake_lpips")
    assert diversity.counts == {"images": 3} and diversity.value > 0


def test_labels_have_distances_to_the_source_and_to_the_truth():
    def truth(name, label, image_size):
        if name == "000.png":
            return None
        return np.full((image_size, image_size, 3), 100, np.uint8)

    subject = faces()
    result = row(subject, label_tasks(subject, OPTIONS), "Male", truth)
    values = {one.name: one for one in result.measurements}
    # Men are 0.2 of a range of 2 brighter, 25.5 levels; the last one is blond, 12.75.
    assert values["lpips_to_source"].value == pytest.approx(25.5 + 12.75 / 3, abs=0.5)
    assert values["lpips_to_truth"].counts == {"images": 2}
    expected = np.mean([100 - 45.5, 100 - 78.25])
    assert values["lpips_to_truth"].value == pytest.approx(expected, abs=0.5)
    without = row(subject, label_tasks(subject, OPTIONS), "Male")
    assert [one.name for one in without.measurements] == ["lpips_to_source"]


def test_too_little_to_differ_is_refused():
    subject = pets(held_out=make_source(PETS, PET_LABELS[:4]))
    metric = LpipsMetric(subject, OPTIONS)
    with pytest.raises(InputError, match="each domain. Received: 1 of 'dog'"):
        metric.prepare(style_tasks(subject, OPTIONS))
    single = EvaluationOptions(outputs=1)
    with pytest.raises(InputError, match="at least 2 outputs"):
        LpipsMetric(pets(), single).prepare(style_tasks(pets(), single))
