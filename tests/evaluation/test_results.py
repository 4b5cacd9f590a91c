import pytest

from stargan_tf.evaluation.measurement import Measurement
from stargan_tf.evaluation.results import Results, TaskResult


def task(guide, *measurements, sources=5):
    return TaskResult("t", guide, "cat", None, sources, 1, measurements)


def share(wrong, total):
    counts = {"answers": total}
    return Measurement("classification_error", wrong / total, counts, interval=(0, 1))


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
    assert results.means["latent_fid"].counts == {"real": 10}
    assert results.means["latent_fid"].protocol == "standard"


def test_shares_of_answers_are_pooled_with_an_interval():
    results = Results([task("label", share(1, 10)), task("label", share(0, 90))])
    mean = results.means["classification_error"]
    assert mean.value == pytest.approx(0.01)
    # Wilson's interval for 1 of 100.
    assert mean.interval == pytest.approx((0.00177, 0.0545), abs=1e-4)


def test_notes_come_once_each_and_count_what_was_left_out():
    noted = Measurement("fid", 1.0, note="Few images.")
    results = Results([task("label", noted), task("label", noted)], unreadable=3)
    assert results.notes == ["Few images.", "3 held-out images could not be read."]
    assert results.means["fid"].note == "Few images."
    assert results.tasks[0].value("fid") == 1.0
    assert results.tasks[0].value("kid") is None
