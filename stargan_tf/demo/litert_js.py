"""LiteRT.js, which runs models in browsers: fetched once from npm, kept in the cache.

--runtime DIR               a folder of this layout, or with npm's node_modules
<cache>/litertjs-VERSION/   what was fetched before
a download                  from npm's registry
"""

import shutil
import tarfile
from pathlib import Path

from stargan_tf.data.cache import cache_folder
from stargan_tf.errors import InputError
from stargan_tf.files import new_folder, temporary_folder

REGISTRY = "https://registry.npmjs.org"
VERSION = "2.5.3"
# Package of @litertjs → SHA-256 of its tarball.
PACKAGES = {
    "core": "a97660833e9e7e1063c95e12016718881240b14f7438728a2f62785e912d30fd",
    "wasm-utils": "ce2a1f8379c067be49e59752e5a7f40db6be09f6e497f0f11e59f17b515366a7",
}
# Left out: what the page never loads, 10 MB of another variant and the source maps.
_UNUSED = ("jspi", ".map", ".d.ts", "metafile")


def runtime_folder(given: Path | None = None) -> Path:
    """The packages' files: `core/dist/index.js`, `core/wasm/…`.

    Args:
        given: a folder with them, `core` and `wasm-utils` directly or in
            `node_modules/@litertjs`; None for the cache, which is filled if need be.
    """
    if given is None:
        kept = kept_runtime()
        if not is_runtime(kept):
            with new_folder(kept, "browser's runtime") as folder:
                _fetch(folder)
        return kept
    for folder in (given, given / "@litertjs", given / "node_modules/@litertjs"):
        if is_runtime(folder):
            return folder
    raise InputError(
        f"--runtime must be a folder in which 'npm install @litertjs/core@{VERSION}' "
        f"was run. Received: {given}"
    )


def kept_runtime() -> Path:
    """Where the cache keeps the packages, or would."""
    return cache_folder() / f"litertjs-{VERSION}"


def is_runtime(folder: Path) -> bool:
    """Whether the packages' files lie in `folder`."""
    return all((folder / name / "dist/index.js").is_file() for name in PACKAGES)


def _fetch(folder: Path) -> None:
    import keras

    with temporary_folder() as scratch:
        for name, digest in PACKAGES.items():
            address = f"{REGISTRY}/@litertjs/{name}/-/{name}-{VERSION}.tgz"
            try:
                tarball = keras.utils.get_file(
                    f"{name}.tgz", address, file_hash=digest, cache_dir=scratch
                )
                with tarfile.open(tarball) as archive:
                    used = [
                        member
                        for member in archive
                        if not any(part in member.name for part in _UNUSED)
                    ]
                    archive.extractall(scratch, used, filter="data")
            # Keras raises plain Exceptions for what it cannot fetch.
            except Exception as error:
                raise InputError(
                    f"The browser's runtime {address} could not be fetched: {error}. "
                    "Where there is no network, run 'npm install "
                    f"@litertjs/core@{VERSION}' elsewhere and pass that folder as "
                    "--runtime."
                ) from error
            # npm's tarballs hold all in `package/`.
            shutil.move(scratch / "package", folder / name)
