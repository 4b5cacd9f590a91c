"""`stargan-tf` on measured images: files in, the same kind of files out."""

import json
from pathlib import Path

import numpy as np
import pytest

import stargan_tf
from stargan_tf.cli.main import main
from stargan_tf.data.formats import read_values
from stargan_tf.data.info import ONE_HOT, DatasetInfo
from stargan_tf.data.intensity import Intensity
from tests.data.scans import (
    CODES,
    five_channels,
    write_dicom,
    write_nifti,
    write_tiff,
)
from tests.models.conftest import tiny

ALL_CODES = Intensity((0,), (65535,))


def identity(path, channels, size, intensity=ALL_CODES):
    """A model that changes nothing: so `additive` ones start."""
    info = DatasetInfo(
        "scans", ("healthy", "ill"), ONE_HOT, size, (), channels, intensity
    )
    model = tiny(info, output="additive")
    model.save(path)
    return path


def translate(model, *arguments):
    return main(["translate", "--model", str(model), "--to", "ill", *arguments])


@pytest.fixture(scope="module")
def codes_model(tmp_path_factory):
    return identity(tmp_path_factory.mktemp("model") / "codes.keras", 1, 256)


def test_all_codes_come_back_in_every_format(codes_model, tmp_path):
    scans = tmp_path / "scans"
    (scans / "ward/day 1").mkdir(parents=True)
    write_tiff(scans / "a.tif", CODES)
    np.save(scans / "b.npy", CODES)
    write_nifti(scans / "ward/c.nii.gz", np.stack([CODES, CODES[::-1]], axis=-1))
    write_dicom(scans / "ward/day 1/d.dcm", CODES)
    assert translate(codes_model, str(scans), "--output", str(tmp_path / "out")) == 0
    names = sorted(p.relative_to(scans) for p in scans.rglob("*.*"))
    written = sorted(
        p.relative_to(tmp_path / "out") for p in tmp_path.rglob("out/**/*.*")
    )
    assert written == sorted([*names, Path("manifest.jsonl")])
    for name in names:
        before, after = read_values(scans / name), read_values(tmp_path / "out" / name)
        np.testing.assert_array_equal(after.values, before.values)
        assert after.dtype == before.dtype


def test_many_channels_that_are_not_square(tmp_path):
    model = identity(tmp_path / "five.keras", 5, (96, 160))
    path = write_tiff(tmp_path / "in.tif", five_channels())
    assert translate(model, str(path), "--output", str(tmp_path / "out.tif")) == 0
    np.testing.assert_array_equal(
        read_values(tmp_path / "out.tif").values, read_values(path).values
    )


def test_what_is_not_seen_stays(tmp_path):
    """A window clips what the model sees; beside the crop nothing changes."""
    window = Intensity((0,), (100,))
    model = identity(tmp_path / "m.keras", 1, 64, window)
    values = np.arange(64 * 128, dtype=np.float32).reshape(64, 128)
    np.save(tmp_path / "in.npy", values)
    output = tmp_path / "out.npy"
    assert translate(model, str(tmp_path / "in.npy"), "--output", str(output)) == 0
    drawn = np.load(output)
    np.testing.assert_array_equal(drawn[:, :32], values[:, :32])
    np.testing.assert_allclose(drawn[:, 32:96], np.minimum(values[:, 32:96], 100))


def test_grids_show_measured_images(tmp_path):
    from PIL import Image

    model = identity(tmp_path / "five.keras", 5, (96, 160))
    path = write_tiff(tmp_path / "in.tif", five_channels())
    arguments = ["--all", str(path), "--output", str(tmp_path / "grid.png")]
    assert main(["translate", "--model", str(model), *arguments]) == 0
    with Image.open(tmp_path / "grid.png") as grid:
        assert grid.width > 480


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("x.npy", np.zeros((256, 256, 3), np.uint16), "The model takes 1 channels"),
        ("x.npy", np.full((256, 256), np.nan), "values are infinite or NaN"),
    ],
)
def test_what_does_not_fit(codes_model, tmp_path, capsys, name, array, message):
    np.save(tmp_path / name, array)
    output = tmp_path / "out"
    assert translate(codes_model, str(tmp_path / name), "--output", str(output)) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.rglob("out/*"))


def test_another_format_than_the_inputs(codes_model, tmp_path, capsys):
    path = write_tiff(tmp_path / "a.tif", CODES)
    assert translate(codes_model, str(path), "--output", str(tmp_path / "b.npy")) == 2
    assert "must end in .tif" in capsys.readouterr().err


def test_trained_evaluated_and_translated(tmp_path, capsys):
    """A whole run on five channels, as typed."""
    for number, domain in enumerate(("control", "treated")):
        (tmp_path / "cells" / domain).mkdir(parents=True)
        for i in range(8):
            channels = five_channels(10 * number + i, 64, 96, 801)
            write_tiff(tmp_path / "cells" / domain / f"{i}.tif", channels)
    run, cells = str(tmp_path / "run"), str(tmp_path / "cells")
    networks = "--base_filters=4 --num_residual_blocks=1 --discriminator_filters=4"
    data = f"--dataset=folder --data_dir={cells} --image_size=64,96"
    assert (
        main(
            f"train --run {run} {data} {networks} --discriminator_layers=4 --steps=2 "
            "--batch_size=2 --held_out=0.4 --intensity=percentile:1,99 "
            "--checkpoint_every=2".split()
        )
        == 0
    )
    assert list((tmp_path / "run/samples").glob("*.png"))
    model = stargan_tf.load_model(run)
    assert len(model.label_space.datasets[0].intensity.low) == 5
    capsys.readouterr()
    output = str(tmp_path / "out")
    assert (
        main(f"translate --model {run} --to treated {cells} --output {output}".split())
        == 0
    )
    assert read_values(tmp_path / "out/control/0.tif").dtype == np.uint16
    command = f"evaluate --model {run} --classifier tiny --classifier_steps 2 --count 4"
    metrics, results = "classification,unchanged,kid", tmp_path / "results.json"
    assert main(f"{command} --metrics {metrics} --output {results}".split()) == 0
    kid = json.loads(results.read_text())["means"]["kid"]
    assert kid["protocol"] == "classifier_tiny" and np.isfinite(kid["value"])
    assert main(f"{command} --metrics fid --output {tmp_path}/x.json".split()) == 2
    assert "need RGB images: fid" in capsys.readouterr().err
    # Changed images do not change the model's percentiles.
    bright = 3 * five_channels(99, 64, 96, 801)
    write_tiff(tmp_path / "cells/treated/9.tif", bright)
    more = f"train --run {run} --steps=3 --accept_changed_data"
    assert main(more.split()) == 0
    spaces = (m.label_space.datasets[0] for m in (model, stargan_tf.load_model(run)))
    first, second = (info.intensity for info in spaces)
    assert first == second
    command = f"evaluate --model {run} --metrics unchanged --count 1"
    assert main(f"{command} --accept_changed_data --overwrite".split()) == 0


def test_a_stopped_translation_goes_on(codes_model, tmp_path, capsys):
    scans, output = tmp_path / "scans", tmp_path / "out"
    scans.mkdir()
    for name in "abc":
        np.save(scans / f"{name}.npy", CODES)
    (scans / "d.npy").write_bytes(b"broken")
    command = (str(scans), "--output", str(output))
    assert translate(codes_model, *command) == 2
    assert "1 of 4 images could not be read" in capsys.readouterr().err
    manifest = output / "manifest.jsonl"
    header, *entries = map(json.loads, manifest.read_text().splitlines())
    assert header["to"] == "ill" and len(header["sha256"]) == 64
    intensity = header["datasets"][0]["intensity"]
    assert (intensity["low"], intensity["high"]) == ([0.0], [65535.0])
    broken, *good = sorted(entries, key=lambda entry: entry.get("output", ""))
    assert [entry["output"] for entry in good] == ["a.npy", "b.npy", "c.npy"]
    assert good[0]["clipped"] == 0 and "Cannot read" in broken["problem"]

    # Killed while the last line was written.
    lines = [header, good[0], good[1]]
    manifest.write_text("\n".join(map(json.dumps, lines))[:-20])
    times = {path.name: path.stat().st_mtime_ns for path in output.glob("*.npy")}
    for name in "bc":
        (output / f"{name}.npy").unlink()
    np.save(scans / "d.npy", CODES)
    assert translate(codes_model, *command, "--verbose") == 0
    assert "1 of 4 images have already been translated." in capsys.readouterr().out
    assert (output / "a.npy").stat().st_mtime_ns == times["a.npy"]
    assert len(manifest.read_text().splitlines()) == 5

    # Something else is asked for: what is there is not taken for it.
    command = ["translate", "--model", str(codes_model), "--to", "healthy", *command]
    assert main(command) == 2
    assert "exists already, of translations with" in capsys.readouterr().err

    # Nor are other files with the same names.
    scans.rename(tmp_path / "others")
    others = (str(tmp_path / "others"), "--output", str(output))
    assert translate(codes_model, *others) == 2
    assert "a.npy exists already" in capsys.readouterr().err


def test_a_grid_has_a_row_for_each_slice(codes_model, tmp_path):
    write_nifti(tmp_path / "scan.nii.gz", np.stack([CODES] * 12, axis=-1))
    flags = ["translate", "--model", str(codes_model), "--all"]
    grid = str(tmp_path / "grid.png")
    assert main([*flags, str(tmp_path / "scan.nii.gz"), "--output", grid]) == 0
    pages = sorted(path.name for path in tmp_path.glob("*.png"))
    assert pages == ["grid_001.png", "grid_002.png"]
