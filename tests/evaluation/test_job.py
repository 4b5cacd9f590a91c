import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from stargan_tf.data.identity import data_fingerprint
from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.labels import LabelSpace
from stargan_tf.data.options import Preparation
from stargan_tf.data.registry import load_dataset
from stargan_tf.errors import InputError
from stargan_tf.evaluation.job import DataChoice, evaluate, open_evaluation_data
from stargan_tf.training.checkpoints import State
from stargan_tf.training.config import resolve

TOON = DatasetInfo("toon_attributes", ("Male", "Blond_Hair"), "binary", 32)
CAT_DOG = DatasetInfo("folder", ("cat", "dog"), "one_hot", 32)
NAMELESS = DatasetInfo("pets", ("cat", "dog"), "one_hot", 32)


def state(*infos, model="stargan"):
    return State(3, model, LabelSpace(infos).to_list(), [1] * len(infos), {})


@pytest.fixture
def checkpoint(tmp_path):
    """checkpoint(config) is a checkpoint's folder in a run of that configuration."""

    def make(**config):
        folder = tmp_path / "run" / "checkpoints" / "step_00000003"
        folder.mkdir(parents=True, exist_ok=True)
        if config:
            text = json.dumps(resolve(config).to_dict())
            (tmp_path / "run" / "config.json").write_text(text)
        return folder

    return make


@pytest.fixture
def pets(tmp_path):
    """pets("cat", "dog") is a folder of 12 pictures of each."""

    def make(*domains):
        for level, domain in enumerate(domains):
            (tmp_path / "pets" / domain).mkdir(parents=True)
            for number in range(12):
                pixels = np.full((32, 32, 3), 10 * number + level, np.uint8)
                file = tmp_path / "pets" / domain / f"{number}.png"
                Image.fromarray(pixels).save(file)
        return str(tmp_path / "pets")

    return make


def test_a_run_has_its_own_data_with_its_own_options(checkpoint):
    folder = checkpoint(
        dataset="toon_attributes", attributes="Male,Blond_Hair", image_size=32
    )
    data = open_evaluation_data(folder, state(TOON), DataChoice())
    assert data.held_out.info.domains == ("Male", "Blond_Hair")
    assert data.dataset == 0 and len(data.train) > len(data.held_out)


def test_a_set_with_more_domains_is_cut_to_the_models(checkpoint):
    data = open_evaluation_data(
        checkpoint(), state(TOON), DataChoice("toon_attributes")
    )
    assert data.held_out.info.domains == ("Male", "Blond_Hair")


def test_a_crop_of_the_models_does_not_concern_drawn_pictures(checkpoint):
    cropped = replace(state(TOON), preparation=Preparation("crop", 178))
    data = open_evaluation_data(checkpoint(), cropped, DataChoice("toon_attributes"))
    assert len(data.held_out) == 400
    choice = DataChoice("toon_attributes", {"crop_size": 178})
    with pytest.raises(InputError, match="does not support crop_size"):
        open_evaluation_data(checkpoint(), cropped, choice)


def test_the_second_set_of_a_joint_model(checkpoint):
    expressions = DatasetInfo("toon_expressions", ("happy", "sad"), "one_hot", 32)
    folder = checkpoint(dataset="toon_attributes,toon_expressions", image_size=32)
    choice = DataChoice("toon_expressions", {"attributes": ("happy", "sad")})
    data = open_evaluation_data(folder, state(TOON, expressions), choice)
    assert data.dataset == 1
    assert data.held_out.info.domains == ("happy", "sad")


def test_another_set_with_the_same_domains(checkpoint, pets):
    choice = DataChoice("folder", {"data_dir": pets("dog", "cat"), "held_out": 0.3})
    data = open_evaluation_data(checkpoint(), state(CAT_DOG), choice)
    assert data.held_out.info.domains == ("cat", "dog")
    assert len(data.held_out) + len(data.train) == 24


def test_data_that_is_not_the_runs_is_refused_or_accepted(checkpoint, pets, tmp_path):
    place = pets("cat", "dog")
    folder = checkpoint(dataset="folder", data_dir=place, image_size=32)
    first = open_evaluation_data(folder, state(CAT_DOG), DataChoice())
    assert first.changed is None
    known = data_fingerprint(first.train, first.held_out)
    trained = replace(state(CAT_DOG), data=[known])
    assert open_evaluation_data(folder, trained, DataChoice()).changed is False
    # Another share of held-out images is the same data.
    shared = DataChoice("folder", {"data_dir": place, "held_out": 0.4})
    assert open_evaluation_data(folder, trained, shared).changed is False
    pixels = np.full((32, 32, 3), 200, np.uint8)
    Image.fromarray(pixels).save(tmp_path / "pets" / "cat" / "0.png")
    with pytest.raises(InputError, match="Different: .*content of 64 files"):
        open_evaluation_data(folder, trained, DataChoice())
    accepted = DataChoice(accept_changed_data=True)
    assert open_evaluation_data(folder, trained, accepted).changed is True


@pytest.fixture(scope="module")
def model():
    from stargan_tf.models.stargan.model import StarGAN

    sizes = {"num_residual_blocks": 1, "discriminator_layers": 2}
    return StarGAN(TOON, base_filters=2, discriminator_filters=2, **sizes)


def test_a_model_in_memory_and_its_file_have_the_same_numbers(model, tmp_path):
    model.save(tmp_path / "faces.keras")
    held_out = load_dataset(
        "toon_attributes", "held_out", 32, attributes=("Male", "Blond_Hair")
    )
    given = {"metrics": ["unchanged"], "count": 3}
    results = evaluate(model, **given)
    assert results.means["cycle_error"].value > 0
    assert str(results).startswith(" ") and "cycle" in str(results)
    for other in (
        evaluate(tmp_path / "faces.keras", "toon_attributes", **given),
        evaluate(model, held_out, **given),
    ):
        assert {name: mean.value for name, mean in other.means.items()} == {
            name: mean.value for name, mean in results.means.items()
        }


def test_images_need_real_ones_beside_them(model):
    held_out = load_dataset("toon_attributes", "held_out", 32)
    with pytest.raises(InputError, match="classification and fid compare.*Pass train="):
        evaluate(model, held_out, ["fid", "classification"])
    with pytest.raises(InputError, match="must have the model's domains"):
        evaluate(model, held_out, ["unchanged"])
    with pytest.raises(InputError, match="needs images of 32 px. .*64 px"):
        evaluate(model, load_dataset("toon_attributes", image_size=64), ["unchanged"])


def test_what_does_not_fit_is_told(checkpoint, pets):
    folder = checkpoint()
    options = {"data_dir": pets("cat", "fox")}
    for choice, infos, message in (
        (
            DataChoice("folder", options),
            [CAT_DOG],
            "the model's domains, cat",
        ),
        (DataChoice(), [CAT_DOG], "--dataset folder needs --data_dir"),
        (DataChoice(), [NAMELESS], "without a run that names it"),
        (DataChoice("folder", options), [TOON, CAT_DOG], "the model's domains"),
        (DataChoice("toon_people"), [TOON, CAT_DOG], "model's, toon_attributes or"),
        (DataChoice("toon_people"), [CAT_DOG], "the model's domains"),
    ):
        with pytest.raises(InputError, match=message):
            open_evaluation_data(folder, state(*infos), choice)
