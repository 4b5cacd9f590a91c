"""Formats of checkpoint files, sound and broken."""

import pickle
import sys
import zipfile

import numpy as np
import pytest

from stargan_tf.convert.files import nested, read_checkpoint
from stargan_tf.errors import InputError

CONTENT = {
    "generator": {"a.weight": np.arange(6, dtype=np.float32).reshape(2, 3)},
    "discriminator": {"a.bias": np.ones(2, np.float32)},
}
FLAT = {
    "generator.a.weight": CONTENT["generator"]["a.weight"],
    "discriminator.a.bias": CONTENT["discriminator"]["a.bias"],
}


def check(content):
    assert content.keys() == CONTENT.keys()
    for network, state in CONTENT.items():
        for key, array in state.items():
            np.testing.assert_array_equal(content[network][key], array)
            assert content[network][key].dtype == np.float32


@pytest.mark.parametrize("is_zip", [True, False])
def test_torch_files_of_both_formats(tmp_path, is_zip):
    torch = pytest.importorskip("torch")
    path = tmp_path / "any.name"
    tensors = {
        network: {key: torch.from_numpy(array) for key, array in state.items()}
        for network, state in CONTENT.items()
    }
    torch.save(tensors, path, _use_new_zipfile_serialization=is_zip)
    check(read_checkpoint(path))


def test_half_precision_becomes_float32(tmp_path):
    torch = pytest.importorskip("torch")
    path = tmp_path / "half.pt"
    torch.save({"a": torch.full((2,), 0.5, dtype=torch.bfloat16)}, path)
    array = read_checkpoint(path)["a"]
    assert array.dtype == np.float32
    np.testing.assert_array_equal(array, [0.5, 0.5])


def test_npz_and_safetensors(tmp_path):
    np.savez(tmp_path / "file.npz", **FLAT)
    check(nested(read_checkpoint(tmp_path / "file.npz"), CONTENT))
    numpy_safetensors = pytest.importorskip("safetensors.numpy")
    for name in ("file.safetensors", "other.name"):
        numpy_safetensors.save_file(FLAT, tmp_path / name)
        check(nested(read_checkpoint(tmp_path / name), CONTENT))


def refused(path):
    with pytest.raises(InputError) as caught:
        read_checkpoint(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("is_zip", [True, False])
def test_a_torch_file_cut_anywhere_is_damaged(tmp_path, is_zip):
    torch = pytest.importorskip("torch")
    path = tmp_path / "whole.ckpt"
    state = {"a": torch.ones(50, 50), "b": torch.zeros(5)}
    torch.save(state, path, _use_new_zipfile_serialization=is_zip)
    whole = path.read_bytes()
    for length in (12, 60, len(whole) // 2, len(whole) - 10):
        path.write_bytes(whole[:length])
        assert "damaged or incomplete" in refused(path)


def test_cut_arrays_are_damaged(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, **FLAT)
    path.write_bytes(path.read_bytes()[:200])
    assert "damaged or incomplete" in refused(path)
    numpy_safetensors = pytest.importorskip("safetensors.numpy")
    path = tmp_path / "a.safetensors"
    numpy_safetensors.save_file(FLAT, path)
    path.write_bytes(path.read_bytes()[:-3])
    assert "damaged or incomplete" in refused(path)


class Code:
    """Unpickled, it would write a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.parametrize("is_zip", [True, False])
def test_code_in_a_torch_file_does_not_run(tmp_path, is_zip):
    torch = pytest.importorskip("torch")
    path, proof = tmp_path / "evil.ckpt", tmp_path / "proof"
    state = {"a": Code(proof)}
    torch.save(state, path, _use_new_zipfile_serialization=is_zip)
    text = refused(path)
    assert "is rejected, because it contains code in addition to weights" in text
    assert "open" in text
    assert not proof.exists()


def test_plain_pickles_and_object_arrays_do_not_run(tmp_path):
    proof = tmp_path / "proof"
    (tmp_path / "a.pkl").write_bytes(pickle.dumps({"a": Code(proof)}))
    assert "a plain pickle can run code" in refused(tmp_path / "a.pkl")
    np.savez(tmp_path / "a.npz", a=np.array([Code(proof)], object))
    assert "Python objects" in refused(tmp_path / "a.npz")
    assert not proof.exists()


def test_foreign_files(tmp_path):
    path = tmp_path / "page.ckpt"
    path.write_text("<html>Sign in</html>")
    assert "begins with b'<html>" in refused(path)
    path.write_bytes(b"")
    assert "Expected a torch file" in refused(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert "a zip archive with readme.txt" in refused(path)
    assert "gone.ckpt does not exist" in refused(tmp_path / "gone.ckpt")
    assert "does not exist" in refused(tmp_path)


def test_a_tensor_alone_is_no_state_dict(tmp_path):
    torch = pytest.importorskip("torch")
    torch.save(torch.ones(3), tmp_path / "a.pt")
    assert "a.pt. Received: Tensor" in refused(tmp_path / "a.pt")
    torch.save({0: torch.ones(3)}, tmp_path / "b.pt")
    assert "the keys [0]" in refused(tmp_path / "b.pt")


@pytest.mark.parametrize(
    ("package", "start"),
    [
        ("torch", b"\x80\x02\x8a\nl\xfc\x9cF\xf9"),
        ("safetensors", b"\x02" + bytes(7) + b"{"),
    ],
)
def test_a_missing_package_names_the_extra(tmp_path, monkeypatch, package, start):
    monkeypatch.setitem(sys.modules, package, None)
    path = tmp_path / "checkpoint"
    path.write_bytes(start)
    with pytest.raises(ImportError, match=r"stargan_tf\[convert\]"):
        read_checkpoint(path)


@pytest.mark.parametrize("kind", ["sparse", "meta", "endless"])
def test_tensors_that_are_no_arrays_in_memory(tmp_path, kind):
    torch = pytest.importorskip("torch")
    tensor = {
        "sparse": lambda: torch.eye(3).to_sparse(),
        "meta": lambda: torch.empty(10**12, device="meta"),
        "endless": lambda: torch.zeros(1).expand(10**12),
    }[kind]()
    torch.save({"generator": {"w": tensor}}, tmp_path / "a.ckpt")
    with pytest.raises(InputError, match=r"tensors in .*a\.ckpt|a\.ckpt is damaged"):
        read_checkpoint(tmp_path / "a.ckpt")


def test_arrays_that_claim_more_than_there_is(tmp_path):
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,), }\n"
    content = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("w.npy", content)
    assert "damaged" in refused(tmp_path / "a.npz")


def test_types_that_numpy_lacks(tmp_path):
    pytest.importorskip("safetensors")
    entry = '{"w": {"dtype": "F8_E4M3", "shape": [4], "data_offsets": [0, 4]}}'
    head = len(entry).to_bytes(8, "little") + entry.encode()
    (tmp_path / "a.safetensors").write_bytes(head + b"1234")
    assert "damaged" in refused(tmp_path / "a.safetensors")
