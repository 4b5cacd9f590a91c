"""`stargan-tf align` and `translate --align`, with a provider of drawn faces."""

import sys

import numpy as np
import pytest
from PIL import Image

from stargan_tf import discovery
from stargan_tf.cli import main
from stargan_tf.data import files
from stargan_tf.data.info import DatasetInfo
from stargan_tf.discovery import LANDMARKS
from stargan_tf.faces import align
from stargan_tf.faces.providers import NetworkProvider
from stargan_tf.training.run_folder import LANDMARKS_FILE
from tests.cli.test_translate import save
from tests.faces import drawn
from tests.faces.landmark_golden import network

# Keras 3 on NumPy 2.4, whenever a variable is saved.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't")


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


def run(capsys, *arguments, command="align"):
    """(status, stdout, stderr) of a command in this process."""
    status = main.main([command, *map(str, arguments)])
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


def test_exif_transparency_and_cmyk(capsys, photo, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    turned = drawn.photo((300, 400))
    drawn.draw(turned, drawn.placed(0.6, 15, 120, 40))
    path = tmp_path / "photos/turned.png"
    path.parent.mkdir()
    turned.rotate(90, expand=True).save(path, exif=exif)
    photo("transparent.png", FACE, mode="RGBA")
    photo("print.tif", FACE, mode="CMYK")
    status, _, errors = run(
        capsys, "--landmarks=drawn", path.parent, "--output", tmp_path / "out"
    )
    assert (status, errors) == (0, "")
    assert names(tmp_path / "out") == ["print.png", "transparent.png", "turned.png"]
    assert all(is_aligned(path) for path in (tmp_path / "out").iterdir())


@pytest.mark.parametrize("mode", ["L", "P", "I;16"])
def test_gray_photos_and_palettes(capsys, monkeypatch, photo, tmp_path, mode):
    """Their colors do not show the marks by which drawn faces are found."""
    points = align.apply(FACE, drawn.SHAPE)[None]
    monkeypatch.setattr(drawn.Drawn, "find", lambda self, image: points)
    path = photo("a.png", FACE, mode="L" if mode == "I;16" else mode)
    if mode == "I;16":
        with Image.open(path) as image:
            values = np.asarray(image).astype(np.uint16) * 257
        Image.fromarray(values).save(path)
    output = tmp_path / "face.png"
    assert run(capsys, "--landmarks=drawn", path, "--output", output)[0] == 0
    assert is_aligned(output)
    with Image.open(output) as image:
        assert image.mode == "RGB"


SMALLER = drawn.placed(0.45, -10, 10, 40)


def test_of_several_faces_the_largest_is_taken_and_said(
    capsys, caplog, photo, tmp_path
):
    path = photo("a.png", SMALLER, FACE)
    arguments = ("--landmarks=drawn", path, "--output", tmp_path / "out/")
    assert run(capsys, *arguments)[0] == 0
    (line,) = caplog.messages
    left, top = np.floor(align.apply(FACE, drawn.SHAPE).min(axis=0)).astype(int)
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
    assert "1 of 2 images could not be read. The first: " in line
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
        (["PHOTO", "--landmarks=drawn", "--output=x.gif"], "must end in one of"),
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
    assert "No face was found in any of 2 images. Give photos" in last


def test_a_network_without_tensorflow_s_chatter(capsys, photo, tmp_path):
    """The authors' network finds something in any photo."""
    network().save(tmp_path / "landmarks.keras")
    path = photo("a.png", FACE)
    landmarks = ("--landmarks", tmp_path / "landmarks.keras")
    status, _, errors = run(capsys, *landmarks, path, "--output", tmp_path / "a.png")
    assert status in (0, 2) and errors.count("\n") <= 1
    assert align.MEAN_SHAPE.is_file()


# === translate --align ===

SIDE = 32


def trained(folder, image_size=SIDE, num_channels=3):
    """The run folder of a small model with random weights."""
    from stargan_tf.models.stargan.model import StarGAN

    shape = {"image_size": image_size, "num_channels": num_channels}
    info = DatasetInfo("faces", ("Male", "Young"), "binary", **shape)
    sizes = {"base_filters": 4, "num_residual_blocks": 1}
    critic = {"discriminator_filters": 4, "discriminator_layers": 2}
    model = StarGAN(info, **sizes, **critic)
    model.compile()
    return save(model, folder, info)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("model"))


def translate(capsys, model, *arguments):
    flags = ("--model", model, "--to=Male", "--align", *arguments)
    return run(capsys, *flags, command="translate")


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image).astype(int)


def test_translate_aligns_on_the_way(capsys, model, photo, tmp_path):
    """It gives what the two commands give one after the other."""
    path, crop = photo("a.png", FACE), tmp_path / "crop.png"
    arguments = ("--landmarks=drawn", path, "--image_size", SIDE, "--output", crop)
    assert run(capsys, *arguments)[0] == 0
    expected, output = tmp_path / "expected.png", tmp_path / "output.png"
    flags = ("--model", model, "--to=Male", crop, "--output", expected)
    assert run(capsys, *flags, command="translate")[0] == 0
    flags = ("--landmarks=drawn", path, "--output", output)
    assert translate(capsys, model, *flags) == (0, f"Wrote {output}\n", "")
    np.testing.assert_array_equal(pixels(output), pixels(expected))


@pytest.mark.parametrize("num_channels", [3, 1])
def test_the_face_goes_back_into_the_photo(
    capsys, model, photo, tmp_path, num_channels
):
    path, output = photo("a.png", FACE), tmp_path / "output.png"
    before = pixels(path)
    (points,) = drawn.DRAWN.find(before)
    if num_channels == 1:
        model = trained(tmp_path / "gray", num_channels=1)
        with Image.open(path) as image:
            before = np.asarray(image.convert("L")).astype(int)
    flags = ("--landmarks=drawn", path, "--size=original", "--output", output)
    assert translate(capsys, model, *flags)[0] == 0
    after = pixels(output)
    assert after.shape == before.shape
    x, y = np.meshgrid(np.arange(400), np.arange(300))
    matrix = align.similarity(points, drawn.SHAPE)
    places = align.apply(matrix, np.stack([x, y], axis=-1).astype(float))
    outside = ((places < 0) | (places > 255)).any(axis=-1)
    inside = ((places > 20) & (places < 235)).all(axis=-1)
    np.testing.assert_array_equal(after[outside], before[outside])
    assert np.abs(after - before)[inside].mean() > 10
    # The border is soft: the outermost pixels are nearly those of the photo.
    edge = ~outside & ((places < 4) | (places > 251)).any(axis=-1)
    change = np.abs(after - before)
    assert edge.sum() > 500 and change[edge].max() < 20


def test_photos_without_a_face_are_left_out(capsys, model, photo, tmp_path):
    photo("a.png", FACE)
    photo("b.png")
    photo("c.png", SMALLER, FACE)
    (tmp_path / "photos/d.png").write_bytes(b"")
    out = tmp_path / "out"
    flags = ("--landmarks=drawn", tmp_path / "photos", "--output", out)
    status, output, errors = translate(capsys, model, *flags)
    assert (status, output) == (2, f"Wrote 2 images to {out}\n")
    assert names(out) == ["a.png", "c.png", "manifest.jsonl"]
    faceless, summary = errors.splitlines()
    assert faceless.endswith("b.png: no face was found. It is left out.")
    assert "1 of 4 images could not be read. The first: " in summary
    assert summary.endswith("1 of 4 images show no face.")
    assert "b.png: no face was found" in (out / "manifest.jsonl").read_text()


def test_the_model_s_own_landmarks(capsys, monkeypatch, photo, tmp_path):
    folder = trained(tmp_path / "model")
    network().save(folder / LANDMARKS_FILE)
    points = align.apply(FACE, drawn.SHAPE)[None]
    for provider in (NetworkProvider, drawn.Drawn):
        monkeypatch.setattr(provider, "find", lambda self, image: points)
    path, out = photo("a.png", FACE), tmp_path / "out.png"
    assert translate(capsys, folder, path, "--output", out)[0] == 0
    own = pixels(out)
    # By the name of the model, too; and another provider in its place.
    flags = ("--landmarks", folder, path, "--output", tmp_path / "crop.png")
    assert run(capsys, *flags)[0] == 0
    assert is_aligned(tmp_path / "crop.png")
    flags = (path, "--output", out, "--overwrite", "--landmarks=drawn")
    assert translate(capsys, folder, *flags)[0] == 0
    np.testing.assert_array_equal(pixels(out), own)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--align"], "--align needs landmarks, and "),
        (["--align", "--landmarks=drown"], "Did you mean drawn?"),
        (["--landmarks=drawn"], "--landmarks is for --align. Add it"),
        (["--align", "--landmarks=drawn", "--fit=crop"], "Received: --fit, too."),
        (["--align", "--landmarks=drawn", "--crop_size=9"], "--crop_size, too."),
        (["--align", "--landmarks=drawn"], "photo.png: no face was found."),
    ],
)
def test_what_translate_refuses_is_one_line(
    capsys, model, photo, tmp_path, arguments, message
):
    out = tmp_path / "out"
    flags = ("--model", model, "--to=Male", photo("photo.png"), "--output", out)
    status, output, errors = run(capsys, *flags, *arguments, command="translate")
    assert (status, output) == (2, "")
    assert errors.count("\n") == 1 and message in errors
    assert not out.exists()


def test_a_model_of_other_images_than_squares(capsys, photo, tmp_path):
    folder = trained(tmp_path / "wide", image_size=(32, 48))
    flags = ("--landmarks=drawn", photo("a.png", FACE), "--output", tmp_path / "b.png")
    status, _, errors = translate(capsys, folder, *flags)
    assert status == 2 and errors.count("\n") == 1
    assert "for a model of images of 32 x 48 px" in errors
