"""The tasks of an evaluation: which images, and which targets."""

import numpy as np
import pytest

from stargan_tf.errors import InputError
from stargan_tf.evaluation.options import EvaluationOptions
from stargan_tf.steering.tasks import ReferenceCodes, label_tasks, style_tasks
from tests.evaluation.fakes import (
    FACE_LABELS,
    FACES,
    PET_LABELS,
    PETS,
    faces,
    make_source,
    pets,
)


def test_each_target_over_the_images_that_do_not_show_it():
    tasks = {task.name: task for task in label_tasks(faces(), EvaluationOptions())}
    rows = {name: task.rows.tolist() for name, task in tasks.items()}
    assert rows == {
        "Black": [2, 4, 5],
        "Blond": [0, 1, 3],
        "Male": [0, 1, 2],
        "Male=0": [3, 4, 5],
        "own label": [0, 1, 2, 3, 4, 5],
    }
    np.testing.assert_array_equal(
        tasks["Black"].labels, [[1, 0, 0], [1, 0, 1], [1, 0, 1]]
    )
    np.testing.assert_array_equal(tasks["Male=0"].labels[:, 2], 0)
    assert (tasks["Male=0"].column, tasks["Male=0"].value) == (2, 0.0)
    np.testing.assert_array_equal(tasks["own label"].labels, FACE_LABELS)


def test_translations_take_the_target_and_cycles_the_own_label():
    tasks = {task.name: task for task in label_tasks(faces(), EvaluationOptions())}
    images = np.zeros((2, 16, 16, 3), np.float32)
    places = np.array([0, 2])  # rows 2 and 5: a blond woman and a blond man
    outputs = tasks["Black"].translate(places, images)
    assert outputs.shape == (2, 1, 16, 16, 3)
    np.testing.assert_allclose(outputs[:, 0, 0, 0, 0], [0.0, 0.2], atol=1e-6)
    back = tasks["Black"].back(places, images, outputs[:, 0])
    np.testing.assert_allclose(back[:, 0, 0, 0], [0.1, 0.5], atol=1e-6)


def test_a_count_spreads_over_the_images():
    options = EvaluationOptions(count=2)
    tasks = {task.name: task for task in label_tasks(faces(), options)}
    assert tasks["Black"].rows.tolist() == [2, 5]
    assert tasks["own label"].rows.tolist() == [0, 5]


def test_a_target_that_all_images_show_is_left_out():
    source = make_source(FACES, FACE_LABELS[[2, 4]])
    tasks = label_tasks(faces(held_out=source), EvaluationOptions())
    assert [task.name for task in tasks] == ["Black", "Male", "Male=0", "own label"]


IMAGES = np.zeros((3, 16, 16, 3), np.float32)


def tasks_of(subject, **options):
    options = EvaluationOptions(**{"outputs": 4, **options})
    return {task.name: task for task in style_tasks(subject, options)}


def test_every_ordered_pair_by_latents_and_by_references():
    tasks = tasks_of(pets())
    assert list(tasks)[:2] == ["latent: cat → dog", "latent: cat → fox"]
    assert len(tasks) == 2 * 6 + 1
    task = tasks["reference: dog → fox"]
    assert (task.guide, task.source, task.target) == ("reference", "dog", "fox")
    # There are two foxes to refer to, so two outputs rather than equal ones.
    assert task.rows.tolist() == [1, 4] and task.outputs == 2
    assert tasks["latent: dog → fox"].outputs == 4
    assert tasks["reference: dog → cat"].outputs == 3
    np.testing.assert_array_equal(task.labels, [[0, 0, 1]] * 2)
    assert tasks["own label"].rows.tolist() == list(range(7))


@pytest.mark.parametrize("name", ["latent: cat → dog", "reference: cat → dog"])
def test_styles_depend_on_seed_and_image_not_on_the_batch(name):
    task = tasks_of(pets())[name]
    together = task.translate(np.arange(3), IMAGES)
    assert together.shape == (3, task.outputs, 16, 16, 3)
    for place in range(3):
        alone = task.translate(np.array([place]), IMAGES[:1])
        np.testing.assert_allclose(alone[0], together[place], atol=1e-6)
    assert len(np.unique(together[:, :, 0, 0, 0].round(5))) > 1
    repeated = tasks_of(pets())[name].translate(np.arange(3), IMAGES)
    np.testing.assert_array_equal(repeated, together)
    other = tasks_of(pets(), seed=3)[name].translate(np.arange(3), IMAGES)
    assert np.abs(other - together).max() > 0


def test_latents_are_those_of_the_seed_target_and_image():
    task = tasks_of(pets(), seed=7)["latent: cat → fox"]
    latents = np.random.default_rng([7, 2, 3]).standard_normal((4, 2))
    outputs = task.translate(np.array([1]), IMAGES[:1])  # the second cat is image 3
    expected = np.clip(0.1 * (latents[:, 0] + 2), -1, 1)
    np.testing.assert_allclose(outputs[0, :, 0, 0, 0], expected, atol=1e-6)


def test_references_are_drawn_without_repetition_while_they_last():
    codes = ReferenceCodes(pets(), EvaluationOptions(outputs=3), 0)
    # Grey levels of the three cats, 0, 60 and 120, as the model encodes them.
    drawn = codes.of(np.array([1, 2]))
    assert drawn.shape == (2, 3, 2)
    np.testing.assert_allclose(np.sort(drawn[0, :, 0]), np.array([0, 60, 120]) / 255)
    few = ReferenceCodes(pets(), EvaluationOptions(outputs=10), 1).of(np.array([0]))
    assert sorted((few[0, :, 0] * 255).round().tolist()) == [20.0, 80.0]


def test_unreadable_references_are_passed_over():
    source = make_source(PETS, PET_LABELS, unreadable={0, 3})
    codes = ReferenceCodes(pets(held_out=source), EvaluationOptions(), 0)
    np.testing.assert_allclose(codes.codes[:, 0], [120 / 255])
    source = make_source(PETS, PET_LABELS, unreadable={0, 3, 6})
    with pytest.raises(InputError, match="'cat' needs at least one readable"):
        _ = ReferenceCodes(pets(held_out=source), EvaluationOptions(), 0).codes


def test_the_own_style_changes_by_the_own_image():
    task = tasks_of(pets())["own label"]
    images = np.full((1, 16, 16, 3), 0.0, np.float32)
    outputs = task.translate(np.array([0]), images)
    np.testing.assert_allclose(outputs, 0.1 * 128 / 255, atol=1e-6)
