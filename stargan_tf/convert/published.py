"""Downloads checkpoints published by the authors, by names such as `official/afhq`.

    <cache>/official/afhq/100000_nets_ema.ckpt   the file from the authors' server
                          model-…/               the imported model, for `load_model`
    <cache>/official_sha256/afhq                 the SHA-256 of the file

The authors publish no SHA-256. The recorded one is kept when the file is removed, so
that a changed file at the same URL is detected.
"""

import re
import warnings
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from stargan_tf import files
from stargan_tf.convert.files import import_torch
from stargan_tf.convert.mapping import Published
from stargan_tf.convert.read import official_codes, read
from stargan_tf.convert.write import write_model
from stargan_tf.data.cache import cache_folder
from stargan_tf.download import download
from stargan_tf.errors import InputError, near_names
from stargan_tf.pretrained import OFFICIAL
from stargan_tf.version import __version__

_FOLDER, _RECORDS = "official", "official_sha256"
_DIGEST = re.compile(rb"[0-9a-f]{64}\b")


def published(name: str) -> Published:
    """Returns the published checkpoint with a name such as `official/afhq`.

    Raises:
        InputError: if there is no such checkpoint.
    """
    codes = official_codes().values()
    known = {OFFICIAL + p.name: p for code in codes for p in code.published}
    if name not in known:
        raise InputError(
            "Expected a file or the name of a published model. Received: "
            f"{name}. {near_names(name, known)}"
        )
    return known[name]


def license_text(source: Published) -> str:
    """Returns two lines that ask users to accept the license."""
    return (
        f"{OFFICIAL}{source.name}: {source.title}, by {source.authors} ({source.page})."
        f"\nLicense: {source.license}, {source.terms}"
    )


def fetch(source: Published) -> tuple[Path, dict[str, Any]]:
    """Returns a checkpoint file from the cache, or downloads it.

    A file that cannot be imported is not kept. If the file differs from an earlier
    download, a warning is issued.

    Args:
        source: the published checkpoint.

    Returns:
        Path of the file, and its origin, which an imported model records.

    Raises:
        InputError: if the file cannot be downloaded or is not such a checkpoint.
        ImportError: if PyTorch is not installed.
    """
    folder = cache_folder() / _FOLDER / source.name
    record = cache_folder() / _RECORDS / source.name
    file = folder / Path(urlsplit(source.url).path).name
    recorded = _recorded(record)
    digest = files.sha256(file) if file.is_file() else None
    if not digest or recorded not in (None, digest):
        digest = _download(source, folder)
    if recorded != digest:
        files.write_text(record, f"{digest}  {file.name}\n", "SHA-256")
    if recorded not in (None, digest):
        warnings.warn(
            f"{OFFICIAL}{source.name} differs from an earlier download: its SHA-256 "
            f"was {recorded[:16]}… and is now {digest[:16]}…. Use it only if its "
            "authors announced a new version.",
            stacklevel=2,
        )
    origin = {
        "name": OFFICIAL + source.name,
        "url": source.url,
        "sha256": digest,
        "authors": source.authors,
        "license": source.license,
        "terms": source.terms,
    }
    return file, origin


def model_folder(name: str, accept_license: bool) -> Path:
    """Returns the folder of a published model in the cache; imports it if necessary.

    Args:
        name: a name such as `official/afhq`.
        accept_license: whether the user accepts the license of the model.

    Raises:
        InputError: if there is no such model, the license is not accepted, or the file
            cannot be downloaded or imported.
        ImportError: if PyTorch is not installed.
    """
    source = published(name)
    if not accept_license:
        raise InputError(
            f"{name} is by {source.authors} under {source.license}, {source.terms}. To "
            f'accept the license, call load_model("{name}", accept_license=True).'
        )
    file, origin = fetch(source)
    folder = file.parent / f"model-{__version__}-{origin['sha256'][:16]}"
    if not folder.exists():
        checkpoint = read([file], source.preset)
        write_model(checkpoint, [file], folder, overwrite=True, origin=origin)
    return folder


def _recorded(record: Path) -> str | None:
    """Returns the SHA-256 of the last download; None without a valid record."""
    try:
        match = _DIGEST.match(files.read_bytes(record, 1000))
    except (OSError, ValueError):
        return None
    return match[0].decode() if match else None


def _download(source: Published, folder: Path) -> str:
    """Downloads the file into a new folder; returns its SHA-256."""
    import_torch()  # Fail before hundreds of megabytes are downloaded.
    labels = f" --preset {source.preset}" if source.preset else ""
    advice = (
        f"If {source.page} links to another URL, download the file from there and run "
        f"'stargan-tf import FILE{labels} --output DIR'."
    )
    with files.new_folder(folder, "checkpoint") as unfinished:
        what = OFFICIAL + source.name
        file = download(source.url, unfinished, what, advice)
        try:
            read([file], source.preset)
        except InputError as error:
            reason = str(error).replace(str(file), "The file")  # Its path is temporary.
            raise InputError(
                f"{source.url} is not {what}. {reason} {advice}"
            ) from error
        return files.sha256(file)
