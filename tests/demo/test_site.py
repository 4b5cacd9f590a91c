import json
import re
from pathlib import Path

import pytest

import stargan_tf
from stargan_tf.demo.device_model import read_device_model
from stargan_tf.demo.web import write_site

ROOT = Path(stargan_tf.__file__).parents[1]


@pytest.fixture
def site(tmp_path, described, fake_runtime):
    model = read_device_model(described())
    folder = tmp_path / "site"
    folder.mkdir()
    write_site(folder, model, fake_runtime)
    return folder


def test_everything_lies_in_one_folder(site):
    assert json.loads((site / "model/model.json").read_text())["image_size"] == 32
    assert (site / "model/generator.tflite").read_bytes() == b"abc"
    assert (site / "faces/faces.json").is_file()
    assert [path.name for path in (site / "runtime/wasm").iterdir()] == [
        "litert_wasm_internal.wasm"
    ]
    headers = (site / "_headers").read_text()
    assert "/*\n  Cross-Origin-Opener-Policy: same-origin\n" in headers


def test_the_runtime_needs_no_import_map(site):
    first, second = (site / "runtime/core/index.js").read_text().splitlines()
    assert first.startswith("// Changed by stargan_tf")
    assert second == 'import {x} from "../wasm-utils/index.js";'


def test_licenses_are_included(site):
    license = site / "LICENSE.txt"
    assert license.read_bytes() == (ROOT / "LICENSE").read_bytes()
    assert "Google LLC" in (site / "THIRD_PARTY.txt").read_text()


def test_the_page_names_files_that_exist_and_no_other_host(site):
    for path in (site / "index.html", *(site / "page").iterdir()):
        text = path.read_text()
        foreign = set(re.findall(r"https?://[\w.-]+", text))
        assert not foreign - {"http://www.w3.org"}, path
        for name in re.findall(r"""from '(\./[^']+)'""", text):
            assert (path.parent / name).is_file(), name
    page = (site / "index.html").read_text()
    for name in re.findall(r'(?:href|src)="([^"#]+)"', page):
        assert (site / name).is_file(), name
