"""Small exported models, and a stand-in for the browser's runtime."""

import hashlib
import json
from dataclasses import replace

import keras
import pytest

from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.options import Preparation
from stargan_tf.demo.litert_js import PACKAGES
from stargan_tf.demo.web import read_device_model
from stargan_tf.exporting import label_model as labels
from stargan_tf.exporting.litert import convert, describe
from stargan_tf.exporting.litert_file import signatures
from stargan_tf.models.stargan_v2 import litert as stargan_v2
from stargan_tf.models.stargan_v2.model import StarGANV2
from stargan_tf.training.checkpoints import State
from tests.models.conftest import tiny

HAIR = ("Black_Hair", "Blond_Hair", "Brown_Hair")
FACES = DatasetInfo("toon_attributes", (*HAIR, "Male", "Young"), "binary", 32, (HAIR,))
PEOPLE = DatasetInfo("toon_people", ("woman", "man", "child"), "one_hot", 64)


def exported(folder, model, family, info):
    """What an export writes, without a checkpoint in between."""
    state = State(0, family, [info.to_dict()], [1], {}, Preparation())
    description = describe(state, "none", "float32")
    files = {}
    for file in model.files:
        content = convert(file, "none", "float32")
        (folder / file.file_name).write_bytes(content)
        files[file.role] = {
            "path": file.file_name,
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
            "signatures": signatures(content),
        }
    description |= model.details | {"files": files}
    (folder / "model.json").write_text(json.dumps(description))
    return read_device_model(folder)


@pytest.fixture(scope="session")
def v1(tmp_path_factory):
    """An untrained StarGAN of 32 px, as a `DeviceModel`."""
    model = labels.litert_model(tiny(FACES))
    return exported(tmp_path_factory.mktemp("v1"), model, "stargan", FACES)


@pytest.fixture(scope="session")
def one_hot(tmp_path_factory):
    """A StarGAN with two of the three domains of the drawn people, a `DeviceModel`."""
    info = DatasetInfo("folder", ("woman", "man"), "one_hot", 32)
    model = labels.litert_model(tiny(info))
    return exported(tmp_path_factory.mktemp("one_hot"), model, "stargan", info)


@pytest.fixture(scope="session")
def changes(tmp_path_factory):
    """The same, as if its inputs were changes of -1 to 1, as a `DeviceModel`."""
    model = labels.litert_model(tiny(FACES))
    model = replace(model, details={"changes": True})
    return exported(tmp_path_factory.mktemp("changes"), model, "other", FACES)


@pytest.fixture(scope="session")
def gray(tmp_path_factory):
    """A StarGAN of gray images that changes nothing, as a `DeviceModel`."""
    info = replace(FACES, num_channels=1)
    model = labels.litert_model(tiny(info, output="additive"))
    return exported(tmp_path_factory.mktemp("gray"), model, "stargan", info)


@pytest.fixture(scope="session")
def v2(tmp_path_factory):
    """An untrained StarGAN v2 of 64 px, as a `DeviceModel`."""
    sizes = {"style_dim": 4, "latent_dim": 3, "hidden_dim": 16}
    # Of such narrow networks many are dead from the start: not of this seed.
    keras.utils.set_random_seed(1)
    model = StarGANV2(PEOPLE, base_filters=2, max_filters=4, **sizes)
    model = stargan_v2.litert_model(model)
    return exported(tmp_path_factory.mktemp("v2"), model, "stargan_v2", PEOPLE)


@pytest.fixture
def described(tmp_path):
    """Writes an export that holds no real network: changes → its folder."""

    def write(**changes):
        (tmp_path / "generator.tflite").write_bytes(b"abc")
        digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        entry = {"path": "generator.tflite", "sha256": digest, "signatures": {}}
        description = {
            "format": "stargan_tf.litert/1",
            "image_size": 32,
            "input_type": "float32",
            "domains": list(FACES.domains),
            "datasets": [FACES.to_dict()],
            "files": {"generator": entry},
        }
        (tmp_path / "model.json").write_text(json.dumps(description | changes))
        return tmp_path

    return write


@pytest.fixture
def fake_runtime(tmp_path):
    """A folder laid out like the packages, with nothing in the files."""
    root = tmp_path / "fake_runtime"
    for name in PACKAGES:
        (root / name / "dist").mkdir(parents=True)
        code = 'import {x} from "@litertjs/wasm-utils";\n'
        (root / name / "dist/index.js").write_text(code)
    (root / "core/wasm").mkdir()
    for name in ("litert_wasm_internal.wasm", "litert_wasm_jspi_internal.wasm"):
        (root / "core/wasm" / name).write_bytes(b"\0asm")
    return root
