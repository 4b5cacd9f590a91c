from dataclasses import replace

from stargan_tf.evaluation.measures import Measurement
from stargan_tf.evaluation.results import Results, TaskResult, aligned, results_table


def task(name, guide, **values):
    measurements = [Measurement(key, value) for key, value in values.items()]
    return TaskResult(name, guide, "cat", None, 5, 1, measurements)


def test_columns_of_equal_width():
    assert aligned([["a", "1"], ["bcd", "234"]]) == "a      1\nbcd  234"


def test_a_row_for_each_task_then_means_and_notes():
    results = Results(
        [
            task("Blond", "label", fid=10.0, cycle_error=2.0),
            task("Male", "label", fid=20.0),
            replace(
                task("own label", "own", same_domain_change=1.0), unreadable=[3, 5]
            ),
        ],
        [Measurement("classification_error_real", 0.02, interval=(0.005, 0.03))],
    )
    lines = results_table(results).splitlines()
    assert lines[0].split() == ["images", "FID", "↓", "cycle", "↓"]
    assert lines[1].split() == ["Blond", "5", "10.00", "2.0"]
    assert lines[2].split() == ["Male", "5", "20.00", "–"]
    assert not any(line.startswith("own label") for line in lines)
    assert any(line.startswith("FID") and "15.00" in line for line in lines)
    assert any("real images" in line and "2.0\xa0%" in line for line in lines)
    assert any(line.endswith("0.5\xa0% to 3.0\xa0%") for line in lines)
    assert lines[-1] == "Note: 2 held-out images could not be read."


def test_the_own_label_alone_has_no_table():
    results = Results([task("own label", "own", same_domain_change=1.0)])
    assert results_table(results).startswith("same label")
