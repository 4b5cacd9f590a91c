"""LiteRT.js, which runs models in browsers: fetched from npm, kept in the cache."""

import shutil
from pathlib import Path

from stargan_tf.data.cache import cache_folder
from stargan_tf.errors import InputError
from stargan_tf.files import new_folder, temporary_folder

REGISTRY, VERSION = "https://registry.npmjs.org", "2.5.3"
INSTALL = f"npm install @litertjs/core@{VERSION}"
PACKAGES = {  # of @litertjs → SHA-256 of its tarball
    "core": "a97660833e9e7e1063c95e12016718881240b14f7438728a2f62785e912d30fd",
    "wasm-utils": "ce2a1f8379c067be49e59752e5a7f40db6be09f6e497f0f11e59f17b515366a7",
}


def runtime_folder(given: Path | None = None) -> Path:
    """The folder of `core` and `wasm-utils`: a given one, or the cache, then filled."""
    kept = kept_runtime()
    for folder in (given, given / "node_modules/@litertjs") if given else (kept,):
        if is_runtime(folder):
            return folder
    if given:
        raise InputError(
            f"--runtime must be where '{INSTALL}' was run. Received: {given}"
        )
    with new_folder(kept, "browser's runtime") as unfinished:
        for name in PACKAGES:
            _fetch(name, unfinished)
    return kept


def kept_runtime() -> Path:
    """Where the cache keeps the packages, or would."""
    return cache_folder() / f"litertjs-{VERSION}"


def is_runtime(folder: Path) -> bool:
    """Whether the packages' files lie in `folder`."""
    return all((folder / name / "dist/index.js").is_file() for name in PACKAGES)


def _fetch(name: str, folder: Path) -> None:
    from keras.utils import get_file

    url = f"{REGISTRY}/@litertjs/{name}/-/{name}-{VERSION}.tgz"
    with temporary_folder() as scratch:
        try:
            tarball = get_file(origin=url, file_hash=PACKAGES[name], cache_dir=scratch)
            shutil.unpack_archive(tarball, scratch, "gztar", filter="data")
        except Exception as error:  # Keras raises plain ones.
            raise InputError(
                f"The browser's runtime {url} could not be fetched: {error}. Run "
                f"'{INSTALL}' elsewhere and pass that folder as --runtime."
            ) from error
        shutil.move(scratch / "package", folder / name)
