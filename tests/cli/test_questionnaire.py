"""`stargan-tf questionnaire`, with tiny models; mistakes without opening one."""

import json
import os
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from PIL import Image

from stargan_tf.cli.main import main
from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.labels import LabelSpace
from stargan_tf.training import checkpoints

# Keras 3 on NumPy 2.4, whenever a variable is saved.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't")

HAIR = ("Black_Hair", "Blond_Hair")
FACES = DatasetInfo("faces", (*HAIR, "Male"), "binary", 16, (HAIR,))
PEOPLE = DatasetInfo("people", ("man", "woman"), "one_hot", 64)


class Hollow:
    """A model that is saved and never opened."""

    def save(self, path):
        path.write_bytes(b"")


def save(model, run, family, info):
    datasets = LabelSpace([info]).to_list()
    state = checkpoints.State(3, family, datasets, [1], {})
    checkpoints.save(run / "checkpoints", model, state, keep=1)
    return run


@pytest.fixture(scope="module")
def label_runs(tmp_path_factory):
    """Two runs of tiny label models."""
    import keras

    from stargan_tf.models.stargan.model import StarGAN

    folder = tmp_path_factory.mktemp("runs")
    sizes = {"base_filters": 4, "num_residual_blocks": 1}
    sizes |= {"discriminator_filters": 4, "discriminator_layers": 2}
    for seed, name in enumerate(("a", "b")):
        keras.utils.set_random_seed(seed)
        model = StarGAN(FACES, **sizes)
        model.compile()
        save(model, folder / name, "stargan", FACES)
    return folder


@pytest.fixture(scope="module")
def style_runs(tmp_path_factory):
    """Two runs of tiny style models."""
    import keras

    from stargan_tf.models.stargan_v2.model import StarGANV2

    folder = tmp_path_factory.mktemp("styled")
    sizes = {"style_dim": 4, "latent_dim": 3, "hidden_dim": 16}
    for seed, name in enumerate(("s", "t"), 1):
        keras.utils.set_random_seed(seed)
        model = StarGANV2(PEOPLE, **sizes, base_filters=2, max_filters=4)
        model.compile()
        save(model, folder / name, "stargan_v2", PEOPLE)
    return folder


@pytest.fixture
def photos(tmp_path):
    """Two photographs, one of them with its middle at one side; and a reference."""
    rng = np.random.default_rng(0)
    for name, shape in (
        ("in/a.png", (40, 60, 3)),
        ("in/sub/a.png", (70, 64, 3)),
        ("reference.png", (90, 64, 3)),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, shape, np.uint8)).save(path)
    return tmp_path


@pytest.fixture
def hollow(tmp_path):
    """Runs whose models are never opened: the user's mistake comes first."""
    save(Hollow(), tmp_path / "one", "stargan", FACES)
    save(Hollow(), tmp_path / "two", "stargan", FACES)
    save(Hollow(), tmp_path / "styled", "stargan_v2", PEOPLE)
    return tmp_path


def run(*arguments):
    # It sets TensorFlow's log level, which processes of other tests would inherit.
    with mock.patch.dict(os.environ):
        return main(list(map(str, arguments)))


def read(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def test_the_options_are_what_translate_draws(label_runs, photos, capsys):
    a, b = label_runs / "a", label_runs / "b"
    page = photos / "page"
    flags = ["--to", "Blond_Hair;-Male,Black_Hair:0.5", "--output", page]
    assert run("questionnaire", "--models", f"{a},{b}", photos / "in", *flags) == 0
    assert "Wrote 6 questions to" in capsys.readouterr().out
    for number, target in enumerate(("Blond_Hair", "-Male,Black_Hair:0.5")):
        for model in (a, b):
            folder = photos / f"{model.name}{number}"
            flags = ["--model", model, "--to", target, "--output", folder]
            assert run("translate", *flags, photos / "in") == 0
    key = json.loads((page / "questionnaire.json").read_text())
    assert list(key["models"]) == ["a", "b"]
    assert key["models"]["a"]["model"] == str(a)
    real = [entry for entry in key["questions"] if "right" not in entry]
    assert len(real) == 4
    for entry in real:
        number = int(entry["target"] != "Blond_Hair")
        assert read(page / f"pictures/{entry['id']}.png").shape == (16, 16, 3)
        for name, model in entry["options"].items():
            drawn = read(photos / f"{model}{number}" / entry["image"])
            np.testing.assert_array_equal(read(page / f"pictures/{name}.png"), drawn)
    text = (page / "index.html").read_text()
    assert "not Male, Black Hair (50%)" in text


def test_styles_by_reference_and_by_seed(style_runs, photos):
    s, t = style_runs / "s", style_runs / "t"
    page, reference = photos / "page", photos / "reference.png"
    command = ["questionnaire", "--models", f"{s},{t}", photos / "in", "--to", "woman"]
    flags = ["--reference", reference, "--question", "style", "--output", page]
    assert run(*command, *flags) == 0
    flags = ["--to=woman", "--reference", reference, "--output", photos / "drawn"]
    assert run("translate", "--model", s, *flags, photos / "in") == 0
    key = json.loads((page / "questionnaire.json").read_text())
    assert len(key["questions"]) == 4 and key["question"] == "style"
    for entry in key["questions"]:
        assert entry["reference"] == "reference.png"
        options = {model: name for name, model in entry["options"].items()}
        if "right" not in entry:
            found = read(page / f"pictures/{options['s']}.png")
            np.testing.assert_array_equal(
                found, read(photos / "drawn" / entry["image"])
            )
    assert run(*command, "--seed=5", "--output", page, "--overwrite") == 0
    flags = ["--to=woman", "--seed=5", photos / "in", "--output", photos / "seed"]
    assert run("translate", "--model", t, *flags) == 0
    for entry in json.loads((page / "questionnaire.json").read_text())["questions"]:
        options = {model: name for name, model in entry["options"].items()}
        if "right" not in entry:
            found = read(page / f"pictures/{options['t']}.png")
            np.testing.assert_array_equal(found, read(photos / "seed" / entry["image"]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--models is missing. Usage: stargan-tf questionnaire --models"),
        (["--models=one,two", "in"], "--to is missing"),
        (["--models=one,two", "in", "--to=Male"], "--output is missing"),
        (
            ["--models=one,two", "--to=Male", "--output=o"],
            "Expected images to translate",
        ),
        (["--models=one", "in", "--to=Male", "--output=o"], "2 to 9 models"),
        (
            ["--models=one,one", "in", "--to=Male", "--output=o"],
            "Pass each path only once",
        ),
        (["--models=one,no", "in", "--to=Male", "--output=o"], "no"),
        (["--models=one,two", "gone", "--to=Male", "--output=o"], "no input 'gone'"),
        (["--models=one,two", "in", "--to=Mole", "--output=o"], "Did you mean Male"),
        (["--models=one,two", "in", "--to=;", "--output=o"], "names no target"),
        (["--models=one,two", "in", "--to=Male", "--output=in"], "exists already"),
        (
            ["--models=one,two", "in", "--to=Male", "--output=in", "--overwrite"],
            "output of the same command",
        ),
        (["--models=one,styled", "in", "--to=Male", "--output=o"], "woman"),
        (
            ["--models=one,two", "in", "--to=Male", "--output=o", "--reference=r.png"],
            "--reference needs a style model",
        ),
        (
            ["--models=one,two", "in", "--to=Male", "--output=o", "--question=style"],
            "needs a --reference",
        ),
        (
            ["--models=one,two", "in", "--to=Male", "--output=o", "--key=k"],
            "--key cannot be used without --collect",
        ),
        (["--models=one,two", "broken.png", "--to=Male", "--output=o"], "broken.png"),
        (["--collect", "votes.csv"], "--key is missing"),
        (["--collect", "--key=k.json"], "Expected files of votes"),
        (
            ["--collect", "votes.csv", "--key=k.json", "--to=Male"],
            "--to cannot be used with --collect",
        ),
        (["--collect", "votes.csv", "--key=k.json"], "k.json is not a key"),
        (["--collect", "v.csv", "--key=k.json", "--output=o.txt"], "end in one of"),
    ],
)
def test_a_mistake_is_one_line(hollow, photos, capsys, monkeypatch, arguments, message):
    monkeypatch.chdir(hollow)
    Path("broken.png").write_bytes(b"\x89PNG")
    before = sorted(hollow.rglob("*"))
    assert run("questionnaire", *arguments) == 2
    output = capsys.readouterr()
    assert output.err.count("\n") == 1 and message in output.err, output.err
    assert not output.out and sorted(hollow.rglob("*")) == before


def test_models_of_measured_images_are_refused(hollow, photos, capsys, monkeypatch):
    from dataclasses import replace

    from stargan_tf.data.intensity import Intensity

    monkeypatch.chdir(hollow)
    window = Intensity((0.0,), (800.0,))
    scans = replace(FACES, num_channels=1, intensity=window)
    save(Hollow(), hollow / "scans", "stargan", scans)
    flags = ["--to", "Male", "--output", "o"]
    assert run("questionnaire", "--models=one,scans", "in", *flags) == 2
    assert "a model of measured images, scans" in capsys.readouterr().err


def test_votes_are_counted_and_kept(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = {f"{n}": name for n, name in enumerate(("a", "b"))}
    key = {
        "format": 1,
        "models": {"a": {}, "b": {}},
        "questions": [
            {"id": "x", "target": "Male", "options": options},
            {
                "id": "y",
                "target": "Male",
                "options": {"0": None, "1": None},
                "right": "0",
            },
        ],
    }
    Path("key.json").write_text(json.dumps(key))
    head = "rater,question,choice,seconds\n"
    Path("1.csv").write_text(f"{head}ann,x,1,2.5\nann,y,0,1.5\n")
    Path("2.csv").write_text(f"{head}bob,x,0,0.5\nbob,y,1,0.5\n")
    command = ["questionnaire", "--collect", "1.csv", "2.csv", "--key", "key.json"]
    assert run(*command, "--output", "shares.json") == 0
    output = capsys.readouterr().out
    assert "all targets" in output and "Excluded" in output and "1 (bob)" in output
    record = json.loads(Path("shares.json").read_text())
    assert record["results"][0]["models"]["b"]["share"] == 1.0
    assert run(*command, "--output", "shares.json") == 2
    assert "exists already" in capsys.readouterr().err
    assert run(*command, "--allow=1", "--output", "shares.csv") == 0
    assert "\nMale,a,1,0.5," in Path("shares.csv").read_text().replace("\r\n", "\n")
