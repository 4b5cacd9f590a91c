import numpy as np

from stargan_tf.evaluation.cache import FinishedTasks
from stargan_tf.evaluation.measures import ByImage, Measurement
from stargan_tf.evaluation.results import TaskResult
from stargan_tf.evaluation.tasks import Example

SOURCE = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
IMAGES = ByImage(np.array([4, 7]), np.array([1.0, 0.0]), np.ones(2), share=True)
RESULT = TaskResult(
    *("latent: cat → dog", "latent", "dog", "cat", 5, 10),
    measurements=[
        Measurement("fid", 1.5, {"real": 3}, "standard", note="Few."),
        Measurement("classification_error", 0.5, {"answers": 2}, interval=(0.1, 0.9)),
        Measurement.of_images("cycle_error", IMAGES).with_interval(seed=0),
    ],
    examples=[Example("a.png", 0.25, "score", ".1%", SOURCE, SOURCE[::-1])],
    unreadable=[3, 8],
)


def test_a_finished_task_comes_back_as_it_was():
    FinishedTasks("model", 1).keep(RESULT)
    kept = FinishedTasks("model", 1)
    found = kept.find(RESULT.name)
    assert kept.found == 1
    assert found.measurements == RESULT.measurements
    assert found.measurements[1].by_image is None
    images = found.measurements[2].by_image
    assert images.share is True and images.rows.dtype == IMAGES.rows.dtype
    for part in ("rows", "totals", "answers"):
        np.testing.assert_array_equal(getattr(images, part), getattr(IMAGES, part))
    assert found.unreadable == [3, 8]
    assert vars(found).keys() == vars(RESULT).keys()
    assert found.examples[0].form == ".1%"
    np.testing.assert_array_equal(found.examples[0].output, SOURCE[::-1])


def test_other_models_and_other_tasks_are_not_found():
    FinishedTasks("model", 1).keep(RESULT)
    assert FinishedTasks("model", 2).find(RESULT.name) is None
    assert FinishedTasks("model", 1).find("latent: dog → cat") is None


def test_cleared_or_damaged_files_are_not_there():
    kept = FinishedTasks("model", 1)
    kept.keep(RESULT)
    (file,) = kept.folder.iterdir()
    file.write_bytes(file.read_bytes()[:50])
    assert kept.find(RESULT.name) is None
    kept.clear()
    assert not kept.folder.exists()
    kept.clear()
