import numpy as np

from stargan_tf.evaluation.options import EvaluationOptions
from stargan_tf.evaluation.tasks import label_tasks
from tests.evaluation.fakes import FACE_LABELS, FACES, faces, make_source


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
