import numpy as np
import pytest
from absl import logging

from stargan_tf.errors import InputError
from stargan_tf.evaluation import real_statistics as module
from stargan_tf.evaluation.real_statistics import RealStatistics
from tests.evaluation.fakes import FACE_LABELS, FACES, Extractor, make_source

TARGETS = [(0, 1.0), (2, 1.0), (2, 0.0)]


def prepared(extractor, batch_size=2, **changes):
    statistics = RealStatistics(
        make_source(FACES, FACE_LABELS, **changes), extractor, batch_size
    )
    statistics.prepare(TARGETS)
    return statistics


def check_means(statistics):
    """Grey levels 20 i of the images of each target."""
    for target, mean, count in zip(TARGETS, (80 / 3, 80, 20), (3, 3, 3), strict=True):
        summary = statistics.of(target)
        assert summary.count == count
        assert summary.statistics.mean[0] == pytest.approx(mean)


def test_one_pass_serves_all_targets_and_the_next_call_none():
    first = Extractor()
    check_means(prepared(first))
    assert first.seen == 6
    again = Extractor()
    check_means(prepared(again, batch_size=4))
    assert again.seen == 0


@pytest.mark.parametrize("content", [b"", b"PK", {"other": 1}])
def test_a_damaged_file_is_made_again(content, monkeypatch, own_cache):
    warned = []
    monkeypatch.setattr(logging, "warning", lambda text, *v: warned.append(text % v))
    prepared(Extractor())
    damaged, *_ = (own_cache / "statistics").iterdir()
    if isinstance(content, bytes):
        damaged.write_bytes(content)
    else:
        np.savez(damaged, **content)
    again = Extractor()
    check_means(prepared(again))
    assert 0 < again.seen < 6 and len(warned) == 1
    assert f"Cannot read the statistics {damaged} (" in warned[0]


@pytest.mark.parametrize(
    ("extractor", "changes"),
    [
        (Extractor(weights=2.0), {}),
        (Extractor(protocol="other"), {}),
        (Extractor(), {"fingerprint": "other pixels"}),
    ],
)
def test_other_images_weights_or_protocols_are_computed_anew(extractor, changes):
    prepared(Extractor())
    prepared(extractor, **changes)
    assert extractor.seen == 6


def test_an_interrupted_call_goes_on_where_it_was_saved(monkeypatch):
    monkeypatch.setattr(module, "SAVE_EVERY", 2)

    class Killed(Extractor):
        def __call__(self, images):
            if self.seen == 4:
                raise KeyboardInterrupt
            return super().__call__(images)

    with pytest.raises(KeyboardInterrupt):
        prepared(Killed())
    rest = Extractor()
    check_means(prepared(rest))
    assert rest.seen == 2


def test_many_targets_come_in_several_passes(monkeypatch):
    monkeypatch.setattr(module, "AT_ONCE", 2)
    extractor = Extractor()
    check_means(prepared(extractor))
    # First the black-haired and the men, all but one image; then the women.
    assert extractor.seen == 5 + 3


def test_a_target_of_one_image_is_refused():
    labels = FACE_LABELS.copy()
    labels[1:, 0] = 0
    statistics = RealStatistics(make_source(FACES, labels), Extractor(), 2)
    message = r"1 training image\(s\) with Black=1 in 'faces'"
    with pytest.raises(InputError, match=message):
        statistics.prepare([(0, 1.0)])


def test_the_statistics_are_those_of_numpy():
    statistics = prepared(Extractor())
    levels = 20.0 * np.array([3, 4, 5])
    features = np.stack([levels, 0 * levels, np.sin(levels)], axis=1)
    np.testing.assert_allclose(
        statistics.of((2, 1.0)).statistics.covariance(),
        np.cov(features, rowvar=False),
        rtol=1e-5,
        atol=1e-6,
    )
