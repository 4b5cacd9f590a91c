"""Detection by models whose answers are known, in Python, as files, and in numbers."""

import csv
import json

import numpy as np
import pytest

import stargan_tf
from stargan_tf.cli.main import main
from stargan_tf.data.formats import read_values
from stargan_tf.data.info import ONE_HOT, DatasetInfo
from stargan_tf.data.intensity import Intensity
from stargan_tf.data.options import Preparation
from stargan_tf.data.source import subset
from stargan_tf.detection.detect import detect
from stargan_tf.detection.metric import DetectionMetric, _by_type, _checked, masks_in
from stargan_tf.detection.report import Job
from stargan_tf.detection.scores import auc, grouping
from stargan_tf.drawn_scans import draw, lesion_mask, place_of, slice_of
from stargan_tf.errors import InputError
from stargan_tf.evaluation.options import EvaluationOptions, UserFunctions
from stargan_tf.evaluation.tasks import Subject
from tests.data.scans import write_nifti
from tests.models.conftest import tiny

SIZE = 32


def identity(num_channels=1, intensity=None, size=SIZE):
    return small_model(
        DatasetInfo(
            "drawn_scans",
            ("healthy", "ill"),
            ONE_HOT,
            size,
            (),
            num_channels,
            intensity,
        )
    )


def small_model(info):
    """A model that changes nothing."""
    return tiny(info, output="additive")


def healthy_twin(name):
    """A scan without its lesions."""
    twin = draw(slice_of(*place_of(name)), 64, ill=False)
    return np.rint(255 * twin).astype(np.uint8)[..., None]


class Healer:
    """Draws the healthy twins of some scans, in their order."""

    def __init__(self, names):
        self.twins = np.stack(list(map(healthy_twin, names)))

    def translate(self, images, target, batch_size=16):
        assert target == "healthy"
        return self.twins


@pytest.fixture(scope="module")
def scans():
    """Twelve scans of 64 pixels, and which of them are ill."""
    names = [f"p{patient:05d}_{number}" for patient in range(3) for number in range(4)]
    slices = [slice_of(*place_of(name)) for name in names]
    images = np.stack([np.rint(255 * draw(it, 64)) for it in slices]).astype(np.uint8)
    return names, images[..., None], np.array([bool(it.lesions) for it in slices])


def test_a_model_that_heals_finds_the_lesions(scans):
    names, images, is_ill = scans
    found = detect(Healer(names), images, threshold=0.05)
    assert is_ill.any() and not is_ill.all()
    assert found.scores[is_ill].min() > 0.05
    np.testing.assert_array_equal(found.scores[~is_ill], 0)
    np.testing.assert_array_equal(found.healed[~is_ill], images[~is_ill])
    assert [bool(parts) for parts in found.candidates] == is_ill.tolist()
    for name, parts in zip(names, found.candidates, strict=True):
        mask = lesion_mask(slice_of(*place_of(name)), 64)
        for part in parts:
            left, top, right, bottom = part.box
            assert mask[top:bottom, left:right].any()


@pytest.mark.parametrize("reduction", ["maximum", "mean", "share"])
def test_reductions_by_hand(reduction):
    images = np.zeros((2, 8, 8, 1), np.uint8)

    class Brighter:
        def translate(self, images, target, batch_size):
            healed = images.copy()
            healed[1, :4, :4] = 51  # A fifth of the range, on a quarter of the pixels.
            return healed

    found = detect(Brighter(), images, reduction=reduction, threshold=0.1)
    expected = {"maximum": 0.2, "mean": 0.05, "share": 0.25}[reduction]
    np.testing.assert_allclose(found.scores, [0, expected], atol=1e-6)
    assert found.candidates[1][0].area == 16 and not found.candidates[0]


def test_a_model_that_changes_nothing_finds_nothing():
    images = np.random.default_rng(0).integers(0, 256, (4, SIZE, SIZE, 1), np.uint8)
    found = detect(identity(), images)
    np.testing.assert_array_equal(found.difference, 0)
    np.testing.assert_array_equal(found.healed, images)


def test_what_is_refused():
    images = np.zeros((1, SIZE, SIZE, 1), np.uint8)
    with pytest.raises(InputError, match="no domain 'well'"):
        detect(identity(), images, "well")
    with pytest.raises(InputError, match="between 0 and 1"):
        detect(identity(), images, threshold=1.5)
    with pytest.raises(InputError, match="reduction"):
        detect(identity(), images, reduction="median")


@pytest.fixture
def inputs(tmp_path):
    """Scans of two patients as the data set saves them, in a folder each."""
    from PIL import Image

    for patient in (1, 2):
        (tmp_path / f"in/patient_{patient}").mkdir(parents=True)
        for number in range(3):
            image = np.rint(255 * draw(slice_of(patient, number), SIZE))
            path = tmp_path / f"in/patient_{patient}/{number}.png"
            Image.fromarray(image.astype(np.uint8)).save(path)
    return tmp_path / "in"


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_command_writes_tables_maps_and_a_page(inputs, tmp_path, capsys):
    model, output = tmp_path / "model.keras", tmp_path / "out"
    identity().save(model)
    command = (
        f"detect --model {model} {inputs} --output {output} --group (patient_\\d)/"
    )
    assert main(command.split()) == 0
    assert "report.html, detections.csv" in capsys.readouterr().out
    table = rows(output / "detections.csv")
    assert len(table) == 6 and {row["score"] for row in table} == {"0.000000"}
    assert [row["group"] for row in rows(output / "groups.csv")] == [
        "patient_1",
        "patient_2",
    ]
    assert rows(output / "candidates.csv") == []
    change = np.load(output / "difference/patient_1/0.npy")
    assert change.shape == (SIZE, SIZE, 1) and not change.any()
    for kind in ("healed", "overlay"):
        assert (output / kind / "patient_2/2.png").exists()
    page = (output / "report.html").read_text()
    assert page.count("<figure>") == 6 and "not a medical device" in page
    assert main(command.split()) == 2  # It is there.
    assert main([*command.split(), "--overwrite"]) == 0


def test_only_shown_pictures_are_kept(inputs, tmp_path, monkeypatch, capsys):
    kept, page = [], Job._page

    def seen(job, found):
        kept.extend(row.picture is not None for row in found)
        return page(job, found)

    monkeypatch.setattr(Job, "_page", seen)
    monkeypatch.setattr("stargan_tf.detection.report.SHOWN", 2)
    identity().save(tmp_path / "m.keras")
    command = f"detect --model {tmp_path}/m.keras {inputs} --output {tmp_path}/out"
    assert main([*command.split(), "--batch_size", "2"]) == 0
    assert kept == [True, True, False, False, True, True]


def test_two_inputs_with_one_name_are_refused(inputs, tmp_path, capsys):
    identity().save(tmp_path / "model.keras")
    scans = [str(inputs / f"patient_{n}/0.png") for n in (1, 2)]
    command = f"detect --model {tmp_path}/model.keras --output {tmp_path}/out"
    assert main([*command.split(), *scans]) == 2
    assert "have the same output" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_volumes_keep_their_units(tmp_path):
    window = Intensity((-100,), (300,))
    identity(1, window).save(tmp_path / "m.keras")
    volume = np.random.default_rng(0).integers(-90, 290, (SIZE, SIZE, 3))
    write_nifti(tmp_path / "scan.nii.gz", volume.astype(np.int16))
    output = tmp_path / "out"
    np.save(tmp_path / "scan.npy", np.zeros((SIZE, SIZE), np.int16))
    command = f"detect --model {tmp_path}/m.keras {tmp_path} --output {output}"
    assert main(command.split()) == 0
    # The pictures of the first run have no part in the second.
    assert main(f"{command} --overwrite".split()) == 0
    assert (output / "healed/scan.nii.gz").exists()
    assert len(rows(output / "detections.csv")) == 4
    assert (output / "difference/scan.nii.gz_0002.npy").exists()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--healthy well", "no domain 'well'"),
        ("--group patient", "one pair of parentheses"),
        ("--group (", "regular expression"),
        ("--group (zz[0-9]+)/", "matches no group in"),
    ],
)
def test_bad_flags(inputs, tmp_path, monkeypatch, capsys, flags, message):
    monkeypatch.setattr(Job, "run", None)  # Refused before any image is translated.
    identity().save(tmp_path / "m.keras")
    output = tmp_path / "out"
    command = f"detect --model {tmp_path}/m.keras {inputs} --output {output} {flags}"
    assert main(command.split()) == 2
    assert message in capsys.readouterr().err
    assert not output.exists()


def test_style_models_detect_nothing(inputs, tmp_path, capsys):
    model = f"detect --model toon_people {inputs} --output {tmp_path}/out"
    assert main(model.split()) == 2
    assert "needs a label model" in capsys.readouterr().err


def test_kinds_of_lesions_by_hand():
    """An image with both kinds, and one with the second."""
    masks = np.array([[[1, 1, 0, 2]], [[0, 0, 2, 2]]], np.uint8)
    maps = np.array([[[4.0, 3, 2, 0]], [[1, 2, 3, 0]]])
    assert (
        _by_type("AUC", masks, maps, auc)
        == "AUC by type of lesion, 1: 1.000, 2: 0.333."
    )
    assert _by_type("", np.minimum(masks, 1), maps, auc) is None


@pytest.fixture
def hospital(tmp_path):
    """A table of scans, their files, and masks of the ill ones."""
    from PIL import Image

    lines = ["path,domain,group,split"]
    for patient in range(8):
        for number in range(2):
            shown = slice_of(patient, number)
            name = f"scans/{patient}/{number}.png"
            image = np.rint(255 * draw(shown, SIZE)).astype(np.uint8)
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(path)
            domain = "ill" if shown.lesions else "healthy"
            split = "train" if patient % 2 else "test"
            lines.append(f"{name},{domain},patient {patient},{split}")
            if shown.lesions:
                mask = lesion_mask(shown, 2 * SIZE)
                path = tmp_path / f"masks/{patient}/{number}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(mask).save(path)
    (tmp_path / "table.csv").write_text("\n".join(lines))
    return tmp_path


@pytest.mark.parametrize("more", ["", "--group (\\d+)/ --lesions masks"])
def test_a_table_with_masks_in_a_folder(hospital, more, monkeypatch, capsys):
    info = DatasetInfo("attributes", ("healthy", "ill"), ONE_HOT, SIZE, (), 1)
    small_model(info).save(hospital / "m.keras")
    monkeypatch.chdir(hospital)
    command = (
        "evaluate --model m.keras --dataset attributes --data_dir scans --labels "
        f"table.csv --num_channels 1 --metrics detection --output found.json {more}"
    )
    assert main(command.split()) == 0
    found = json.loads((hospital / "found.json").read_text())["means"]
    assert found["image_auc"]["value"] == found["group_auc"]["value"] == 0.5
    assert found["group_auc"]["counts"]["groups"] == 4
    assert ("pixel_auc" in found) == bool(more)
    if more:
        count = found["pixel_auc"]["counts"]["images"]
        assert count == found["image_auc"]["counts"]["ill"]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--group (", "--group must be a regular expression"),
        ("--group (zz)/", "--group (zz)/ matches no group in"),
        (
            "--lesions nowhere",
            "must be an existing folder of masks, or MODULE:FUNCTION",
        ),
        ("--lesions empty", "must be a folder of masks. Received: empty"),
        ("--healthy well", "no domain 'well'"),
    ],
)
def test_what_evaluate_refuses(hospital, monkeypatch, capsys, flags, message):
    info = DatasetInfo("attributes", ("healthy", "ill"), ONE_HOT, SIZE, (), 1)
    small_model(info).save(hospital / "m.keras")
    (hospital / "empty").mkdir()
    monkeypatch.chdir(hospital)
    command = (
        "evaluate --model m.keras --dataset attributes --data_dir scans --labels "
        f"table.csv --num_channels 1 --metrics detection --output x.json {flags}"
    )
    assert main(command.split()) == 2
    assert message in capsys.readouterr().err
    assert not (hospital / "x.json").exists()


def test_masks_in_every_format(tmp_path):
    from PIL import Image

    mask = np.zeros((SIZE, SIZE), np.uint8)
    mask[4:9, 10:20] = 1
    alpha = np.full_like(mask, 255)
    Image.fromarray(np.stack([mask, mask, mask, alpha], -1)).save(tmp_path / "a.png")
    np.save(tmp_path / "b.npy", mask > 0)
    volume = np.repeat(mask.T[..., None], 3, axis=-1)
    write_nifti(tmp_path / "c.nii.gz", np.where(volume, 300, 0).astype(np.int16))
    # Over 64 MB of zeros.
    write_nifti(tmp_path / "d.nii.gz", np.zeros((512, 512, 300), np.uint8))
    lesions = masks_in(tmp_path, Preparation())
    for name in ("a.png", "b.tif", "c.nii.gz#0002"):
        found = _checked(lesions(name, SIZE), (SIZE, SIZE), name)
        expected = np.where(mask, 300 if name[0] == "c" else 1, 0)
        np.testing.assert_array_equal(found, expected)
    assert not lesions("d.nii.gz#0299", SIZE).any() and lesions("e.png", SIZE) is None
    for name in ("c.nii.gz#0003", "c.png", "b.nii.gz#0001"):
        with pytest.raises(InputError, match="as many slices as its image"):
            lesions(name, SIZE)
    with pytest.raises(InputError, match="values from 0 to 65535"):
        _checked(-mask.astype(int), mask.shape, "a.png")
    np.save(tmp_path / "f.npy", np.stack([0 * mask, mask], axis=-1))
    again = masks_in(tmp_path, Preparation())("f.npy", SIZE)
    np.testing.assert_array_equal(again, mask)
    np.save(tmp_path / "a.npy", mask)
    with pytest.raises(InputError, match=r"one mask for each image.*a\.png"):
        masks_in(tmp_path, Preparation())


def test_masks_of_volumes_are_read_once(tmp_path, monkeypatch):
    write_nifti(tmp_path / "a.nii", np.zeros((SIZE, SIZE, 3), np.uint8))
    calls = []

    def read(path):
        calls.append(path)
        return read_values(path)

    monkeypatch.setattr("stargan_tf.detection.metric.read_values", read)
    lesions = masks_in(tmp_path, Preparation())
    for number in range(3):
        lesions(f"a.nii#{number:04d}", SIZE)
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("options", "functions", "message"),
    [
        ({"healthy": "ill"}, {"group": grouping("(z+)/")}, "matches no group in"),
        ({}, {}, "with and without lesions. Received: 8 of 8 are healthy"),
    ],
)
def test_refused_before_images_are_translated(options, functions, message):
    source = stargan_tf.load_dataset("drawn_scans", "held_out", 64)
    if not options:
        rows = np.flatnonzero(source.labels[:, 0])[:8]
        source = subset(source, rows)
    subject = Subject(None, "labels", source, source)
    with pytest.raises(InputError, match=message):
        DetectionMetric(
            subject, EvaluationOptions(**options), UserFunctions(**functions)
        )


@pytest.mark.parametrize("flag", ["--lesions masks", "--group (a)/", "--healthy x"])
def test_flags_of_another_metric(flag, capsys):
    assert main(f"evaluate --model m.keras --metrics unchanged {flag}".split()) == 2
    assert "is for the metric detection. Received: --met" in capsys.readouterr().err


@pytest.mark.parametrize("heals", [False, True])
def test_numbers_of_the_evaluation(heals, monkeypatch):
    """By a model that changes nothing, and by one that knows the healthy twins."""
    source = stargan_tf.load_dataset("drawn_scans", "held_out", 64)
    model = identity(size=64)
    if heals:
        known = {
            source.load(row).tobytes(): healthy_twin(name)
            for row, name in enumerate(source.names)
        }

        def translate(images, labels, dataset=None, **_):
            uint8 = np.rint((images + 1) * 127.5).astype(np.uint8)
            healed = np.stack([known.get(it.tobytes(), it) for it in uint8])
            to_ill = np.broadcast_to(labels, (len(images), 2))[:, 1] > 0
            healed = np.where(to_ill[:, None, None, None], uint8, healed)
            return (healed / np.float32(127.5) - 1).astype(np.float32)

        monkeypatch.setattr(model, "translate", translate)
    results = stargan_tf.evaluate(model, "drawn_scans", "detection", count=60)
    values = {name: one.value for name, one in results.means.items()}
    kinds = results.means["pixel_auc"].note
    assert kinds.startswith("pixel AUC by type of lesion, 1: ") and ", 3: " in kinds
    assert "mean" in results.means["image_auc"].note
    if not heals:
        assert values["pixel_auc"] == 0.5
        assert (values["image_auc"], values["group_auc"]) == (0.5, 0.5)
        assert values["lesion_sensitivity"] == 0
        return
    assert (values["image_auc"], values["group_auc"]) == (1, 1)
    # Of a ring the mask has the inside, too, and of a warp all that is around it.
    assert values["lesion_dice"] > 0.5 and values["lesion_sensitivity"] > 0.8
    assert values["pixel_precision"] > 0.6 and values["pixel_auc"] > 0.9
    assert results.means["image_auc"].interval == (1, 1)
    assert "AUC" in str(results) and "1: " in str(results)
    json.dumps([one.to_dict() for one in results.means.values()])
