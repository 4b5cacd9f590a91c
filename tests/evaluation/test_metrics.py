from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from stargan_tf.data.intensity import GAP
from stargan_tf.errors import InputError
from stargan_tf.evaluation import classifier
from stargan_tf.evaluation import metrics as module
from stargan_tf.evaluation.evaluator import run_task
from stargan_tf.evaluation.measures import wilson_interval
from stargan_tf.evaluation.metrics import (
    ClassificationMetric,
    FeatureMetric,
    LpipsMetric,
    UnchangedMetric,
)
from stargan_tf.evaluation.options import EvaluationOptions, UserFunctions
from stargan_tf.evaluation.tasks import LABEL, Translated
from stargan_tf.steering.tasks import label_tasks, style_tasks
from tests.evaluation.fakes import (
    FACE_LABELS,
    FACES,
    PET_LABELS,
    PETS,
    Classifier,
    Extractor,
    Lpips,
    faces,
    make_source,
    pets,
)

IMAGES = np.random.default_rng(0).integers(50, 200, (3, 16, 16, 3), dtype=np.uint8)


def test_psnr_by_hand():
    values = module.psnr(IMAGES, IMAGES + np.uint8(5))
    np.testing.assert_allclose(values, 10 * np.log10(255**2 / 25), rtol=1e-5)
    np.testing.assert_array_equal(module.psnr(IMAGES, IMAGES), 100.0)


def test_ssim_of_flat_images_by_hand():
    """Without any variation only the luminance term is left."""
    one = np.full((1, 16, 16, 3), 100, np.uint8)
    other = np.full((1, 16, 16, 3), 150, np.uint8)
    c1 = (0.01 * 255) ** 2
    expected = (2 * 100 * 150 + c1) / (100**2 + 150**2 + c1)
    np.testing.assert_allclose(module.ssim(one, other), [expected], rtol=1e-3)
    np.testing.assert_allclose(module.ssim(IMAGES, IMAGES), 1.0, rtol=1e-5)


def test_change_in_grey_levels():
    after = IMAGES.copy()
    after[1, :8] += 6
    np.testing.assert_allclose(module.change(IMAGES, after), [0, 3, 0])
    np.testing.assert_allclose(module.change(after, IMAGES), [0, 3, 0])


def test_images_without_data_count_nowhere():
    empty = np.full((2, 16, 16, 1), GAP, np.float32)
    empty[1, :4] = 0.5
    after = np.where(empty > -1, np.float32(0.0), empty)
    np.testing.assert_allclose(module.change(empty, after), [np.nan, 63.75])
    assert np.isnan(module.psnr(empty, after)).tolist() == [True, False]
    task = SimpleNamespace(guide=LABEL, rows=np.arange(2), labels=np.zeros((2, 1)))
    task.back = lambda places, images, outputs: images
    batch = Translated(task, np.arange(2), ["a", "b"], empty, after[:, None])
    truth = dict(zip(batch.names, empty, strict=True))
    metric = module.UnchangedMetric(UserFunctions(), lambda name, *_: truth[name])
    added = {}
    metric._measure(batch, lambda name, rows, values: added.update({name: rows}))
    metric._same_domain(batch, lambda name, rows, values: added.update({name: rows}))
    assert {name: rows.tolist() for name, rows in added.items()} == {
        "cycle_error": [1],
        "psnr_to_truth": [1],
        "ssim_to_truth": [1],
        "same_domain_change": [1],
    }


def test_background_change_looks_outside_the_mask_alone():
    after = IMAGES.copy()
    after[:, :8] += 50  # Allowed.
    after[0, 8:, :4] += 4  # A quarter of the background.
    masks = np.zeros((3, 16, 16))
    masks[:, :8] = 1
    masks[2] = 1
    found = module.background_change(IMAGES, after, masks)
    np.testing.assert_allclose(found, [1, 0, np.nan])


def test_identity_similarity_is_a_cosine():
    def embed(images):
        vectors = {0: [3.0, 4.0], 1: [4.0, 3.0], 2: [-3.0, -4.0]}
        return np.array([vectors[int(image[0, 0, 0])] for image in images])

    def flat(*values):
        return np.stack([np.full((4, 4, 3), value, np.uint8) for value in values])

    found = module.identity_similarity(flat(0, 0, 0), flat(0, 1, 2), embed)
    np.testing.assert_allclose(found, [1, 24 / 25, -1])


def test_what_does_not_fit_is_refused():
    with pytest.raises(
        InputError, match="must be uint8, or both .* Received: uint8 and float32"
    ):
        module.change(IMAGES, IMAGES.astype(np.float32))
    with pytest.raises(InputError, match="same shape"):
        module.psnr(IMAGES, IMAGES[:2])
    with pytest.raises(InputError, match=r"Masks must be .* shape \(3, 16, 16\)"):
        module.background_change(IMAGES, IMAGES, np.zeros((16, 16)))
    for wrong in (np.array(["a"] * 3), np.zeros(3), np.zeros((2, 4)), "text", None):
        with pytest.raises(InputError, match="numeric array of 3 vectors"):
            module.identity_similarity(IMAGES, IMAGES, lambda _, it=wrong: it)
    with pytest.raises(InputError, match="at least 11×11 pixels. Received: 8×8"):
        module.ssim(IMAGES[:, :8, :8], IMAGES[:, :8, :8])


OPTIONS = EvaluationOptions(classifier="tiny", seed=3, outputs=2)


@pytest.fixture
def asked(monkeypatch):
    asked = []

    def cached_classifier(images, size, **options):
        asked.append((size, options))
        return Classifier()

    monkeypatch.setattr(classifier, "cached_classifier", cached_classifier)
    return asked


def rows(subject, tasks):
    metric = ClassificationMetric(subject, OPTIONS)
    metric.prepare(tasks)
    metric.prepare(tasks)
    found = {
        task.name: run_task(task, subject.held_out, [metric], 4, lambda count: None)
        for task in tasks
        if metric.start(task)
    }
    return found, {one.name: one for one in metric.on_real_images()}


def test_errors_at_the_target_and_at_what_should_stay(asked):
    subject = faces()
    found, real = rows(subject, label_tasks(subject, OPTIONS))
    assert asked == [("tiny", {"steps": 500, "seed": 3})]
    # Nothing is brighter than the middle, so all are seen as black-haired women.
    black = {one.name: one for one in found["Black"].measurements}
    assert black["classification_error"].value == 0.0
    assert black["classification_error"].counts == {"images": 3, "answers": 3}
    assert black["kept_label_error"].counts == {"images": 3, "answers": 6}
    # Blond=0 is right, Male=0 is wrong for the two men among three.
    assert black["kept_label_error"].value == pytest.approx(2 / 6)
    assert found["Blond"].value("classification_error") == 1.0
    assert found["Male=0"].value("classification_error") == 0.0
    # Of 18 answers on real faces 3 × 2 are wrong about hair, and 3 about men.
    counts = {"images": 6, "answers": 18}
    assert real["classification_error_real"].counts == counts
    assert real["classification_error_real"].value == pytest.approx(9 / 18)
    assert real["classification_error_real/Male"].value == pytest.approx(3 / 6)


def test_scores_are_the_sureness_of_the_target(asked):
    subject = faces()
    found, _ = rows(subject, label_tasks(subject, OPTIONS))
    best = found["Black"].examples[0]
    assert best.name == "002.png" and best.value_format == ".1%"
    # Level 40 of 255: the logit is 0.5 - 0.157.
    assert best.score == pytest.approx(1 / (1 + 2.71828 ** -(0.5 - 40 / 255)), abs=1e-3)
    assert found["Male=0"].examples[0].score == pytest.approx(0.5)


def test_one_hot_labels_count_every_translation(asked):
    subject = pets()
    found, real = rows(subject, style_tasks(subject, OPTIONS))
    (error,) = found["latent: dog → cat"].measurements
    # Two dogs, two translations of each.
    assert error.counts == {"images": 2, "answers": 4} and error.value == 0.0
    assert error.by_image.rows.tolist() == [1, 4]
    assert error.interval == wilson_interval(0, 2) and error.note is None
    assert found["latent: cat → fox"].value("classification_error") == 1.0
    assert real["classification_error_real/cat"].value == 0.0
    score = found["latent: dog → cat"].examples[0].score
    assert 1 / 3 < score < 1


def test_real_images_keep_their_own_labels_when_only_some_are_counted(asked):
    subject, options = faces(), replace(OPTIONS, count=2)
    metric = ClassificationMetric(subject, options)
    metric.prepare(label_tasks(subject, options))
    # The first image, a black-haired woman, and the last, a blond man, seen as one too.
    real = {one.name: one for one in metric.on_real_images()}
    assert real["classification_error_real"].value == pytest.approx(3 / 6)
    assert real["classification_error_real/Male"].value == pytest.approx(1 / 2)


BOTH = EvaluationOptions(metrics=("kid", "fid"), outputs=2)


@pytest.fixture(autouse=True)
def fake_extractor(monkeypatch):
    monkeypatch.setattr(module, "FeatureExtractor", Extractor)


def measured(subject, tasks, batch_size):
    metric = FeatureMetric(subject, BOTH)
    metric.prepare(tasks)
    rows = [
        run_task(task, subject.held_out, [metric], batch_size, lambda count: None)
        for task in tasks
        if metric.start(task)
    ]
    return {row.name: row for row in rows}


def test_translations_against_real_images_of_the_target():
    subject = faces()
    rows = measured(subject, label_tasks(subject, BOTH), 2)
    assert set(rows) == {"Black", "Blond", "Male", "Male=0"}
    # Real black-haired faces are 0, 20 and 60; those made of 40, 80 and 100 stay.
    fid, kid = rows["Black"].measurements[1], rows["Black"].measurements[0]
    assert (fid.name, kid.name) == ("fid", "kid")
    assert fid.counts == {"real": 3, "fake": 3} and fid.protocol == "standard"
    assert "fewer than 2048" in fid.note
    # Means 26.7 and 73.3: the distance is their square at least.
    assert fid.value > (220 / 3 - 80 / 3) ** 2


def test_no_batch_size_changes_a_number():
    subject = pets()
    one, other = (measured(subject, style_tasks(subject, BOTH), n) for n in (2, 8))
    for name, row in one.items():
        for a, b in zip(row.measurements, other[name].measurements, strict=True):
            assert a.value == pytest.approx(b.value, rel=1e-5)
            assert a.counts["fake"] == 2 * row.sources


def test_the_seed_reaches_the_samples_of_both_sides():
    subject = pets()
    task = style_tasks(subject, BOTH)[0]
    for seed in (0, 5):
        metric = FeatureMetric(subject, replace(BOTH, seed=seed))
        meter = metric.start(task)
        assert meter.fake.seed == metric.real.seed == seed


def test_training_images_that_cannot_be_read_are_told():
    labels = np.repeat(FACE_LABELS, 2, axis=0)
    train = make_source(FACES, labels, unreadable={0, 7})
    subject = faces(train=train)
    rows = measured(subject, label_tasks(subject, BOTH), 2)
    kid, fid = rows["Black"].measurements
    assert kid.counts["real"] == 4
    assert kid.note == "2 training images of a target could not be read."
    assert kid.note in fid.note and "fewer than 2048" in fid.note
    assert "could not be read" not in rows["Blond"].measurements[1].note


def test_targets_without_real_images_are_told_first():
    labels = np.array([[1, 0, 0], [1, 0, 1]], np.float32)
    subject = faces(train=make_source(FACES, labels))
    metric = FeatureMetric(subject, BOTH)
    with pytest.raises(InputError, match=r"0 training image\(s\) with Blond=1"):
        metric.prepare(label_tasks(subject, BOTH))


LPIPS_OPTIONS = EvaluationOptions(outputs=3)


@pytest.fixture(autouse=True)
def fake_lpips(monkeypatch):
    monkeypatch.setattr(module, "Lpips", Lpips)


def row(subject, tasks, name, *truth):
    metric = LpipsMetric(subject, LPIPS_OPTIONS, *truth)
    metric.prepare(tasks)
    (task,) = [task for task in tasks if task.name == name]
    return run_task(task, subject.held_out, [metric], 6, lambda count: None)


def test_diversity_of_styles_a_number_for_each_source():
    subject = pets()
    result = row(subject, style_tasks(subject, LPIPS_OPTIONS), "latent: cat → dog")
    (diversity,) = result.measurements
    assert (diversity.name, diversity.protocol) == ("lpips_diversity", "fake_lpips")
    assert diversity.counts == {"images": 3} and diversity.value > 0


def test_labels_have_distances_to_the_source_and_to_the_truth():
    def truth(name, label, image_size):
        if name == "000.png":
            return None
        return np.full((image_size, image_size, 3), 100, np.uint8)

    subject = faces()
    result = row(subject, label_tasks(subject, LPIPS_OPTIONS), "Male", truth)
    values = {one.name: one for one in result.measurements}
    # Men are 0.2 of a range of 2 brighter, 25.5 levels; the last one is blond, 12.75.
    assert values["lpips_to_source"].value == pytest.approx(25.5 + 12.75 / 3, abs=0.5)
    assert values["lpips_to_truth"].counts == {"images": 2}
    expected = np.mean([100 - 45.5, 100 - 78.25])
    assert values["lpips_to_truth"].value == pytest.approx(expected, abs=0.5)
    without = row(subject, label_tasks(subject, LPIPS_OPTIONS), "Male")
    assert [one.name for one in without.measurements] == ["lpips_to_source"]


def test_too_little_to_differ_is_refused():
    subject = pets(held_out=make_source(PETS, PET_LABELS[:4]))
    metric = LpipsMetric(subject, LPIPS_OPTIONS)
    with pytest.raises(InputError, match="per domain. Received: 1 of 'dog'"):
        metric.prepare(style_tasks(subject, LPIPS_OPTIONS))
    single = EvaluationOptions(outputs=1)
    with pytest.raises(InputError, match="at least 2 outputs"):
        LpipsMetric(pets(), single).prepare(style_tasks(pets(), single))


CHANGE_OPTIONS = EvaluationOptions(outputs=2)


def measured_changes(subject, tasks, functions=UserFunctions(), **truth):  # noqa: B008
    metric = UnchangedMetric(functions, **truth)
    return {
        task.name: run_task(task, subject.held_out, [metric], 4, lambda count: None)
        for task in tasks
    }


def test_cycle_and_same_domain_change():
    subject = faces()
    found = measured_changes(subject, label_tasks(subject, CHANGE_OPTIONS))
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
    tasks = label_tasks(subject, CHANGE_OPTIONS)
    found = measured_changes(subject, tasks, truth=truth)["Male"]
    # Off by at most one level, except the blond one, who is 13 levels too bright.
    assert found.value("ssim_to_truth") > 0.9
    assert found.examples[-1].name == "002.png"
    assert found.examples[-1].score == pytest.approx(20 * np.log10(255 / 12.5), abs=1)
    assert found.examples[0].score_name == "PSNR to the true image, dB"


def test_masks_and_embeddings_of_the_users():
    def masks(images):
        inside = np.zeros(images.shape[:3])
        inside[:, :, :8] = 1
        return inside

    def embedding(images):
        level = images.reshape(len(images), -1).mean(axis=1)
        return np.stack([level + 1, np.ones(len(level))], axis=1)

    subject = faces()
    functions = UserFunctions(masks=masks, embedding=embedding)
    found = measured_changes(subject, label_tasks(subject, CHANGE_OPTIONS), functions)[
        "Male=0"
    ]
    # Men lose nothing but gain their hair's 0.1: all pixels alike, masked or not.
    assert found.value("background_change") == pytest.approx(2 * 12.75 / 3, abs=0.5)
    assert 0.99 < found.value("identity_similarity") <= 1


def test_styles_have_cycles_by_their_own_style_and_no_truth():
    def truth(name, label, image_size):
        raise AssertionError("a style has no single truth")

    subject = pets()
    found = measured_changes(subject, style_tasks(subject, CHANGE_OPTIONS), truth=truth)
    names = [one.name for one in found["latent: cat → dog"].measurements]
    assert names == ["cycle_error"]
    # The own style adds a tenth of the mean grey: 20 i / 2550 of the range.
    change = np.mean([127.5 * 20 * i / 2550 for i in range(7)])
    assert found["own label"].value("same_domain_change") == pytest.approx(
        change, abs=0.5
    )
