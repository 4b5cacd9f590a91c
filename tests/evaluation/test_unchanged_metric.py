import numpy as np
import pytest

from stargan_tf.evaluation.evaluator import run_task
from stargan_tf.evaluation.metrics import UnchangedMetric
from stargan_tf.evaluation.options import EvaluationOptions, OwnFunctions
from stargan_tf.steering.tasks import label_tasks, style_tasks
from tests.evaluation.fakes import faces, pets

OPTIONS = EvaluationOptions(outputs=2)


def rows(subject, tasks, functions=OwnFunctions(), **truth):  # noqa: B008
    metric = UnchangedMetric(subject, functions, **truth)
    return {
        task.name: run_task(task, subject.held_out, [metric], 4, lambda count: None)
        for task in tasks
    }


def test_cycle_and_same_domain_change():
    subject = faces()
    found = rows(subject, label_tasks(subject, OPTIONS))
    # Two become 0.2 brighter; the blond one 0.3, and 0.1 more on the way back.
    cycle = 127.5 * (0.2 + 0.2 + 0.4) / 3
    assert found["Male"].value("cycle_error") == pytest.approx(cycle, abs=0.5)
    # On the way to their own labels: 0, 0, 0.1, 0.2, 0.3 and 0.3 of 127.5 levels.
    assert found["own label"].value("same_domain_change") == pytest.approx(
        127.5 * 0.9 / 6, abs=0.5
    )
    assert found["Male"].value("psnr_to_truth") is None
    worst = found["Male"].examples[-1]
    assert (worst.score_name, worst.name) == ("cycle error, negative", "002.png")


def test_the_truth_gives_psnr_and_ssim_and_the_scores():
    def truth(name, label, image_size):
        grey = 20 * int(name[:3]) + (26 if label[2] else 0)
        return np.full((image_size, image_size, 3), grey, np.uint8)

    subject = faces()
    tasks = label_tasks(subject, OPTIONS)
    found = rows(subject, tasks, truth=truth)["Male"]
    # Off by at most one level, except the blond one, who is 13 levels too bright.
    assert found.value("ssim_to_truth") > 0.9
    assert found.examples[-1].name == "002.png"
    assert found.examples[-1].score == pytest.approx(20 * np.log10(255 / 12.5), abs=1)
    assert found.examples[0].score_name == "PSNR to the true picture, dB"


def test_masks_and_embeddings_of_the_users():
    def masks(images):
        inside = np.zeros(images.shape[:3])
        inside[:, :, :8] = 1
        return inside

    def embedding(images):
        level = images.reshape(len(images), -1).mean(axis=1)
        return np.stack([level + 1, np.ones(len(level))], axis=1)

    subject = faces()
    functions = OwnFunctions(masks=masks, embedding=embedding)
    found = rows(subject, label_tasks(subject, OPTIONS), functions)["Male=0"]
    # Men lose nothing but gain their hair's 0.1: all pixels alike, masked or not.
    assert found.value("background_change") == pytest.approx(2 * 12.75 / 3, abs=0.5)
    assert 0.99 < found.value("identity_similarity") <= 1


def test_styles_have_cycles_by_their_own_style_and_no_truth():
    def truth(name, label, image_size):
        raise AssertionError("a style has no single truth")

    subject = pets()
    found = rows(subject, style_tasks(subject, OPTIONS), truth=truth)
    names = [one.name for one in found["latent: cat → dog"].measurements]
    assert names == ["cycle_error"]
    # The own style adds a tenth of the mean grey: 20 i / 2550 of the range.
    change = np.mean([127.5 * 20 * i / 2550 for i in range(7)])
    assert found["own label"].value("same_domain_change") == pytest.approx(
        change, abs=0.5
    )
