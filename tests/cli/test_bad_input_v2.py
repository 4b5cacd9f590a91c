"""What users get wrong with StarGAN v2: one line, exit status 2, and no file."""

import numpy as np
import pytest
from PIL import Image

from stargan_tf.cli.main import main
from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.labels import LabelSpace
from stargan_tf.steering.style_files import save_styles
from stargan_tf.training import checkpoints

# Keras 3 on NumPy 2.4, whenever a variable is saved.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't")

SIZE = 64
PETS = DatasetInfo("pets", ("cat", "dog"), "one_hot", SIZE)
FACES = DatasetInfo("faces", ("Blond", "Male"), "binary", SIZE)
V2 = ["train", "--family=stargan_v2", "--dataset=folder", "--run=new"]
V1 = ["train", "--family=stargan", "--dataset=folder", "--data_dir=pets", "--run=new"]
TO_CAT = ["translate", "--model=run_v2", "--to=cat", "pets/cat/0.png", "--output=new"]
TO_MALE = ["translate", "--model=run_v1", "--to=Male", "pets/cat/0.png", "--output=new"]
BY_STYLE = ["translate", "--style_file=wide.npz", "pets/cat/0.png", "--output=new"]


class Hollow:
    """A model that is saved and never opened."""

    info, style_dim, family = PETS, 5, "stargan_v2"

    def save(self, path):
        path.write_bytes(b"")


def save(model, run, family, info):
    state = checkpoints.State(3, family, LabelSpace([info]).to_list(), [1], {})
    checkpoints.save(run / "checkpoints", model, state, keep=1)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Folders of pictures, and model folders that need not be opened."""
    place = tmp_path_factory.mktemp("bad")
    rng = np.random.default_rng(0)
    sets = {"pets": (4, 4), "few": (4, 1), "none": (4, 0), "heic": (4, 0)}
    for folder, counts in sets.items():
        for domain, count in zip(PETS.domains, counts, strict=True):
            (place / folder / domain).mkdir(parents=True)
            for number in range(count):
                pixels = rng.integers(0, 255, (SIZE, SIZE, 3), np.uint8)
                path = place / folder / domain / f"{number}.png"
                Image.fromarray(pixels).save(path)
    (place / "heic" / "dog" / "0.heic").touch()
    (place / "broken.png").write_bytes(b"junk")
    save(Hollow(), place / "run_v2", "stargan_v2", PETS)
    save(Hollow(), place / "run_v1", "stargan", FACES)
    save_styles(place / "wide.npz", np.ones((1, 5)), "cat", Hollow())
    return place


@pytest.fixture
def check(place, monkeypatch, capsys):
    """Runs a command that fails with a message: (arguments, message)."""
    monkeypatch.chdir(place)
    monkeypatch.setenv("STARGAN_TF_CACHE", str(place.parent / "cache"))

    def run(arguments, message):
        before = sorted(place.rglob("*"))
        status, errors = main(arguments), capsys.readouterr().err
        assert status == 2, errors
        assert message in errors and errors.count("\n") == 1
        assert sorted(place.rglob("*")) == before

    return run


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([*V2, "--data_dir=heic"], "The domain 'dog' has no image"),
        ([*V2, "--data_dir=few", f"--image_size={SIZE}"], "'dog' has 1. Add images"),
        ([*V2, "--data_dir=pets", "--image_size=32"], "have 64 to 1024 pixels"),
        ([*V2, "--data_dir=pets", "--critic_steps=5"], "critic_steps is an option of"),
        ([*V1, "--style_dim=64"], "style_dim is an option of stargan_v2 models"),
        ([*TO_CAT, "--reference=none/dog"], "none/dog' contains no image"),
        ([*TO_CAT, "--reference=gone.png"], "There is no reference 'gone.png'"),
        ([*TO_CAT, "--reference=broken.png"], "Cannot read the image broken.png"),
        (
            [*TO_CAT, "--reference=pets/cat/1.png", "--seed=7"],
            "Received: --seed and --reference",
        ),
        ([*TO_CAT, "--from=dog"], "Received: only --from dog"),
        ([*TO_MALE, "--seed=7"], "--seed is for style models"),
        ([*TO_MALE, "--reference=pets/cat/1.png"], "--reference is for style models"),
    ],
)
def test_it_is_told_before_anything_is_written(check, arguments, message):
    check(arguments, message)


def test_styles_of_another_width(check, tmp_path):
    from stargan_tf.models.stargan_v2.model import StarGANV2

    sizes = {"style_dim": 4, "latent_dim": 3, "hidden_dim": 5}
    model = StarGANV2(PETS, **sizes, base_filters=2, max_filters=4)
    save(model, tmp_path / "run", "stargan_v2", PETS)
    arguments = [*BY_STYLE, f"--model={tmp_path / 'run'}"]
    check(arguments, "must be 4 wide")
