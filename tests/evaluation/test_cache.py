import tracemalloc
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from absl import logging

from stargan_tf.data.cache import cache_folder
from stargan_tf.data.info import DatasetInfo
from stargan_tf.errors import InputError
from stargan_tf.evaluation import cache as module
from stargan_tf.evaluation.cache import FinishedTasks, RealStatistics
from stargan_tf.evaluation.fid import FeatureSummary
from stargan_tf.evaluation.measures import ByImage, Measurement
from stargan_tf.evaluation.results import Example, TaskResult
from tests.evaluation.fakes import FACE_LABELS, FACES, Extractor, make_source

TARGETS = [(0, 1.0), (2, 1.0), (2, 0.0)]


def prepared(extractor, batch_size=2, **changes):
    statistics = RealStatistics(
        make_source(FACES, FACE_LABELS, **changes), extractor, batch_size
    )
    statistics.prepare(TARGETS)
    return statistics


def check_means(statistics):
    """Gray levels 20 i of the images of each target."""
    for target, mean, count in zip(TARGETS, (80 / 3, 80, 20), (3, 3, 3), strict=True):
        summary = statistics.of(target)
        assert summary.count == count
        assert summary.mean[0] == pytest.approx(mean)


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


def test_nothing_is_read_again_only_to_see_that_it_is_there(monkeypatch):
    prepared(Extractor())
    read = []

    def read_state(state):
        read.append(1)
        return FeatureSummary.from_state(state)

    monkeypatch.setattr(
        module, "FeatureSummary", SimpleNamespace(from_state=read_state)
    )
    statistics = prepared(Extractor())
    assert not read
    for _ in range(3):
        statistics.prepare(TARGETS)
        check_means(statistics)
    assert len(read) == 3 * len(TARGETS)  # Each once an evaluation, at its task.


@pytest.mark.parametrize("damage", [Path.unlink, lambda file: file.write_bytes(b"PK")])
def test_what_is_lost_after_preparation_is_made_again(damage):
    statistics = prepared(Extractor())
    for file in cache_folder().glob("statistics/*.npz"):
        damage(file)
    check_means(statistics)


def test_memory_does_not_grow_with_the_number_of_targets(monkeypatch):
    """A set of statistics of 300 features takes 0.7 MB."""
    monkeypatch.setattr(module, "MEMORY", 1.6e6)

    class Wide(Extractor):
        def summary(self, seed=0):
            return FeatureSummary(self.protocol, 300, seed=seed)

        def __call__(self, images):
            return np.tile(super().__call__(images)[:, :1], (1, 300))

    labels = np.random.default_rng(0).integers(0, 2, (16, 6)).astype(np.float32)
    info = DatasetInfo("many", tuple(f"d{i}" for i in range(6)), "binary", 16)
    targets = [(column, value) for column in range(6) for value in (0.0, 1.0)]

    def peak(number):
        source = make_source(info, labels, fingerprint=f"{number}")
        source = replace(source, load=lambda row: np.full((16, 16, 3), row, np.uint8))
        statistics = RealStatistics(source, Wide(), 16)
        tracemalloc.start()
        try:
            statistics.prepare(targets[:number])
            for target in targets[:number]:
                assert statistics.of(target).count > 1
            statistics.prepare(targets[:number])
            return tracemalloc.get_traced_memory()[1] / 2**20
        finally:
            tracemalloc.stop()

    assert peak(12) < peak(4) + 1 < 10


def test_another_seed_has_other_features_for_kid(monkeypatch):
    monkeypatch.setattr(module, "SAMPLE_LIMIT", 2)

    class Small(Extractor):
        def summary(self, seed=0):
            return FeatureSummary(self.protocol, 3, 2, seed)

    source = make_source(FACES, FACE_LABELS)

    def kept(seed):
        statistics = RealStatistics(source, Small(), 2, seed)
        return [tuple(statistics.of(t).sample[:, 0]) for t in TARGETS]

    assert len({tuple(kept(seed)) for seed in range(6)}) > 2
    # From the cache, which tells them apart.
    assert [kept(seed) for seed in range(6)] == [kept(seed) for seed in range(6)]
    folder = cache_folder() / "statistics"
    assert len(list(folder.iterdir())) == 3 * 6


def test_all_features_are_kept_by_any_seed_so_that_one_file_serves():
    prepared(Extractor())
    extractor = Extractor()
    statistics = RealStatistics(make_source(FACES, FACE_LABELS), extractor, 2, seed=9)
    statistics.prepare(TARGETS)
    assert extractor.seen == 0


def test_many_targets_come_in_several_passes(monkeypatch):
    # Of 3 features and 3 images the statistics take 8 · 9 + 4 · 9 bytes.
    monkeypatch.setattr(module, "MEMORY", 220)
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
        statistics.of((2, 1.0)).covariance(),
        np.cov(features, rowvar=False),
        rtol=1e-5,
        atol=1e-6,
    )


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
    assert kept.reused == 1
    assert found.measurements == RESULT.measurements
    assert found.measurements[1].by_image is None
    images = found.measurements[2].by_image
    assert images.share is True and images.rows.dtype == IMAGES.rows.dtype
    for part in ("rows", "totals", "answers"):
        np.testing.assert_array_equal(getattr(images, part), getattr(IMAGES, part))
    assert found.unreadable == [3, 8]
    assert vars(found).keys() == vars(RESULT).keys()
    assert found.examples[0].value_format == ".1%"
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
