"""LiteRT.js, which runs models in browsers: downloaded from npm, and cached."""

import shutil
import tarfile
from pathlib import Path

from stargan_tf.data.cache import cache_folder
from stargan_tf.download import download
from stargan_tf.errors import InputError
from stargan_tf.files import new_folder, temporary_folder

REGISTRY, VERSION = "https://registry.npmjs.org", "2.5.3"
INSTALL = f"npm install @litertjs/core@{VERSION}"
PACKAGES = {  # Package of @litertjs → SHA-256 of its tarball.
    "core": "a97660833e9e7e1063c95e12016718881240b14f7438728a2f62785e912d30fd",
    "wasm-utils": "ce2a1f8379c067be49e59752e5a7f40db6be09f6e497f0f11e59f17b515366a7",
}


def runtime_folder(given: Path | None = None) -> Path:
    """The folder of `core` and `wasm-utils`: the given one, or the cache."""
    kept = kept_runtime()
    for folder in (given, given / "node_modules/@litertjs") if given else (kept,):
        if is_runtime(folder):
            return folder
    if given:
        raise InputError(
            f"--runtime must be the folder of '{INSTALL}'. Received: {given}"
        )
    with new_folder(kept, "browser's runtime") as unfinished:
        for name in PACKAGES:
            _fetch(name, unfinished)
    return kept


def kept_runtime() -> Path:
    """The folder of the packages in the cache, which may not exist."""
    return cache_folder() / f"litertjs-{VERSION}"


def is_runtime(folder: Path) -> bool:
    """Whether `folder` contains the packages."""
    return all((folder / name / "dist/index.js").is_file() for name in PACKAGES)


def _fetch(name: str, folder: Path) -> None:
    url = f"{REGISTRY}/@litertjs/{name}/-/{name}-{VERSION}.tgz"
    what = f"the browser's runtime (@litertjs/{name})"
    advice = f"Run '{INSTALL}' in another folder, and pass that as --runtime."
    with temporary_folder() as scratch:
        tarball = download(url, scratch, what, advice, PACKAGES[name])
        try:
            # Python 3.11.3 and older lack the filter; the archive's hash is known.
            safe = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
            shutil.unpack_archive(tarball, scratch, "gztar", **safe)
        except (OSError, tarfile.TarError) as error:
            raise InputError(f"Cannot unpack {what} ({error}). {advice}") from error
        shutil.move(scratch / "package", folder / name)
