"""`stargan-tf translate` with a StarGAN v2 model; bad input without opening one."""

import math
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

import keras
import numpy as np
import pytest
from PIL import Image

from stargan_tf.cli.main import main
from stargan_tf.cli.model_flags import check_masks
from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.labels import LabelSpace
from stargan_tf.errors import InputError
from stargan_tf.steering.style_files import save_styles
from stargan_tf.training import checkpoints

# Keras 3 on NumPy 2.4, whenever a variable is saved.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't")

ROOT = Path(__file__).parents[2]
SIZE = 64
ANIMALS = DatasetInfo("animals", ("cat", "dog", "fox"), "one_hot", SIZE)
FACES = DatasetInfo("faces", ("Blond", "Male"), "binary", SIZE)


class Hollow:
    """A model that is saved and never opened."""

    info, style_dim, family = ANIMALS, 4, "stargan_v2"

    def save(self, path):
        path.write_bytes(b"")


def save(model, run, family, info):
    datasets = LabelSpace([info]).to_list()
    state = checkpoints.State(3, family, datasets, [1], {})
    checkpoints.save(run / "checkpoints", model, state, keep=1)
    return run


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The run folder of a tiny StarGAN v2, and the model."""
    from stargan_tf.models.stargan_v2.model import StarGANV2

    sizes = {"style_dim": 4, "latent_dim": 3, "hidden_dim": 16}
    keras.utils.set_random_seed(1)
    model = StarGANV2(ANIMALS, **sizes, base_filters=2, max_filters=4)
    model.compile()
    return save(model, tmp_path_factory.mktemp("run"), "stargan_v2", ANIMALS), model


@pytest.fixture
def photos(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("in/a.png", "in/sub/b.jpg", "refs/cat/c.png", "refs/fox/d.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (SIZE, SIZE, 3), np.uint8)).save(path)
    return tmp_path


def translate(run, *arguments):
    # It sets TensorFlow's log level, which processes of other tests would inherit.
    with mock.patch.dict(os.environ):
        return main(["translate", "--model", str(run), *map(str, arguments)])


def read(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def files(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.*"))


def test_a_folder_in_one_style_as_a_user_does(trained, photos):
    command = [sys.executable, "-m", "stargan_tf.cli.main", "translate"]
    flags = ["--model", trained[0], "--to=cat", "--seed=7", "--truncation=0.7"]
    done = subprocess.run(
        [*command, *map(str, flags), "in", "--output=out"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "-1"},
        cwd=photos,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Wrote 2 images to out\n"
    assert files(photos / "out") == ["a.png", "manifest.jsonl", "sub/b.jpg"]
    image = read(photos / "in" / "a.png")[None]
    ours = trained[1].translate(image, "cat", seed=7, truncation=0.7)[0]
    difference = np.abs(read(photos / "out" / "a.png").astype(int) - ours)
    assert difference.max() <= 1


def test_a_style_half_way_from_the_input_s_own(trained, photos):
    run, model = trained
    flags = ["--to=dog:0.5", "--from=cat", "--seed=7", photos / "in/a.png"]
    assert translate(run, *flags, "--output", photos / "x.png") == 0
    image = read(photos / "in/a.png")[None]
    ours = model.translate(image, "dog:0.5", seed=7, source="cat")[0]
    assert np.abs(read(photos / "x.png").astype(int) - ours).max() <= 1


def test_several_styles_are_named_by_their_seeds(trained, photos, capsys):
    flags = ["--to=dog", "--seed=3", "--styles=2", photos / "in/a.png"]
    assert translate(trained[0], *flags, "--output", photos / "out/x.png") == 0
    assert files(photos / "out") == ["x_dog_seed3.png", "x_dog_seed4.png"]
    assert capsys.readouterr().out == f"Wrote 2 images to {photos / 'out'}\n"


def test_a_style_computed_once_serves_again(trained, photos):
    run, style = trained[0], photos / "styles" / "c.npz"
    take = ["--to=cat", "--reference", photos / "refs/cat/c.png"]
    assert translate(run, *take, "--save_style", style) == 0
    assert files(photos / "styles") == ["c.npz"]
    source = photos / "in/a.png"
    assert translate(run, *take, source, "--output", photos / "1.png") == 0
    assert (
        translate(run, "--style_file", style, source, "--output", photos / "2.png") == 0
    )
    np.testing.assert_array_equal(read(photos / "1.png"), read(photos / "2.png"))


def test_grids_and_strips(trained, photos):
    shapes = {}
    for name, flags in {
        "all": ["--all", "--styles=2"],
        "reference": ["--all", "--reference", photos / "refs"],
        "strip": ["--to=fox", "--strip=5"],
    }.items():
        flags = [*flags, photos / "in", "--output", photos / f"{name}.png"]
        assert translate(trained[0], *flags) == 0
        shapes[name] = read(photos / f"{name}.png").shape
    columns = {name: shape[1] // 130 for name, shape in shapes.items()}
    assert columns == {"all": 7, "reference": 3, "strip": 6}
    rows = {name: shape[0] // 130 for name, shape in shapes.items()}
    assert rows == {"all": 2, "reference": 3, "strip": 2}


def test_a_film_of_two_pictures_between_references(trained, photos, capsys):
    film = photos / "films" / "f.webp"
    refs = ["--reference", photos / "refs/cat", "--reference", photos / "refs/fox"]
    flags = ["--video", "--output", film, "--frames=6", "--fps=10", photos / "in"]
    assert translate(trained[0], *refs, *flags) == 0
    assert capsys.readouterr().out == f"Wrote {film}\n"
    with Image.open(film) as opened:
        assert (opened.n_frames, opened.size) == (6, (2 * SIZE + 4, SIZE))


OUT = ["IN", "--output", "OUT"]
GIF = ["IN", "--output", "OUT.gif"]
REFERENCE = ["--reference", "REFS/cat/c.png"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (OUT, "Pass --to DOMAIN, or --all"),
        (["--to=cat", "--all", *OUT], "either --to DOMAIN or --all"),
        (["--to=cta", *OUT], "Did you mean cat"),
        (["--to", "-cat", *OUT], "must name the domain of 'animals'"),
        (["--to=cat,dog", *OUT], "'cat' and 'dog' exclude each other"),
        (["--to=cat", "--from=dog", *OUT], "Received: only --from dog"),
        (["--to=cat:0.5", *OUT], "Received: only --to cat:0.5"),
        (["--to=cat:0.5", "--from=cow", *OUT], "no domain 'cow'"),
        (["--to=cat:0.5", "--from=fox", "--film=OUT.gif", "IN"], "Remove --from"),
        (["--to=cat", "--mask=animals", *OUT], "is a style model. Drop the flag."),
        (["--to=cat", "IN"], "--output is missing"),
        (["--to=cat", "--output", "OUT"], "No INPUT"),
        (["--to=cat", "--seed=1", *REFERENCE, *OUT], "--seed and --reference"),
        (["--to=cat", "--truncation=0.7", *REFERENCE, *OUT], "--truncation and --ref"),
        (
            ["--to=cat", "--style_file=STYLE", *REFERENCE, *OUT],
            "--reference and --style_file",
        ),
        (["--to=cat", "--seed=-1", *OUT], "--seed"),
        (["--to=cat", "--truncation=1.5", *OUT], "--truncation"),
        (["--all", "--styles=100", *OUT], "At most 200 targets"),
        (["--to=cat", "--reference=gone.png", *OUT], "no reference 'gone.png'"),
        (["--to=cat", "--reference=BROKEN", *OUT], "broken.png"),
        (["--reference", "IN/a.png", *OUT], "the reference"),
        (["--style_file=OTHER", *OUT], "Expected styles of a stargan_v2 model"),
        (["--style_file=BROKEN", *OUT], "Cannot read the style file"),
        (["--to=dog", "--style_file=STYLE", *OUT], "styles of cat only"),
        (["--to=cat", "--save_style=OUT.npy"], "must end in .npz"),
        (["--to=cat", "--save_style=IN"], "must end in .npz"),
        (["--to=cat", "--grid", "--strip=3", *OUT], "Received: --grid and --strip"),
        (
            ["--all", "--video", "IN", "--output=OUT.gif"],
            "Received: --all and --video",
        ),
        (["--to=cat", "--frames=9", *OUT], "--frames applies only to --video"),
        (["--to=cat", "--video", "IN"], "--output is missing"),
        (["--to=cat", "--video", *OUT], "must end in one of .gif"),
        (["--to=cat", "--video", "IN", "--output=OUT.avi"], "must end in one of .gif"),
        (["--to=cat", "--video", *GIF, "--fps=99"], "fps must be from 1 to 50"),
        (["--to=cat", "--video", *GIF, "--styles=1"], "at least two"),
        (["--to=cat", *REFERENCE, "--strip=4", *OUT], "Repeat --reference"),
        (["--to=cat", "--video", "IN", "--output=FILM.gif"], "Received: the folder"),
        (["--to=cat", "--fit=keep", *OUT], "--fit crop or stretch"),
        (["--to=cat", "--fit=keep", "--crop_size=9", *OUT], "--fit crop or stretch"),
        (["--all", "--size=original", *OUT], "Received: --size original. Remove"),
        (["--to=cat", "IN", "--output", "IN", "--overwrite"], "another folder"),
        (["--to=cat", "--save_style=OUT.npz", "--strip=5"], "--strip needs an INPUT"),
        (["--to=cat", "IN/a.png", "--output=BROKEN"], "exists already"),
        (["--all", "IN/a.png", "--output=BROKEN"], "exists already"),
        (["--to=cat", *REFERENCE, "--save_style=STYLE"], "exists already"),
        (
            ["--to=cat", *REFERENCE, "IN/a.png", "--output", "REFS/cat/c.png"],
            "never overwritten",
        ),
        (
            ["--to=cat", *REFERENCE, "--grid", "IN", "--output", "REFS/cat/c.png"],
            "never overwritten",
        ),
        (["--to=cat", "--styles=2", "IN", "--output=OUT.png"], "must be a folder"),
    ],
)
def test_bad_input_is_one_line_before_anything_is_written(
    photos, capsys, arguments, message
):
    run = save(Hollow(), photos / "run", "stargan_v2", ANIMALS)
    (photos / "broken.png").write_bytes(b"junk")
    (photos / "film.gif").mkdir()
    save_styles(photos / "style.npz", np.ones((1, 4)), "cat", Hollow())
    other = Hollow()
    other.info = DatasetInfo("animals", ("cat", "dog"), "one_hot", SIZE)
    save_styles(photos / "other.npz", np.ones((1, 4)), "cat", other)
    for name in ("IN", "REFS", "OUT", "STYLE", "OTHER", "BROKEN", "FILM"):
        suffix = {"STYLE": ".npz", "OTHER": ".npz", "BROKEN": ".png"}.get(name, "")
        place = str(photos / f"{name.lower()}{suffix}")
        arguments = [text.replace(name, place) for text in arguments]
    before = files(photos)
    assert translate(run, *arguments) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert files(photos) == before


@pytest.mark.parametrize(
    "flag", ["--seed=7", "--reference=b.png", "--truncation=0.7", "--video"]
)
def test_flags_of_the_second_version_on_a_model_of_the_first(photos, capsys, flag):
    run = save(Hollow(), photos / "run", "stargan", FACES)
    out = ["--to=Male", photos / "in", "--output", photos / "out"]
    assert translate(run, flag, *out) == 2
    error = capsys.readouterr().err
    assert f"{flag.split('=')[0]} is for style models" in error
    assert error.count("\n") == 1 and not (photos / "out").exists()


def test_a_style_file_of_another_width_is_found_before_writing(trained, photos, capsys):
    wide = Hollow()
    wide.style_dim = 5
    save_styles(photos / "wide.npz", np.ones((1, 5)), "cat", wide)
    out = [
        "--style_file",
        photos / "wide.npz",
        photos / "in",
        "--output",
        photos / "out",
    ]
    assert translate(trained[0], *out) == 2
    error = capsys.readouterr().err
    assert "must be 4 wide" in error and error.count("\n") == 1
    assert not (photos / "out").exists()


def test_mp4_without_ffmpeg_is_one_line(photos, capsys, monkeypatch):
    monkeypatch.setattr(
        "stargan_tf.translation.interpolation.find_spec", lambda name: None
    )
    run = save(Hollow(), photos / "run", "stargan_v2", ANIMALS)
    film = ["--to=cat", "--video", "--output", photos / "f.mp4", photos / "in/a.png"]
    assert translate(run, *film) == 2
    assert "pip install 'stargan_tf[video]'" in capsys.readouterr().err


def test_unreadable_inputs_are_reported_and_the_rest_goes_on(trained, photos, capsys):
    (photos / "in" / "broken.png").write_bytes(b"")
    film = photos / "f.gif"
    flags = ["--to=cat", "--video", "--output", film, "--frames=2", photos / "in"]
    assert translate(trained[0], *flags) == 2
    assert "1 of 3 images could not be read" in capsys.readouterr().err
    assert film.exists()


class Skipping:
    """A model with or without high-pass skips and masks for them."""

    def __init__(self, high_pass, mask_provider=None):
        self.high_pass, self.mask_provider = high_pass, mask_provider


def test_high_pass_models_need_masks_and_others_take_none():
    check_masks("math:floor", Skipping(1.0, math.floor))
    check_masks(None, Skipping(0.0))
    for model, name, message in (
        (Skipping(1.0), None, "Pass --mask_provider NAME"),
        (Skipping(0.0), "math:floor", "no high-pass skips.*Drop --mask_provider"),
    ):
        with pytest.raises(InputError, match=message):
            check_masks(name, model)
