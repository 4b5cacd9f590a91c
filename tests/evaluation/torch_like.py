"""Writes files in PyTorch's zip format without PyTorch, opcode by opcode."""

import pickle
import zipfile

import numpy as np


class Writer:
    """Collects pickle opcodes and the numbers they refer to."""

    def __init__(self):
        self.storages = []

    def text(self, value):
        encoded = value.encode()
        return b"X" + len(encoded).to_bytes(4, "little") + encoded

    def whole(self, value):
        return b"J" + int(value).to_bytes(4, "little", signed=True)

    def numbers(self, values):
        return b"(" + b"".join(self.whole(value) for value in values) + b"t"

    def tensor(self, array, offset=0, strides=None, storage=None):
        if storage is None:
            storage = array = np.ascontiguousarray(array)
        self.storages.append(storage)
        strides = strides or [step // array.itemsize for step in array.strides]
        key = str(len(self.storages) - 1)
        return (
            b"ctorch._utils\n_rebuild_tensor_v2\n(("
            + self.text("storage")
            + b"ctorch\nFloatStorage\n"
            + self.text(key)
            + self.text("cpu")
            + self.whole(self.storages[-1].size)
            + b"tQ"
            + self.whole(offset)
            + self.numbers(array.shape)
            + self.numbers(strides)
            + b"\x89ccollections\nOrderedDict\n)RtR"
        )

    def ordered(self, tensors):
        pairs = b"".join(self.text(name) + code for name, code in tensors.items())
        return b"ccollections\nOrderedDict\n)R(" + pairs + b"u"

    def module(self, name, fields):
        pairs = b"".join(self.text(key) + code for key, code in fields.items())
        return b"c__torch__.net\n" + name.encode() + b"\n)\x81}(" + pairs + b"ub"

    def save(self, path, code):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("net/data.pkl", b"\x80\x02" + code + b".")
            for key, storage in enumerate(self.storages):
                archive.writestr(f"net/data/{key}", storage.astype("<f4").tobytes())


def save_state_dict(path, arrays):
    """A state dictionary of float32 arrays."""
    writer = Writer()
    codes = {name: writer.tensor(np.asarray(a, "f4")) for name, a in arrays.items()}
    writer.save(path, writer.ordered(codes))


def save_pickle(path, value):
    """Any pickle in the place of the tensors' description."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("net/data.pkl", pickle.dumps(value, protocol=2))
