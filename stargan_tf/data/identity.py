"""What a data set consists of, whatever folder it lies in.

A run records the fingerprint of its data, and whatever opens the data again compares:
a folder of the same name on another day, or below another folder, may be other data.
"""

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stargan_tf.data.source import LabeledImages

HASHED_FILES = 64
# Parts of a fingerprint, in the words of a message.
_PARTS = {
    "images": "number of images",
    "names": "names",
    "labels": "labels",
    "sizes": "file sizes",
    "content": f"content of {HASHED_FILES} files",
    "version": "version",
}


def data_fingerprint(*splits: "LabeledImages") -> dict[str, Any]:
    """Describes a data set by names, labels, file sizes and a part of its content.

    It does not depend on where the files lie, when they were written, or how they are
    split, cropped and resized.

    Returns:
        JSON-ready: the number of images, the first and the last name, and SHA-256
        hashes of names, labels, file sizes, and the content of 64 evenly spaced files.
        The last two are None for images that are not stored as files; of those a hash
        of the version that their source states is there instead.
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


def differing_parts(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """What distinguishes two fingerprints, in words; [] if nothing does.

    What either of them lacks is not compared.
    """
    return [
        words
        for part, words in _PARTS.items()
        if None not in (one.get(part), other.get(part)) and one[part] != other[part]
    ]


def in_words(fingerprint: Mapping[str, Any]) -> str:
    """A fingerprint as words for a message: "24 images, a/0.png to b/11.png"."""
    images, first, last = (fingerprint[part] for part in ("images", "first", "last"))
    return f"{images} images, {first} to {last}"


def _digest(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def _printable(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode("utf-8")
