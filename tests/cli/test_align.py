"""`stargan-tf align`, with a provider that finds drawn faces."""

import re
import shutil
import sys

import keras
import numpy as np
import pytest
from PIL import Image

from stargan_tf import discovery
from stargan_tf.cli import main
from stargan_tf.data import files
from stargan_tf.data.info import DatasetInfo
from stargan_tf.discovery import LANDMARKS
from stargan_tf.faces import align, warp
from stargan_tf.training.run_folder import LANDMARKS_FILE
from tests.exporting.tiny import label_model
from tests.faces import drawn
from tests.faces.landmark_golden import network


@pytest.fixture(autouse=True)
def installed(installed_package, monkeypatch):
    """The provider `drawn`, as a package would bring it."""
    monkeypatch.delenv(discovery.DISABLE, raising=False)
    code = "from tests.faces.drawn import DRAWN\n"
    entries = {LANDMARKS.name: {"drawn": "drawn_pkg:DRAWN"}}
    installed_package("drawn-pkg", code, entries)
    files.say_once.cache_clear()
    yield
    sys.modules.pop("drawn_pkg", None)


@pytest.fixture
def photo(tmp_path):
    """photo(name, *faces, **save): writes a photo of drawn faces."""

    def write(name, *faces, size=(400, 300), mode="RGB", **options):
        image = drawn.photo(size)
        for number, face in enumerate(faces):
            drawn.draw(image, face, number)
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image.convert(mode).save(path, **options)
        return path

    return write


FACE = drawn.placed(0.6, 15, 180, 40)
SIZE = 64


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """The folder of a tiny model."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    keras.utils.set_random_seed(0)
    label_model(DatasetInfo("faces", ("Blond", "Male"), "binary", SIZE)).save_to_preset(
        folder
    )
    return folder


def run(capsys, *arguments):
    """(status, stdout, stderr) of `stargan-tf align` in this process."""
    status = main.main(["align", *map(str, arguments)])
    output = capsys.readouterr()
    return status, output.out, output.err


def translate(capsys, *arguments):
    """(status, stdout, stderr) of `stargan-tf translate` in this process."""
    status = main.main(["translate", *map(str, arguments)])
    output = capsys.readouterr()
    return status, output.out, output.err


def names(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.*"))


def is_aligned(path, image_size=256, shape=drawn.SHAPE):
    """Whether the pupils are where they belong, within three pixels."""
    with Image.open(path) as image:
        assert image.size == (image_size, image_size)
        pixels = np.asarray(image.convert("L")).astype(int)
    points = np.rint((shape[[96, 97]] + 0.5) * image_size / 256 - 0.5).astype(int)
    around = [pixels[y - 3 : y + 4, x - 3 : x + 4].max() for x, y in points]
    x, y = np.rint(points.mean(axis=0)).astype(int)  # above it is no landmark
    return min(around) > pixels[y - 30 : y - 15, x].max() + 60


def test_a_folder_of_photos(capsys, photo, tmp_path):
    photo("a.png", FACE)
    photo("sub/b.jpg", drawn.placed(0.4, -20, 30, 120), quality=100, subsampling=0)
    photo("nobody.png")
    status, output, errors = run(
        capsys, "--landmarks=drawn", tmp_path / "photos", "--output", tmp_path / "out"
    )
    # JPEG changes the marks by which the face is found.
    assert status == 0
    assert output == f"Wrote {tmp_path / 'out/a.png'}\n"
    assert names(tmp_path / "out") == ["a.png"]
    lines = errors.splitlines()
    assert len(lines) == 2 and all("no face was found. It is left" in x for x in lines)
    assert is_aligned(tmp_path / "out/a.png")


def test_one_photo_to_one_file_of_another_size(capsys, photo, tmp_path):
    path, output = photo("a.png", FACE), tmp_path / "face.webp"
    arguments = ("--landmarks", "drawn", path, "--output", output, "--image-size=128")
    status, text, errors = run(capsys, *arguments)
    assert (status, errors) == (0, "") and text == f"Wrote {output}\n"
    assert is_aligned(output, 128)


def test_the_mean_shape_of_others(capsys, photo, tmp_path):
    shape = tmp_path / "celeba_lm_mean.npz"
    np.savez(shape, mean=(drawn.SHAPE * 0.5).ravel())
    arguments = ("--landmarks=drawn", photo("a.png", FACE), f"--mean_shape={shape}")
    assert run(capsys, *arguments, "--output", tmp_path / "a.png")[0] == 0
    assert is_aligned(tmp_path / "a.png", shape=drawn.SHAPE * 0.5)
    assert not is_aligned(tmp_path / "a.png")


def test_exif_palettes_and_gray(capsys, photo, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    turned = drawn.photo((300, 400))
    drawn.draw(turned, drawn.placed(0.6, 15, 120, 40))
    path = tmp_path / "photos/turned.png"
    path.parent.mkdir()
    turned.rotate(90, expand=True).save(path, exif=exif)
    photo("transparent.png", FACE, mode="RGBA")
    status, _, errors = run(
        capsys, "--landmarks=drawn", path.parent, "--output", tmp_path / "out"
    )
    assert (status, errors) == (0, "")
    assert is_aligned(tmp_path / "out/turned.png")
    assert is_aligned(tmp_path / "out/transparent.png")


SMALLER = drawn.placed(0.45, -10, 10, 40)


def test_of_several_faces_the_largest_is_taken_and_said(
    capsys, caplog, photo, tmp_path
):
    path = photo("a.png", SMALLER, FACE)
    arguments = ("--landmarks=drawn", path, "--output", tmp_path / "out/")
    assert run(capsys, *arguments)[0] == 0
    (line,) = caplog.messages
    left, top = np.floor(warp.apply(FACE, drawn.SHAPE).min(axis=0)).astype(int)
    assert "shows 2 faces; the largest is taken, at x " in line
    assert abs(int(line.split("at x ")[1].split()[0]) - left) <= 1
    assert abs(int(line.split("and y ")[1].split()[0]) - top) <= 1


def test_all_faces(capsys, photo, tmp_path):
    photo("a.png", SMALLER, FACE)
    photo("b.png", FACE)
    out = tmp_path / "out"
    arguments = ("--landmarks=drawn", tmp_path / "photos", "--all_faces")
    status, output, errors = run(capsys, *arguments, "--output", out)
    assert (status, output, errors) == (0, f"Wrote 3 crops to {out}\n", "")
    assert names(out) == ["a_1.png", "a_2.png", "b_1.png"]
    assert all(is_aligned(path) for path in out.iterdir())
    # The larger one first: the smaller one is blurred more.
    with Image.open(out / "a_1.png") as one, Image.open(out / "b_1.png") as other:
        assert np.abs(np.asarray(one).astype(int) - np.asarray(other)).mean() < 10
    status, _, errors = run(capsys, *arguments, "--output", out)
    assert status == 2 and "a_1.png exists already and 1 more" in errors
    assert run(capsys, *arguments, "--output", out, "--overwrite")[0] == 0


def test_a_small_face_is_mentioned(capsys, caplog, photo, tmp_path):
    width = np.ptp(drawn.SHAPE[:, 0])
    path = photo("a.png", drawn.placed(20 / width, 0, 100, 100))
    arguments = ("--landmarks=drawn", path, "--output", tmp_path / "out/")
    assert run(capsys, *arguments)[0] == 0
    (line,) = caplog.messages
    assert "a.png: a face of 20 pixels is enlarged 6" in line


def test_existing_outputs_and_inputs_are_not_replaced(capsys, photo, tmp_path):
    path = photo("a.png", FACE)
    before = path.read_bytes()
    arguments = ("--landmarks=drawn", path, "--output")
    status, _, errors = run(capsys, *arguments, tmp_path / "photos", "--overwrite")
    assert status == 2 and "inputs are never overwritten" in errors
    assert path.read_bytes() == before
    out = tmp_path / "out"
    assert run(capsys, *arguments, out)[0] == 0
    status, _, errors = run(capsys, *arguments, out)
    assert status == 2 and "exists already" in errors
    assert run(capsys, *arguments, out, "--overwrite")[0] == 0


def test_unreadable_photos_do_not_stop_the_others(capsys, photo, tmp_path):
    photo("b.png", FACE)
    (tmp_path / "photos/a.png").write_bytes(b"")
    out = tmp_path / "out"
    status, output, errors = run(
        capsys, "--landmarks=drawn", tmp_path / "photos", "--output", out
    )
    assert status == 2 and names(out) == ["b.png"] and "Wrote" in output
    (line,) = errors.splitlines()
    assert "1 of 2 pictures could not be read. The first: " in line
    assert "a.png: the file is empty" in line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["PHOTO", "--output=OUT"], "are required: --landmarks"),
        (["PHOTO", "--landmarks=drawn"], "are required: --output"),
        (["--landmarks=drawn", "--output=OUT"], "No INPUT"),
        (["PHOTO", "--landmarks=drown", "--output=OUT"], "Did you mean drawn?"),
        (["PHOTO", "--landmarks=drawn", "--output=OUT", "--image_size=3"], "at least"),
        (["gone.png", "--landmarks=drawn", "--output=OUT"], "There is no input"),
        (["PHOTO", "--landmarks=PHOTO", "--output=OUT"], "photo.png"),
        (["PHOTO", "--landmarks=drawn", "--output=x.gif"], "name must end in one of"),
        (["PHOTO", "--landmarks=drawn", "--output=OUT"], "photo.png: no face was fo"),
        (
            ["PHOTO", "--landmarks=drawn", "--output=OUT", "--mean_shape=no.npz"],
            "A mean shape is an .npz file",
        ),
    ],
)
def test_bad_input_is_one_line(capsys, photo, tmp_path, arguments, message):
    path = photo("photo.png")
    places = {"PHOTO": str(path), "OUT": str(tmp_path / "out")}
    for place, value in places.items():
        arguments = [word.replace(place, value) for word in arguments]
    status, output, errors = run(capsys, *arguments)
    assert (status, output) == (2, "")
    assert errors.count("\n") == 1 and message in errors
    assert not (tmp_path / "out").exists()


def test_no_face_in_any_photo(capsys, photo, tmp_path):
    photo("a.png")
    photo("b.png")
    status, output, errors = run(
        capsys, "--landmarks=drawn", tmp_path / "photos", "--output", tmp_path / "out"
    )
    assert (status, output) == (2, "")
    *each, last = errors.splitlines()
    assert [line.split(": ", 2)[2] for line in each] == [
        "no face was found. It is left out."
    ] * 2
    assert "No face was found in any of 2 pictures. Give photos" in last


def test_a_network_without_tensorflow_s_chatter(capsys, photo, tmp_path):
    """The authors' network finds something in any photo."""
    from tests.faces.landmark_golden import network

    network().save(tmp_path / "landmarks.keras")
    path = photo("a.png", FACE)
    landmarks = ("--landmarks", tmp_path / "landmarks.keras")
    status, _, errors = run(capsys, *landmarks, path, "--output", tmp_path / "a.png")
    assert status in (0, 2) and errors.count("\n") <= 1
    assert align.MEAN_SHAPE.is_file()


# === translate --align ===


def test_faces_are_aligned_on_the_way(capsys, model, photo, tmp_path):
    for name, faces in (("one.png", [FACE]), ("none.png", []), ("two.png", [FACE])):
        photo(name, *faces)
    flags = ("--align", "--landmarks", "drawn", "--to", "Blond", tmp_path / "photos")
    status, _, errors = translate(
        capsys, "--model", model, *flags, "--output", tmp_path / "out"
    )
    assert status == 2
    assert errors.count("\n") == 1
    assert "1 of 3 pictures could not be read" in errors and "no face was" in errors
    assert {"one.png", "two.png"} < set(names(tmp_path / "out"))
    crop = tmp_path / "crop.png"
    options = ("--landmarks", "drawn", "--image_size", SIZE, "--output", crop)
    assert run(capsys, *options, tmp_path / "photos/one.png")[0] == 0
    plain = ("--to", "Blond", crop, "--output", tmp_path / "plain.png")
    assert translate(capsys, "--model", model, *plain)[0] == 0
    with (
        Image.open(tmp_path / "plain.png") as expected,
        Image.open(tmp_path / "out/one.png") as received,
    ):
        np.testing.assert_array_equal(np.asarray(received), np.asarray(expected))


@pytest.mark.parametrize("mode", ["RGB", "CMYK"])
def test_the_face_goes_back_into_the_photo(capsys, model, photo, tmp_path, mode):
    path = photo("one.tif", FACE, mode=mode, size=(1200, 900))
    output = tmp_path / "out.png"
    flags = ("--align", "--landmarks", "drawn", "--size", "original", "--to", "Blond")
    status, _, errors = translate(
        capsys, "--model", model, *flags, path, "--output", output
    )
    assert status == 0, errors
    with Image.open(path) as before, Image.open(output) as after:
        before = np.asarray(before.convert("RGB")).astype(int)
        after = np.asarray(after).astype(int)
    changed = np.abs(after - before).max(axis=-1)
    # A turned square of 256 · 0.6 pixels around the face, and nothing beyond it.
    rows, columns = np.nonzero(changed)
    diagonal = 256 * 0.6 * np.sqrt(2)
    assert 100 < np.ptp(rows) < diagonal and 100 < np.ptp(columns) < diagonal
    assert changed.max() > 30
    # The edge is soft: the outermost pixels that change do so by little.
    assert changed[rows.min()].max() < 30 and changed[:, columns.max()].max() < 30


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--landmarks", "drawn"], "--landmarks is for --align"),
        (["--align"], "tiny has no landmark network"),
        (["--align", "--landmarks", "draw"], "no landmark provider 'draw'. .*drawn"),
        (["--align", "--landmarks", "drawn", "--fit", "crop"], "Drop --fit"),
    ],
)
def test_flags_that_do_not_fit_together(capsys, model, photo, tmp_path, flags, message):
    path = photo("one.png", FACE)
    output = tmp_path / "out.png"
    status, _, errors = translate(
        capsys, "--model", model, *flags, "--to", "Blond", path, "--output", output
    )
    assert status == 2 and errors.count("\n") == 1 and not output.exists()
    assert re.search(message, errors), errors


def test_a_model_brings_its_own_landmarks(capsys, model, photo, tmp_path):
    run_folder = tmp_path / "run"
    shutil.copytree(model, run_folder)
    network().save(run_folder / LANDMARKS_FILE)
    output = tmp_path / "out.png"
    flags = ("--align", "--to", "Blond", photo("one.png", FACE), "--output", output)
    status, _, errors = translate(capsys, "--model", run_folder, *flags)
    assert status == 0, errors
    assert output.exists()
