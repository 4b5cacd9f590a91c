"""Ways in which a file can be broken, or be something else altogether."""

import functools
import io
import json
import os
import random
import socket
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ZEROS_BYTES = 1 << 30


@dataclass(frozen=True)
class Mutation:
    """One way to break a file.

    Args:
        name: for people.
        apply: does it to a path.
        breaks: whether nothing can be read afterward; otherwise the file may happen
            to be valid still.
    """

    name: str
    apply: Callable[[Path], None]
    breaks: bool = False


def _cut(tenth, path):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * tenth // 10])


def _first_byte(path):
    path.write_bytes(path.read_bytes()[:1])


def _zeros(path):
    path.write_bytes(bytes(path.stat().st_size))


def _noise(path):
    path.write_bytes(random.Random(0).randbytes(max(64, path.stat().st_size)))


def _flipped(seed, path):
    """A few bytes that are others, anywhere."""
    content, dice = bytearray(path.read_bytes()), random.Random(seed)
    for _ in range(8):
        content[dice.randrange(len(content))] = dice.randrange(256)
    path.write_bytes(content)


def _appended(content, path):
    path.write_bytes(path.read_bytes() + content)


def _replaced(content, path):
    path.write_bytes(content)


def _archive():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("hello.txt", "hello")
    return file.getvalue()


def _zip_bomb(path):
    """One member of a gigabyte of zeros, under the name of the first one there."""
    name = "bomb.png"
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            # The weights of a model, or the first array.
            name = next((n for n in names if n.endswith(".h5")), names[0])
    path.unlink()
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(name, "w", force_zip64=True) as member,
    ):
        for _ in range(ZEROS_BYTES >> 24):
            member.write(bytes(1 << 24))


def _special(make, path):
    path.unlink()
    make(path)


def _no_permission(path):
    path.chmod(0)


def _socket(path):
    # The name of a socket is short, so it is made where it lies.
    before = os.getcwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(before)


def _link(target, path):
    path.symlink_to(target if target else path.name)


PNG_HEAD = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
ANY = [
    *(Mutation(f"cut at {n} tenths", functools.partial(_cut, n)) for n in range(1, 10)),
    Mutation("one byte", _first_byte),
    Mutation("empty", functools.partial(_replaced, b""), True),
    Mutation("zeros", _zeros, True),
    Mutation("random bytes", _noise, True),
    *(Mutation(f"bytes {n}", functools.partial(_flipped, n)) for n in range(6)),
    Mutation("a text", functools.partial(_replaced, b"hello\n"), True),
    Mutation("a web page", functools.partial(_replaced, b"<!doctype html>\n<p>"), True),
    Mutation("a zip", functools.partial(_replaced, _archive()), True),
    Mutation("a png head", functools.partial(_replaced, PNG_HEAD), True),
    Mutation("a pickle", functools.partial(_replaced, b"\x80\x04cos\nsystem\n."), True),
    Mutation("not UTF-8", functools.partial(_appended, b"\xff\xfe\xfa\x80\n")),
    Mutation("a long end", functools.partial(_appended, b"x" * (1 << 20))),
    Mutation("a zip bomb", _zip_bomb, True),
    Mutation("a folder", functools.partial(_special, Path.mkdir)),
    Mutation("a pipe", functools.partial(_special, os.mkfifo), True),
    Mutation("a socket", functools.partial(_special, _socket), True),
    Mutation("a ring", functools.partial(_special, functools.partial(_link, ""))),
    Mutation(
        "a dead link", functools.partial(_special, functools.partial(_link, "none"))
    ),
    Mutation(
        "a device",
        functools.partial(_special, functools.partial(_link, "/dev/zero")),
        True,
    ),
    Mutation("no permission", _no_permission, True),
]

DEEP = "[" * 100_000 + "]" * 100_000
VALUES = {
    "null": "null",
    "text": '"x"',
    "long text": json.dumps("x" * 100_000),
    "minus one": "-1",
    "zero": "0",
    "huge": "1" + "0" * 30,
    "very huge": "1e400",
    "fraction": "0.5",
    "nan": "NaN",
    "true": "true",
    "list": "[]",
    "mixed list": '[1, "x", null, [2]]',
    "object": '{"x": 1}',
    "deep": DEEP,
}


def _set(place, text, path):
    """Replaces one value of a JSON file (its first line), whatever JSON allows."""
    first, newline, rest = path.read_text().partition("\n")
    whole = path.read_text()
    try:
        content, rest = json.loads(whole), ""
    except ValueError:  # A line a record.
        content, rest = json.loads(first), newline + rest
    inner = content
    for key in place[:-1]:
        inner = inner[key]
    if place:
        inner[place[-1]] = "@@@"
        text = json.dumps(content).replace('"@@@"', text, 1)
    path.write_text(text + rest)


def _places(content, depth=3):
    """Where values are in JSON: tuples of keys, at most `depth` long."""
    yield ()
    if depth and isinstance(content, dict | list):
        entries = content.items() if isinstance(content, dict) else enumerate(content)
        for key, value in list(entries)[:40]:
            for place in _places(value, depth - 1):
                yield (key, *place)


def of_json(path):
    """Mutations of each value in a JSON file, and of its form."""
    text = path.read_text()
    try:
        content = json.loads(text)
    except ValueError:
        content = json.loads(text.partition("\n")[0])
    for place in _places(content):
        for name, value in VALUES.items():
            title = "/".join(map(str, place)) or "all"
            yield Mutation(f"{title} {name}", functools.partial(_set, place, value))
    yield Mutation("twice", lambda path: path.write_text(2 * path.read_text()))
    yield Mutation(
        "large",
        functools.partial(_replaced, b'{"x": "' + b"x" * (17 << 20) + b'"}'),
        True,
    )


# === Of single formats: heads that promise more than there is ===


def npy_head(shape, descr="'<f4'", fortran="False"):
    """A `.npy` file without its numbers."""
    text = f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}"
    head = text.ljust(118).encode() + b"\n"
    return b"\x93NUMPY\1\0" + len(head).to_bytes(2, "little") + head


NPY = [
    Mutation(f"npy {name}", functools.partial(_replaced, head + bytes(64)), True)
    for name, head in {
        "of a terabyte": npy_head("(1000000, 1000000)"),
        "of more than fits": npy_head(f"({2**62}, 4)"),
        "of negative sides": npy_head("(-4, -4)"),
        "of no side": npy_head("(0, 4)"),
        "of objects": npy_head("(4,)", "'|O'"),
        "of texts": npy_head("(4, 4)", "'<U1'"),
        "of records": npy_head("(4, 4)", "[('a', '<f4')]"),
        "of seven axes": npy_head("(1, 1, 1, 1, 1, 4, 4)"),
        "of code": npy_head("__import__('os').system('touch ran')"),
        "of a deep shape": npy_head("(" * 60 + ")" * 60),
    }.items()
]


def _npz(member, path):
    path.unlink()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", member)


NPZ = [
    Mutation(f"npz {one.name}", functools.partial(_npz, one.apply.args[0]), True)
    for one in NPY
]


def _field(at, content, path):
    """Overwrites bytes of a binary head."""
    data = bytearray(path.read_bytes())
    data[at : at + len(content)] = content
    path.write_bytes(data)


def _shorts(*numbers):
    return np.array(numbers, "<i2").tobytes()


# Offsets in the head of NIfTI-1: dim at 40, datatype at 70, bits at 72, start at 108.
NIFTI = [
    Mutation(f"nifti {name}", functools.partial(_field, at, content), breaks)
    for name, at, content, breaks in (
        ("of huge sides", 40, _shorts(3, 32767, 32767, 32767), True),
        ("of negative sides", 40, _shorts(3, -4, -4, -4), True),
        ("of four dimensions", 40, _shorts(4, 2, 2, 2, 2), True),
        ("of thirty dimensions", 40, _shorts(30), True),
        ("of another type", 70, _shorts(9999), True),
        ("of colors", 70, _shorts(128, 24), True),
        ("that starts elsewhere", 108, np.float32(1e9).tobytes(), True),
        ("that starts nowhere", 108, np.float32(np.nan).tobytes(), True),
        ("with a slope of nan", 112, np.float32(np.nan).tobytes(), False),
        ("with a slope of zero", 112, np.float32(0).tobytes(), False),
    )
]


def _gzip_bomb(path):
    """The volume, and a gigabyte of zeros behind a head that asks for it."""
    import gzip

    head = bytearray(gzip.decompress(path.read_bytes())[:352])
    head[40:56] = _shorts(3, 1024, 1024, 512, 1, 1, 1, 1)
    with gzip.open(path, "wb", compresslevel=9) as file:
        file.write(head)
        for _ in range(ZEROS_BYTES >> 24):
            file.write(bytes(1 << 24))


GZIP = [Mutation("a gzip bomb", _gzip_bomb)]


def _png_size(width, height, path):
    import zlib

    head = b"IHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big")
    head += b"\x08\x02\0\0\0"
    chunk = (13).to_bytes(4, "big") + head + zlib.crc32(head).to_bytes(4, "big")
    path.write_bytes(PNG_HEAD[:8] + chunk + path.read_bytes()[33:])


PNG = [
    Mutation("a png of billions", functools.partial(_png_size, 60_000, 60_000), True),
    Mutation(
        "a png of 170 million", functools.partial(_png_size, 13_000, 13_000), True
    ),
    Mutation("a png of no width", functools.partial(_png_size, 0, 8), True),
    Mutation(
        "an eps",
        functools.partial(
            _replaced, b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"
        ),
        True,
    ),
]


def _tiff(tags, path):
    """A TIFF of chosen tags, (number, type, count, value), without pixels."""
    entries = b"".join(
        number.to_bytes(2, "little")
        + kind.to_bytes(2, "little")
        + count.to_bytes(4, "little")
        + value.to_bytes(4, "little")
        for number, kind, count, value in sorted(tags)
    )
    head = b"II*\0" + (8).to_bytes(4, "little") + len(tags).to_bytes(2, "little")
    path.write_bytes(head + entries + (0).to_bytes(4, "little") + bytes(64))


def _ring_of_pages(path):
    _tiff([(256, 4, 1, 4), (257, 4, 1, 4)], path)
    data = bytearray(path.read_bytes())
    data[8 + 2 + 24 : 8 + 2 + 28] = (8).to_bytes(4, "little")
    path.write_bytes(data)


def _large_tiff(side, strips, path):
    """A gray TIFF of 16 bits that says how large it is, and how many strips it has."""
    where = [(273, 4, strips, 8), (279, 4, strips, 8)]
    kind = [(258, 3, 1, 16), (259, 3, 1, 1), (262, 3, 1, 1), (277, 3, 1, 1)]
    _tiff([(256, 4, 1, side), (257, 4, 1, side), *where, *kind], path)


TIFF = [
    *(
        Mutation(
            f"a tiff of {name}", functools.partial(_large_tiff, side, strips), True
        )
        for name, side, strips in (
            ("a trillion pixels", 10**6, 1),
            ("a gigabyte", 30_000, 1),
            ("a billion strips", 16, 10**9),
        )
    ),
    Mutation("a tiff of a ring of pages", _ring_of_pages, True),
]


def _safetensors(header, path):
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(16))


SAFETENSORS = [
    Mutation(f"safetensors {name}", functools.partial(_safetensors, header), True)
    for name, header in {
        "of a terabyte": {
            "a": {"dtype": "F32", "shape": [10**6, 10**6], "data_offsets": [0, 16]}
        },
        "of negative sides": {
            "a": {"dtype": "F32", "shape": [-4], "data_offsets": [0, 16]}
        },
        "beyond its end": {
            "a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 10**12]}
        },
        "of another type": {
            "a": {"dtype": "F8_E4M3", "shape": [16], "data_offsets": [0, 16]}
        },
        "of a list": [1],
    }.items()
] + [
    Mutation(
        "safetensors with a huge head",
        functools.partial(_replaced, (2**62).to_bytes(8, "little") + b"{" + bytes(8)),
        True,
    )
]


def _table(content, path):
    path.write_text(content)


TABLE = [
    Mutation(f"table {name}", functools.partial(_table, content))
    for name, content in {
        "of a long field": "file,a\n" + "x" * 200_000 + ",1\n",
        "of a million columns": ",".join(map(str, range(1_000_000))) + "\n",
        "of one column": "file\nx.png\n",
        "of an open quotation": 'file,a\n"x.png,1\n' * 1000,
        "of other values": "file,a,b\n0.png,2,yes\n",
        "of nan": "file,a,b\n0.png,nan,1e400\n",
        "of paths above": "file,a,b\n../../etc/passwd,1,0\n/etc/passwd,0,1\n",
        "of equal names": "file,a,a\n0.png,1,0\n",
        "of nul": "file,a,b\n0.png,\0,1\n",
        "of many rows": "file,a,b\n"
        + "".join(f"{n}.png,1,0\n" for n in range(200_000)),
    }.items()
]


def _zip_of(members, path):
    path.unlink()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members:
            archive.writestr(name, content)


ZIP = [
    Mutation(
        "a zip of paths above",
        functools.partial(_zip_of, [("../../a.png", b""), ("/etc/b.png", b"")]),
        True,
    ),
    Mutation(
        "a zip of a hundred thousand members",
        functools.partial(_zip_of, [(f"a/{n}.png", b"") for n in range(100_000)]),
        True,
    ),
]


def _torch(make, path):
    import torch

    torch.save(make(torch), path)


TORCH = [
    Mutation(f"torch {name}", functools.partial(_torch, make), True)
    for name, make in {
        "list": lambda torch: [1, 2],
        "tensor": lambda torch: torch.ones(3),
        "sparse": lambda torch: {"a.weight": torch.eye(3).to_sparse()},
        "meta": lambda torch: {"a.weight": torch.ones(3, device="meta")},
        "expanded": lambda torch: {"a.weight": torch.ones(1).expand(10**6, 10**6)},
        "other keys": lambda torch: {"a.weight": torch.ones(3, 3)},
        "numbers": lambda torch: {"a": 1, "b": "x"},
        "deep": lambda torch: functools.reduce(lambda x, _: {"a": x}, range(200), {}),
    }.items()
]
