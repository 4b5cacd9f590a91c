import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from stargan_tf.errors import InputError
from stargan_tf.training.config import resolve


def write(path, values):
    path.write_text(json.dumps(values))
    return path


def test_flag_beats_file_beats_preset_beats_default(tmp_path):
    file = write(
        tmp_path / "c.json",
        {"preset": "demo", "batch_size": 7, "steps": 20, "critic_steps": 3},
    )
    config = resolve({"steps": "10"}, file)
    assert config.steps == 10
    assert config.batch_size == 7
    assert config.compile_options["critic_steps"] == 3
    assert config.image_size == 64  # The preset's.
    assert config.held_out == 0.1  # The default.
    assert config.preset == "demo"


def test_a_preset_flag_replaces_the_file_s_preset(tmp_path):
    file = write(tmp_path / "c.json", {"preset": "demo", "dataset": "folder"})
    config = resolve({"preset": "stargan_rafd_128"}, file)
    assert config.preset == "stargan_rafd_128"
    assert config.image_size == 128
    assert config.dataset == ("folder",)


def test_the_resolved_configuration_is_a_configuration(tmp_path):
    config = resolve(
        {
            "preset": "stargan_celeba_rafd_128",
            "dataset": "celeba,rafd",
            "data_dir": "a,b",
            "dataset_weights": "2,1",
            "rectified": "true",
            "identity": "5",
        }
    )
    record = {**config.to_dict(), "versions": {"keras": "3"}, "data_service": None}
    assert resolve({}, write(tmp_path / "config.json", record)) == config
    record["preset"] = "of_an_earlier_version"
    config = replace(config, preset=None)
    assert resolve({}, write(tmp_path / "config.json", record)) == config


def test_code_that_a_file_names_is_for_those_who_trust_it(tmp_path):
    named = {"preset": "demo_v2", "high_pass": 1, "mask_provider": "evil:find"}
    file = write(tmp_path / "c.json", named)
    with pytest.raises(InputError, match="c.json names code to run.*--trust_code"):
        resolve({}, file)
    typed = resolve({"mask_provider": "mine:find"}, file)
    assert typed.model_options["mask_provider"] == "mine:find"
    trusted = resolve({}, file, trust_code=True)
    assert trusted.model_options["mask_provider"] == "evil:find"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"preset": "dem"}, "no preset 'dem'. Did you mean demo"),
        ({"preset": "demo", "step": 3}, "no option 'step'.*Did you mean steps"),
        ({"preset": "stargan_celeba_128"}, "No data set is given. Pass --dataset"),
        ({"dataset": "toy", "family": "starga"}, "no model family 'starga'"),
        ({"preset": "demo", "image_size": 66}, "multiple of 4.*Try 64 or 68"),
        ({"preset": "demo", "held_out": 1}, "fraction between 0 and 1"),
        ({"preset": "demo", "steps": "many"}, "steps must be a whole number"),
        ({"dataset": "a,a"}, "same name need different files.*--dataset a,a"),
        ({"dataset": "a,a", "data_dir": "x,x"}, "Pass a separate --data_dir"),
        (
            {"dataset": "a,b", "dataset_weights": "1,2,3"},
            "_weights takes one .*each of the 2",
        ),
        ({"dataset": "a,b", "dataset_weights": "1,0"}, "must be positive. Received"),
        (
            {"preset": "photos_64", "dataset": "a", "steps": 5000},
            "is trained after pretraining_steps",
        ),
        ({"preset": "demo_v2", "dataset_weights": "1"}, "is an option of stargan mod"),
        (
            {"preset": "demo", "style_dim": 8},
            "style_dim is an option of stargan_v2 models only.*Remove it",
        ),
        (
            {"preset": "demo_v2", "critic_steps": 5},
            "critic_steps is an option of stargan models.*--family stargan",
        ),
        ({"preset": "demo_v2", "family": "stargan"}, "max_filters is an option of"),
        ({"preset": "demo_v2", "image_size": 100}, "multiples of 16.*image_size=100"),
        ({"preset": "demo_v2", "accumulate": 3}, "accumulate must divide batch_size"),
        ({"preset": "demo_v2", "high_pass": 1}, "needs masks.*--mask_provider NAME"),
        ({"preset": "demo_v2", "mask_provider": "a:b"}, "with high_pass=0"),
        (
            {"preset": "demo_v2", "high_pass": 1, "mask_provider": "a.b"},
            "no landmark provider 'a.b'",
        ),
        ({"preset": "demo_v2", "dataset": "a,b"}, "a single data set.*--dataset a,b"),
        ({"preset": "demo_v2", "crop_probability": 2}, "at least 0.0 and at most 1"),
        (
            {"dataset": "a,b", "crop_size": "1,2,3"},
            "crop_size takes one .*each of the 2",
        ),
        (
            {"dataset": "a,b", "data_dir": "x,y,z"},
            "data_dir takes one .*each of the 2",
        ),
    ],
)
def test_bad_values_are_refused(values, message):
    with pytest.raises(InputError, match=message):
        resolve(values)


@pytest.mark.parametrize("text", ["{", "[1]", "3"])
def test_a_file_that_is_no_configuration(tmp_path, text):
    file = tmp_path / "c.json"
    file.write_text(text)
    with pytest.raises(InputError, match=r"The configuration .*c\.json"):
        resolve({}, file)


def test_a_file_that_is_missing(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        resolve({}, tmp_path / "none.json")


def test_a_data_set_may_come_twice_with_other_files():
    config = resolve({"dataset": "a,b,a,a", "data_dir": "x,y,z,w"})
    assert config.dataset_names == ("a", "b", "a_2", "a_3")


def test_weights_of_data_sets():
    config = resolve({"dataset": "a,b", "dataset_weights": "2,0.5"})
    assert config.batch_options == {"dataset_weights": (2.0, 0.5)}
    assert resolve({"dataset": "a,b"}).batch_options == {
        "dataset_weights": (None, None)
    }


def test_values_per_data_set():
    config = resolve({"dataset": "a,b", "data_dir": "x", "attributes": "P,Q/"})
    assert config.data_dir == (os.path.abspath("x"),) * 2
    assert config.dataset_options(0) == {
        "data_dir": os.path.abspath("x"),
        "labels": None,
        "attributes": ("P", "Q"),
        "crop_size": None,
        "held_out": 0.1,
        "num_channels": None,
        "intensity": None,
        "invalid_value": None,
        "plane": "z",
    }
    assert config.dataset_options(1)["attributes"] == ()


def test_a_single_folder_may_have_a_comma_in_its_name():
    config = resolve({"dataset": "folder", "data_dir": "me, you"})
    assert config.data_dir == (os.path.abspath("me, you"),)


def test_paths_are_found_from_every_folder(tmp_path, monkeypatch):
    (tmp_path / "a" / "model").mkdir(parents=True)
    (tmp_path / "b").mkdir()
    monkeypatch.chdir(tmp_path / "a")
    given = {"dataset": "attributes,folder", "data_dir": "x,gs://y", "labels": "t.csv,"}
    config = resolve(given | {"attributes": "P/"})
    here = str(tmp_path / "a")
    assert config.data_dir == (f"{here}/x", "gs://y")
    assert config.labels == (f"{here}/t.csv", None)
    file = write(tmp_path / "config.json", config.to_dict())
    monkeypatch.chdir(tmp_path / "b")
    assert resolve({}, file) == config
    masks = {"mask_provider": "../m.py:find", "high_pass": 1, "preset": "demo_v2"}
    found = resolve(masks).model_options["mask_provider"]
    assert found == f"{tmp_path}/m.py:find"


def test_the_model_to_start_from_is_found_from_every_folder(tmp_path, monkeypatch):
    saved = Path(__file__).parents[1] / "saved"
    monkeypatch.chdir(saved)
    given = {"dataset": "toon_attributes", "init_from": "stargan"}
    assert resolve(given).init_from == str(saved / "stargan")
    shipped = {"dataset": "toon_people", "init_from": "toon_people"}
    assert resolve(shipped).init_from == "toon_people"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "toon_people").mkdir()  # With no model in it, it is not meant.
    assert resolve(shipped).init_from == "toon_people"


def test_a_run_of_before_an_option_does_not_need_the_model_it_began_with():
    given = {"dataset": "toon_attributes", "family": "stargan", "image_size": 32}
    assert resolve(given | {"init_from": "gone"}).init_from == "gone"
    with pytest.raises(InputError, match="There is no model gone"):
        resolve({"dataset": "toon_attributes", "init_from": "gone"})


def test_paths_of_an_earlier_version_are_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    values = {"dataset": "folder", "data_dir": ["ab"]}
    own = write(tmp_path / "own.json", values)
    assert resolve({}, own).data_dir == (str(tmp_path / "ab"),)
    run = write(tmp_path / "config.json", values | {"versions": {}})
    with pytest.warns(UserWarning, match=f"data_dir=ab, .* as {tmp_path}/ab. If"):
        assert resolve({}, run).data_dir == (str(tmp_path / "ab"),)
    assert resolve({"data_dir": "/cd"}, run).data_dir == ("/cd",)


RUN = {"dataset": "toon_attributes"}


def test_by_default_nothing_is_measured_in_training():
    config = resolve(RUN)
    assert config.evaluate_every == 0 and config.best_metric is None
    assert config.evaluation.metrics == ("classification", "unchanged")


def test_the_options_reach_the_evaluation():
    config = resolve(
        {
            **RUN,
            "evaluate_every": 100,
            "evaluate_metrics": "kid,lpips",
            "evaluate_count": 7,
            "seed": 3,
            "best_metric": "kid",
        }
    )
    options = config.evaluation
    assert (options.metrics, options.count, options.seed) == (("kid", "lpips"), 7, 3)
    assert resolve(config.to_dict()) == config


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"evaluate_metrics": "fidd"}, "no metric 'fidd'. Did you mean fid"),
        ({"best_metric": "kid"}, "best_metric=kid needs evaluations"),
        (
            {"best_metric": "fid", "evaluate_every": 5},
            "a number of --evaluate_metrics classification,unchanged. Received: fid",
        ),
        ({"evaluate_classifier": "big", "evaluate_every": 5}, "tiny or small"),
        ({"evaluate_every": -1}, "evaluate_every must be a whole number, at least 0"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_training(values, message):
    with pytest.raises(InputError, match=message):
        resolve({**RUN, **values})
