import json
import sys

import pytest

from stargan_tf.errors import InputError
from stargan_tf.models.registry import family
from stargan_tf.user_code import explained, imported_by_user


def test_code_beside_the_user(tmp_path, monkeypatch):
    (tmp_path / "my_masks.py").write_text("def find(image): return 1\nnumber = 3\n")
    monkeypatch.chdir(tmp_path)
    # Another test may have imported its own.
    monkeypatch.delitem(sys.modules, "my_masks", raising=False)
    before = [*sys.path]
    assert imported_by_user("mask_provider", "my_masks:find")(None) == 1
    assert sys.path == before
    with pytest.raises(InputError, match="must name a function.*my_masks:number, a in"):
        imported_by_user("mask_provider", "my_masks:number")


def test_packages_and_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "danger_package" / "inner").mkdir(parents=True)
    (tmp_path / "danger_package" / "deep.py").write_text("number = 4\n")
    masks = "from danger_package.deep import number\ndef find(): return number\n"
    (tmp_path / "danger_package" / "inner" / "masks.py").write_text(masks)
    before = [*sys.path]
    assert imported_by_user("masks", "danger_package.inner.masks:find")() == 4
    (tmp_path / "my file.py").write_text("def make(): return 5\n")
    for path in ("my file.py", tmp_path / "my file.py"):
        make = imported_by_user("masks", f"{path}:make")
        assert make() == 5
    assert make is imported_by_user("masks", "./my file.py:make")  # Run once.
    assert sys.path == before


def test_code_that_fails_is_named(tmp_path):
    broken = tmp_path / "broken.py"
    broken.write_text("def embed(images):\n    return 1 / 0\n")
    embed = imported_by_user("--embedding", f"{broken}:embed")
    message = r"--embedding b:embed failed: ZeroDivisionError: .*broken\.py, line 2"
    with pytest.raises(InputError, match=message):
        explained("--embedding", "b:embed", embed)(None)
    for content in ("raise SystemExit(3)", "1 / 0", "x ="):
        broken = tmp_path / f"broken{len(content)}.py"
        broken.write_text(content)
        for _ in range(2):
            with pytest.raises(InputError, match="cannot be imported: "):
                imported_by_user("--embedding", f"{broken}:embed")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no_such_file.py:find", "cannot be imported: There is no file no_such"),
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
