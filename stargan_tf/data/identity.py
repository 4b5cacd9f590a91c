"""Fingerprints of data sets, which do not depend on the folder.

A run records the fingerprint of its data, which is compared when the data are opened
again: the content of a folder may have changed.
"""

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stargan_tf.data.source import LabeledImages

HASHED_FILES = 64
# Entries of a fingerprint → their names in messages.
_ENTRIES = {
    "images": "number of images",
    "names": "names",
    "labels": "labels",
    "sizes": "file sizes",
    "content": f"content of {HASHED_FILES} files",
    "version": "version",
}


def data_fingerprint(*splits: "LabeledImages") -> dict[str, Any]:
    """Describes a data set by names, labels, file sizes, and a sample of its content.

    It does not depend on where the files are, when they were written, or how they are
    split, cropped, and resized.

    Returns:
        A dictionary for JSON: the number of images, the first and the last name, and
        SHA-256 hashes of names, labels, file sizes, and the content of 64 evenly spaced
        files. The last two are None for images that are not stored as files, which have
        a hash of their source's version instead.
    """
    rows = sorted(
        (unicodedata.normalize("NFC", name), split, index)
        for split, source in enumerate(splits)
        for index, name in enumerate(source.names)
    )
    sources = [(splits[split], index) for _, split, index in rows]
    labels = (source.labels[index].astype("float32") for source, index in sources)
    stored = all(source.originals for source in splits)
    gaps = min(HASHED_FILES, len(rows)) - 1
    step = (len(rows) - 1) / max(1, gaps)
    chosen = [sources[int(number * step)] for number in range(gaps)] + sources[-1:]
    sizes = (b"%d" % source.originals.size(index) for source, index in sources)
    content = (source.originals.read(index) for source, index in chosen)
    versions = ((s.version or s.fingerprint).encode() for s in splits)
    return {
        "images": len(rows),
        "first": _printable(rows[0][0]),
        "last": _printable(rows[-1][0]),
        "names": _digest(name.encode("utf-8", "surrogateescape") for name, *_ in rows),
        "labels": _digest(row.tobytes() for row in labels),
        "sizes": _digest(sizes) if stored else None,
        "content": _digest(content) if stored else None,
        "version": None if stored else _digest(versions),
    }


def differing_parts(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    """The differences of two fingerprints, in words; [] if there are none.

    Entries that one of them lacks are not compared.
    """
    return [
        words
        for key, words in _ENTRIES.items()
        if None not in (a.get(key), b.get(key)) and a[key] != b[key]
    ]


def in_words(fingerprint: Mapping[str, Any]) -> str:
    """A fingerprint as text for a message: "24 images, a/0.png to b/11.png"."""
    images, first, last = (fingerprint[key] for key in ("images", "first", "last"))
    return f"{images} images, {first} to {last}"


def _digest(contents: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for content in contents:
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()


def _printable(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode("utf-8")
