import json
import math

import pytest

from stargan_tf.errors import InputError
from stargan_tf.models.registry import family
from stargan_tf.training.run_folder import attach_code


class Model:
    provider = None

    def set_mask_provider(self, provider):
        self.provider = provider


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"mask_provider": "math:floor"}))
    return path


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, math.floor),
        ({"mask_provider": None}, math.floor),
        ({"mask_provider": "math:ceil"}, math.ceil),
        ({"mask_provider": abs}, abs),
    ],
)
def test_what_is_given_is_stronger_than_what_the_run_names(config, given, expected):
    model = Model()
    attach_code(model, family("stargan_v2"), config, given, trust_code=True)
    assert model.provider is expected


def test_what_a_run_names_is_not_run_unasked(tmp_path):
    canary = tmp_path / "canary"
    evil = tmp_path / "evil.py"
    evil.write_text(f"open({str(canary)!r}, 'w').close()\ndef find(images): pass\n")
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"mask_provider": f"{evil}:find"}))
    message = "config.json names code to run, mask_provider=.*--mask_prov.*--trust_code"
    for given in ({}, {"mask_provider": None}):
        with pytest.raises(InputError, match=message):
            attach_code(Model(), family("stargan_v2"), config, given)
    model = Model()
    attach_code(model, family("stargan_v2"), config, {"mask_provider": abs})
    assert model.provider is abs
    assert not canary.exists()
    attach_code(Model(), family("stargan_v2"), config, {}, trust_code=True)
    assert canary.exists()


def test_without_either_a_model_is_left_alone(tmp_path):
    model = Model()
    attach_code(model, family("stargan_v2"), tmp_path / "config.json", {})
    assert model.provider is None


def test_code_that_cannot_be_imported_names_the_configuration(config):
    config.write_text(json.dumps({"mask_provider": "no_such_module_here:find"}))
    with pytest.raises(
        InputError, match=r"No module named .*config.json names it.*add"
    ):
        attach_code(Model(), family("stargan_v2"), config, {}, trust_code=True)
    given = {"mask_provider": "math:flor"}
    with pytest.raises(InputError, match="no attribute 'flor'$"):
        attach_code(Model(), family("stargan_v2"), config, given)


def test_a_family_without_such_code_refuses_it(config):
    with pytest.raises(InputError, match="A stargan model takes no mask_provider"):
        attach_code(Model(), family("stargan"), config, {"mask_provider": abs})
