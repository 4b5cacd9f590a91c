"""Commands take a `.keras` file of a Keras script as they take a run."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from stargan_tf.cli.main import main
from stargan_tf.training.run_folder import load_model


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A model in a `.keras` file, after 3 batches."""
    import stargan_tf

    info = stargan_tf.load_dataset("toon_attributes", image_size=32).info
    sizes = {"num_residual_blocks": 1, "discriminator_layers": 2}
    model = stargan_tf.StarGAN(info, base_filters=8, discriminator_filters=4, **sizes)
    model.compile()
    model.step.assign(3)
    file = tmp_path_factory.mktemp("script") / "faces.keras"
    model.save(file)
    return file


@pytest.fixture
def file(saved, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STARGAN_TF_CACHE_LIMIT_MB", "0")
    return shutil.copy(saved, tmp_path / "faces.keras")


def test_translate(file):
    Image.fromarray(np.full((32, 32, 3), 90, np.uint8)).save("me.png")
    command = ["translate", "--model", "faces.keras", "--to", "Male", "me.png"]
    assert main([*command, "--output", "he.png"]) == 0
    with Image.open("he.png") as translated:
        assert translated.size == (32, 32)


def test_evaluate(file, tmp_path):
    options = ["--metrics", "unchanged", "--count", "2"]
    assert main(["evaluate", "--model", "faces.keras", *options]) == 0
    record = json.loads((tmp_path / "faces_results.json").read_text())
    assert record["model"]["step"] == 3
    assert record["data"]["dataset"] == "toon_attributes"


def test_export(file, tmp_path):
    command = ["export", "--model", "faces.keras", "--format", "litert", "--nocheck"]
    assert main([*command, "--output", "phone"]) == 0
    description = json.loads((tmp_path / "phone" / "model.json").read_text())
    assert (description["family"], description["step"]) == ("stargan", 3)


def test_a_run_starts_from_it(file, tmp_path, capsys):
    options = ["--dataset", "toon_attributes", "--steps", "1", "--batch_size", "2"]
    command = ["train", "--run", "run", "--init_from", "faces.keras", *options]
    assert main(command) == 0
    assert "faces.keras (step 3)" in capsys.readouterr().out
    model = load_model(tmp_path / "run")
    assert model.get_config()["base_filters"] == 8
