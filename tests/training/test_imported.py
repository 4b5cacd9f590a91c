import json
import sys

import pytest

from stargan_tf.errors import InputError
from stargan_tf.training.families.registry import family
from stargan_tf.training.imported import imported, imported_by_user


def test_our_own_code_by_name():
    assert imported("stargan_tf.errors:InputError") is InputError


def test_code_beside_the_user(tmp_path, monkeypatch):
    (tmp_path / "my_masks.py").write_text("def find(image): return 1\nnumber = 3\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    # Another test may have imported its own.
    monkeypatch.delitem(sys.modules, "my_masks", raising=False)
    assert imported_by_user("mask_provider", "my_masks:find")(None) == 1
    with pytest.raises(InputError, match="must name a function.*my_masks:number, a in"):
        imported_by_user("mask_provider", "my_masks:number")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("my_masks", "must be MODULE:FUNCTION.*Received: my_masks"),
        ("my masks:find", "must be MODULE:FUNCTION"),
        ("no_such_module_here:find", "cannot be imported: No module named"),
        ("json:find", "cannot be imported: module 'json' has no attribute 'find'"),
    ],
)
def test_code_that_is_not_there(name, message):
    with pytest.raises(InputError, match=f"mask_provider .*{message}"):
        imported_by_user("mask_provider", name)


def test_a_family_imports_the_code_that_its_options_name():
    values = {"style_dim": 4, "mask_provider": "json:dumps"}
    found = family("stargan_v2").model_arguments(values)
    assert found == {"style_dim": 4, "mask_provider": json.dumps}
    assert family("stargan_v2").model_arguments({"mask_provider": None}) == {
        "mask_provider": None
    }
