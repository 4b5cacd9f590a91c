"""Checkpoints that authors publish, by name: `official/afhq`.

    <cache>/official/afhq/100000_nets_ema.ckpt   the file as the authors' server sent it
                          model-…/               the model made of it, for `load_model`
    <cache>/official_sha256/afhq                 the SHA-256 of the file

The authors publish no SHA-256. The record outlives the file, so that a different file
at the same address is noticed.
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
    """What is published under a name such as `official/afhq`.

    Raises:
        InputError: if nothing is.
    """
    codes = official_codes().values()
    known = {OFFICIAL + one.name: one for code in codes for one in code.published}
    if name not in known:
        raise InputError(
            f"There is neither a file nor a published model {name}. "
            f"{near_names(name, known)}"
        )
    return known[name]


def license_text(source: Published) -> str:
    """Two lines for the person who is to accept the license."""
    return (
        f"{OFFICIAL}{source.name}: {source.title}, by {source.authors} ({source.page})."
        f"\nLicense: {source.license}, {source.terms}"
    )


def fetch(source: Published) -> tuple[Path, dict[str, Any]]:
    """The checkpoint file from the cache, or else from its authors' server.

    A file that cannot be imported is not kept. If it differs from the one that was
    fetched before, a warning says so.

    Returns:
        The file; what an imported model records about its origin.

    Raises:
        InputError: if it cannot be fetched or is no such checkpoint.
        ImportError: without PyTorch.
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
            f"{OFFICIAL}{source.name} is another file than the one fetched before: its "
            f"SHA-256 was {recorded[:16]}…, and now is {digest[:16]}…. Use it only if "
            "its authors announced a new one.",
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
    """The folder of a published model, imported once into the cache.

    Raises:
        InputError: as `published` and `fetch`, or if the license is not accepted.
        ImportError: without PyTorch.
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
    """The SHA-256 of the last download, None if there is no sound record."""
    try:
        found = _DIGEST.match(files.read_bytes(record, 1000))
    except (OSError, ValueError):
        return None
    return found[0].decode() if found else None


def _download(source: Published, folder: Path) -> str:
    """Fills the folder with a new download; returns the SHA-256 of the file."""
    import_torch()  # Before hundreds of megabytes are fetched.
    labels = f" --preset {source.preset}" if source.preset else ""
    advice = (
        f"If {source.page} names another address, download the file from there and run "
        f"'stargan-tf import FILE{labels} --output DIR'."
    )
    with files.new_folder(folder, "checkpoint") as unfinished:
        what = OFFICIAL + source.name
        file = download(source.url, unfinished, what, advice)
        try:
            read([file], source.preset)
        except InputError as error:
            reason = str(error).replace(str(file), "The file")  # a temporary path
            raise InputError(
                f"{source.url} does not hold {what}: {reason} {advice}"
            ) from error
        return files.sha256(file)
