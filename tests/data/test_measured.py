"""Data sets of measured images, opened and trained on as a user does it."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import stargan_tf
from stargan_tf.cli.main import main
from stargan_tf.data.formats import mask_beside
from stargan_tf.data.info import ONE_HOT, DatasetInfo
from stargan_tf.data.intensity import GAP, Intensity
from stargan_tf.data.measured import fit_values
from stargan_tf.data.pictures import to_float
from stargan_tf.data.registry import load_dataset
from stargan_tf.data.source import UnreadableImage
from stargan_tf.errors import InputError
from stargan_tf.translation.pictures import Fitting, MeasuredFile
from tests.data.scans import five_channels, write_nifti, write_tiff
from tests.models.conftest import tiny


@pytest.fixture
def cells(tmp_path):
    """Five channels of 16 bits in two domains."""
    for number, domain in enumerate(("control", "treated")):
        (tmp_path / "cells" / domain).mkdir(parents=True)
        for i in range(6):
            channels = five_channels(10 * number + i, highest=801)
            write_tiff(tmp_path / "cells" / domain / f"{i}.tif", channels)
    return tmp_path / "cells"


def opened(folder, split="train", **options):
    options = {"image_size": (96, 160), "intensity": "window:0,800", **options}
    return load_dataset("folder", split, data_dir=str(folder), **options)


def test_values_and_channels_are_kept(cells):
    import tifffile

    source = opened(cells)
    assert source.info.shape == (96, 160, 5) and source.info.dtype == "float32"
    stored = tifffile.imread(cells / source.names[0])
    image = source.load(0)
    assert image.dtype == np.float32
    np.testing.assert_allclose(image, np.moveaxis(stored, 0, -1) / 400 - 1, atol=1e-6)
    restored = source.info.intensity.restore(image, np.uint16)
    np.testing.assert_array_equal(restored, np.moveaxis(stored, 0, -1))


@pytest.mark.parametrize("cache", ["auto", "never"])
def test_batches(cells, cache):
    source = opened(cells)
    images, labels = next(iter(stargan_tf.evaluation_batches(source, 2, cache=cache)))
    np.testing.assert_array_equal(images[1], source.load(1))
    assert labels.shape == (2, 2)
    batch = next(iter(stargan_tf.training_batches(source, 2, cache=cache)))
    assert batch[0].shape == (2, 96, 160, 5) and batch[0].numpy().min() >= -1


def test_both_splits_have_the_percentiles_of_the_training_images(cells):
    train, held_out = (opened(cells, s, intensity="percentile:1,99") for s in SPLITS)
    assert train.info.intensity == held_out.info.intensity
    assert len(train.info.intensity.low) == 5


def test_files_that_are_skipped_have_no_part_in_the_percentiles(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    for number in range(6):
        values = np.full((8, 8), number, np.float32)
        values[0, 0] = np.inf if number == 2 else 9.0
        np.save(tmp_path / "ab"[number % 2] / f"{number}.npy", values)
    source = stargan_tf.load_dataset(
        "folder", "train", 8, data_dir=tmp_path, intensity="percentile:0,100"
    )
    assert source.info.intensity.high == (9.0,)


SPLITS = ("train", "held_out")


def test_larger_images_for_crops(cells):
    assert opened(cells).native_side() == 96
    assert opened(cells, crop_size=40).native_side() == 40


def test_whole_range_without_an_option(cells):
    source = opened(cells, intensity=None, num_channels=5)
    assert source.info.intensity.high == (65535,)


def test_other_settings_are_other_images(cells):
    prints = {
        opened(cells, **options).fingerprint
        for options in ({}, {"intensity": "window:0,900"}, {"image_size": 96})
    }
    assert len(prints) == 3


def test_slices_are_images(tmp_path):
    for domain, high in (("a", 100), ("b", 200)):
        (tmp_path / domain).mkdir()
        for i in range(4):
            volume = np.full((12, 16, 3), high + i, np.int16)
            write_nifti(tmp_path / domain / f"{i}.nii.gz", volume)
    sources = [
        load_dataset(
            "folder", s, (16, 12), data_dir=str(tmp_path), intensity="window:0,400"
        )
        for s in SPLITS
    ]
    assert sum(map(len, sources)) == 24
    # A volume is in one split.
    volumes = [{name.split("#")[0] for name in source.names} for source in sources]
    assert not volumes[0] & volumes[1] and sources[0].names[1].endswith("#0001")
    assert sources[0].load(0).shape == (16, 12, 1)


def test_gray_pictures(tmp_path):
    from PIL import Image

    for domain in "ab":
        (tmp_path / domain).mkdir()
        for i in range(3):
            pixels = np.full((8, 8), 40 * i, np.uint8)
            Image.fromarray(pixels).save(tmp_path / domain / f"{i}.png")
    source = load_dataset("folder", "train", 8, data_dir=str(tmp_path), num_channels=1)
    image = source.load(0)
    assert (image.shape, image.dtype, source.info.intensity) == (
        (8, 8, 1),
        "uint8",
        None,
    )
    colors = load_dataset("folder", "train", 8, data_dir=str(tmp_path))
    np.testing.assert_array_equal(colors.load(0)[..., :1], image)


def test_resized_like_pictures(tmp_path):
    """The same drawing in 8 bits, and in 16 bits of the whole range."""
    from PIL import Image

    rng = np.random.default_rng(0)
    for domain in "ab":
        for folder in ("eight", "sixteen"):
            (tmp_path / folder / domain).mkdir(parents=True)
        for i in range(3):
            pixels = rng.integers(0, 256, (40, 30), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "eight" / domain / f"{i}.png")
            path = tmp_path / "sixteen" / domain / f"{i}.tif"
            write_tiff(path, pixels.astype(np.uint16) * 257)
    eight = load_dataset(
        "folder", "train", 16, data_dir=str(tmp_path / "eight"), num_channels=1
    )
    sixteen = load_dataset(
        "folder", "train", 16, data_dir=str(tmp_path / "sixteen"), intensity="full"
    )
    # Which files are held out follows from their names.
    drawings = {name.partition(".")[0]: index for index, name in enumerate(eight.names)}
    pairs = [
        (index, drawings[name.partition(".")[0]])
        for index, name in enumerate(sixteen.names)
        if name.partition(".")[0] in drawings
    ]
    assert pairs
    for index, drawing in pairs:
        expected = to_float(eight.load(drawing))
        np.testing.assert_allclose(sixteen.load(index), expected, atol=1 / 127)


def test_mixed_files_are_left_out(cells):
    write_tiff(cells / "control" / "9.tif", five_channels()[:3])
    source = opened(cells, intensity="percentile:1,99")
    problems = [source.problem(index) for index in range(len(source))]
    (problem,) = filter(None, problems)
    assert "has 5 of uint16; " in problem and "9.tif has 3 of uint16" in problem


def test_other_channels_than_asked_for(cells):
    with pytest.raises(InputError, match="has 5 channels. Received: --num_channels 4"):
        opened(cells, num_channels=4)


def test_files_without_an_image(cells):
    for path in sorted(cells.rglob("*.tif")):
        path.write_bytes(b"")
    with pytest.raises(InputError, match=r"Cannot read the image .*\.tif"):
        opened(cells)


def test_a_split_without_images(tmp_path):
    for domain in "ab":
        (tmp_path / domain).mkdir()
        np.save(tmp_path / domain / "1.npy", five_channels())
    with pytest.raises(InputError, match="no image"):
        opened(tmp_path, split="held_out")


def test_clipped_values_are_counted(cells, caplog):
    shutil.copytree(cells, cells.parent / "again")
    opened(cells.parent / "again", intensity="window:0,400")
    assert "clips 49." in caplog.text or "clips 50." in caplog.text


def test_both_families_train(cells):
    source = opened(cells)
    model = tiny(source.info)
    model.compile(total_steps=1)
    batches = stargan_tf.training_batches(source, 2)
    model.fit(batches, steps_per_epoch=1, verbose=0)
    image = source.load(0)[None]
    assert model.translate(image, "treated").shape == image.shape
    styled = stargan_tf.StarGANV2(
        source.info, base_filters=4, max_filters=8, style_dim=4, hidden_dim=8
    )
    styled.compile(run_eagerly=True)
    batches = stargan_tf.reference_batches(source, 2)
    styled.fit(batches, steps_per_epoch=1, verbose=0)
    assert styled.translate(image, "treated", seed=0).shape == image.shape


def test_arrays_beside_pictures_are_left_out(tmp_path):
    """Such as features that somebody computed: they make no scans of photographs."""
    from PIL import Image

    for domain in "ab":
        (tmp_path / domain).mkdir()
        np.save(tmp_path / domain / "0.npy", np.zeros((8, 8)))
        for i in range(1, 4):
            pixels = np.full((8, 8, 3), 40 * i, np.uint8)
            Image.fromarray(pixels).save(tmp_path / domain / f"{i}.png")
    sources = [load_dataset("folder", s, 8, data_dir=str(tmp_path)) for s in SPLITS]
    assert sources[0].info.is_plain
    names = [name for source in sources for name in source.names]
    assert len(names) == 6 and all(name.endswith(".png") for name in names)


@pytest.fixture
def scenes(tmp_path):
    """Satellite scenes with clouds, which have no data; as npy and as floats."""
    rng = np.random.default_rng(0)
    for number, domain in enumerate(("summer", "winter")):
        (tmp_path / "scenes" / domain).mkdir(parents=True)
        for i in range(3):
            values = rng.uniform(100 * number, 400, (32, 48, 2)).astype(np.float32)
            values[4:9, 10:20] = np.nan
            np.save(tmp_path / "scenes" / domain / f"{i}.npy", values)
    return tmp_path / "scenes"


def test_pixels_without_data(scenes, tmp_path):
    options = {"data_dir": str(scenes), "intensity": "percentile:0,100"}
    with pytest.raises(InputError, match="pass --invalid_value if they mean missing"):
        load_dataset("folder", image_size=(32, 48), **options).load(0)
    options["invalid_value"] = "nan"
    source = load_dataset("folder", image_size=(32, 48), **options)
    low, high = np.array([source.info.intensity.low, source.info.intensity.high])
    assert (low < 20).all() and (high > 380).all() and (high < 401).all()
    image = source.load(0)
    gaps = np.isnan(np.load(scenes / source.names[0]))
    np.testing.assert_array_equal(image == GAP, gaps)
    assert np.abs(image[~gaps]).max() <= 1
    restored = source.info.intensity.restore(image, np.float32)
    np.testing.assert_allclose(restored, np.load(scenes / source.names[0]), atol=1e-4)


def test_gaps_have_no_part_in_smaller_images(scenes):
    options = {"data_dir": str(scenes), "intensity": "window:0,400"}
    source = load_dataset("folder", image_size=(16, 24), invalid_value="nan", **options)
    image = source.load(0)
    gaps = image < -1.05
    assert set(image[gaps].tolist()) == {GAP} and 8 <= gaps[..., 0].sum() <= 20
    # What is beside a gap is as bright as elsewhere, not mixed with it.
    assert np.abs(image[~gaps]).max() <= 1
    assert image[3, 4:10][~gaps[3, 4:10]].min() > -0.9


def test_training_skips_images_that_are_not_finite(scenes, caplog):
    options = {"data_dir": str(scenes), "intensity": "window:0,400"}
    source = load_dataset("folder", image_size=(32, 48), **options)
    for name in source.names[1:]:
        np.save(scenes / name, np.nan_to_num(np.load(scenes / name)))
    batches = iter(stargan_tf.training_batches(source, 2, cache="never"))
    for _ in range(3):
        assert np.isfinite(next(batches)[0]).all()
    assert "100 of its values are infinite or NaN" in caplog.text


@pytest.mark.parametrize("value", ["-1", "nan"])
def test_a_translation_leaves_gaps_as_they_are(scenes, tmp_path, value, capsys):
    if value != "nan":
        for path in scenes.rglob("*.npy"):
            np.save(path, np.nan_to_num(np.load(path), nan=-1).astype(np.int16))
    info = DatasetInfo(
        "folder",
        ("summer", "winter"),
        ONE_HOT,
        (16, 24),
        num_channels=2,
        intensity=Intensity((0,), (400,), value),
    )
    model = tiny(info)
    model.save(tmp_path / "m.keras")
    command = f"translate --model {tmp_path}/m.keras --to winter {scenes}/summer"
    assert main(f"{command} --output {tmp_path}/out".split()) == 0
    for path in (scenes / "summer").glob("*.npy"):
        before, after = np.load(path), np.load(tmp_path / "out" / path.name)
        assert after.dtype == before.dtype and after.shape == before.shape
        gaps = info.intensity.gaps(before)
        np.testing.assert_array_equal(info.intensity.gaps(after), gaps)
        assert gaps.sum() == 100 and (before != after)[~gaps].mean() > 0.9
    found = stargan_tf.evaluate(
        tmp_path / "m.keras",
        "folder",
        "unchanged",
        data_dir=str(scenes),
        intensity="window:0,400",
        invalid_value=value,
        held_out=0.3,
    )
    assert 0 < found.means["same_domain_change"].value < 255


@pytest.mark.parametrize("value", ["none", ""])
def test_an_invalid_value_is_a_number(scenes, value):
    with pytest.raises(InputError, match="must be a number, nan, or mask"):
        load_dataset("folder", data_dir=str(scenes), invalid_value=value)


def masked_scenes(scenes):
    """The same scenes with whole numbers, and masks in one channel or in two."""
    for number, path in enumerate(sorted(scenes.rglob("*.npy"))):
        values = np.load(path)
        gaps = np.isnan(values)
        np.save(path, np.nan_to_num(values, nan=300).astype(np.uint16))
        if number % 2:
            np.save(path.with_suffix(".mask.npy"), gaps.astype(np.uint8))
        else:
            mask = Image.fromarray(gaps[..., 0].astype(np.uint8) * 255)
            mask.save(path.with_suffix(".mask.png"))


def test_masks_beside_the_images(scenes, tmp_path, capsys):
    options = {"data_dir": str(scenes), "intensity": "window:0,400"}
    expected = load_dataset(
        "folder", image_size=(32, 48), invalid_value="nan", **options
    )
    marked = [expected.load(i) == GAP for i in range(len(expected))]
    masked_scenes(scenes)
    source = load_dataset(
        "folder", image_size=(32, 48), invalid_value="mask", **options
    )
    assert source.names == expected.names
    for number, gaps in enumerate(marked):
        np.testing.assert_array_equal(source.load(number) == GAP, gaps)
    values = source.info.intensity.restore(source.load(0), np.uint16)
    assert (values[marked[0]] == 0).all() and (values[~marked[0]] > 0).any()
    model = tiny(replace(source.info, image_size=(16, 24)))
    model.save(tmp_path / "m.keras")
    command = f"translate --model {tmp_path}/m.keras --to winter {scenes}/summer"
    assert main(f"{command} --output {tmp_path}/out".split()) == 0
    written = sorted(path.name for path in (tmp_path / "out").glob("*.npy"))
    assert written == ["0.npy", "1.npy", "2.npy"]
    before, after = np.load(scenes / "summer/0.npy"), np.load(tmp_path / "out/0.npy")
    assert (after[4:9, 10:20] == 300).all() and (before != after).mean() > 0.8
    # Another mask makes another data set.
    mask_beside(scenes / source.names[0]).unlink()
    changed = load_dataset(
        "folder", image_size=(32, 48), invalid_value="mask", **options
    )
    assert changed.fingerprint != source.fingerprint


def test_a_mask_of_another_size(scenes):
    masked_scenes(scenes)
    for path in scenes.rglob("*.mask.png"):
        Image.fromarray(np.zeros((32, 40), np.uint8)).save(path)
    options = {"data_dir": str(scenes), "intensity": "window:0,400"}
    message = "0.mask.png must have the size of 0.npy, 1 x 32"
    with pytest.raises(UnreadableImage, match=message):
        load_dataset("folder", image_size=(32, 48), invalid_value="mask", **options)


def volumes(folder, shape):
    """Two volumes in each of two domains."""
    for number, domain in enumerate("ab"):
        (folder / domain).mkdir(parents=True)
        for i in range(2):
            rng = np.random.default_rng([number, i])
            write_nifti(
                folder / domain / f"{i}.nii.gz",
                rng.integers(0, 500, shape).astype(np.int16),
            )
    return folder


@pytest.mark.parametrize(
    ("plane", "count", "first"),
    [("z", 4, "#0000"), ("y", 8, "#y0000"), ("x", 12, "#x0000"), ("average", 24, "#x")],
)
def test_slices_along_every_axis(tmp_path, plane, count, first):
    import nibabel

    folder = volumes(tmp_path / "scans", (12, 8, 4))
    source = load_dataset(
        "folder",
        image_size=(8, 12),
        data_dir=str(folder),
        intensity="window:0,500",
        plane=plane,
        held_out=0.4,
    )
    assert len(source) == 2 * count and first in source.names[0]
    assert source.native_side() == {"z": 8, "y": 4, "x": 4, "average": 4}[plane]
    whole = nibabel.load(folder / source.names[0].split("#")[0]).get_fdata()
    middle = {"z": whole[:, :, 1].T, "y": whole[:, 1].T, "x": whole[1].T}
    if plane != "average":
        image = source.load(1)
        expected = fit_values(
            source.info.intensity.to_float(middle[plane][..., None]),
            (8, 12),
            "crop",
            None,
        )
        np.testing.assert_array_equal(image, expected)


@pytest.mark.parametrize("plane", ["x", "average"])
def test_a_volume_is_translated_along_its_planes(tmp_path, plane):
    import nibabel

    folder = volumes(tmp_path / "scans", (16, 16, 16))
    info = DatasetInfo(
        "folder",
        ("a", "b"),
        ONE_HOT,
        16,
        num_channels=1,
        intensity=Intensity((0,), (500,), plane=plane),
    )
    model = tiny(info, output="additive")
    model.save(tmp_path / "m.keras")
    command = f"translate --model {tmp_path}/m.keras --to b {folder}/a"
    assert main(f"{command} --output {tmp_path}/out".split()) == 0
    before = nibabel.load(folder / "a/0.nii.gz").get_fdata()
    after = nibabel.load(tmp_path / "out/0.nii.gz").get_fdata()
    np.testing.assert_array_equal(after, before)  # It draws no change.
    # Black slices along x are averaged with the others.
    file = MeasuredFile(folder / "a/0.nii.gz", info)
    for fitted in file.fitted(Fitting(info)):
        output = np.full_like(fitted.image, -1) if fitted.plane == "x" else fitted.image
        written = fitted.write(output, tmp_path / "b.nii.gz")
    share = 2 / 3 if plane == "average" else 0
    found = nibabel.load(written).get_fdata()
    np.testing.assert_allclose(found, np.rint(before * share), atol=1)


def test_planes_are_averaged_where_they_are_cropped(tmp_path):
    import nibabel

    path = write_nifti(tmp_path / "a.nii", np.full((8, 8, 4), 400, np.int16))
    intensity = Intensity((0,), (400,), plane="average")
    info = DatasetInfo("scans", ("a", "b"), ONE_HOT, 4, (), 1, intensity)
    # Crops of slices along x and y leave out the outer columns.
    for fitted in MeasuredFile(path, info).fitted(Fitting(info)):
        black = np.full_like(fitted.image, -1)
        written = fitted.write(black, tmp_path / "b.nii")
    np.testing.assert_array_equal(nibabel.load(written).get_fdata(), 0)
