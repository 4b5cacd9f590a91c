"""LiteRT.js, which runs models in browsers: fetched once from npm, kept in the cache.

--runtime DIR               a folder of this layout, or with npm's node_modules
<cache>/litertjs-VERSION/   what was fetched before
a download                  by npm where there is one, else from its registry
"""

import base64
import hashlib
import shutil
import subprocess
import tarfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from stargan_tf.data.cache import cache_folder
from stargan_tf.errors import InputError
from stargan_tf.files import new_folder, temporary_folder

# Fetches a package's tarball from npm.

REGISTRY = "https://registry.npmjs.org"
TIMEOUT = 60


def download_tarball(name: str, version: str, folder: Path) -> Path:
    """Fetches one package, without running anything in it.

    npm knows which registry, proxy and certificates this machine uses; without npm the
    public registry is asked.

    Args:
        name: such as `"@litertjs/core"`.
        version: an exact one.
        folder: where to put it.

    Returns:
        The tarball's path.

    Raises:
        InputError: if it cannot be fetched.
    """
    short = name.rpartition("/")[2]
    target = folder / f"{short}-{version}.tgz"
    print(f"Fetching {name} {version} …", flush=True)
    npm = shutil.which("npm")
    if npm:
        _by_npm(npm, f"{name}@{version}", target)
    else:
        _by_address(f"{REGISTRY}/{name}/-/{short}-{version}.tgz", target)
    return target


def _by_npm(npm: str, package: str, target: Path) -> None:
    own = target.with_suffix("")
    own.mkdir()
    command = [npm, "pack", package, "--silent", "--ignore-scripts"]
    command += ["--pack-destination", str(own)]
    done = subprocess.run(command, cwd=own, capture_output=True, text=True, check=False)
    found = list(own.glob("*.tgz"))
    if done.returncode or not found:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise _failure(package, lines[0] if lines else f"status {done.returncode}")
    found[0].replace(target)


def _by_address(address: str, target: Path) -> None:
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT) as response:
            target.write_bytes(response.read())
    except (urllib.error.URLError, TimeoutError) as error:
        raise _failure(address, getattr(error, "reason", error)) from error


def _failure(what: str, reason: object) -> InputError:
    return InputError(
        f"The browser's runtime {what} could not be fetched: {reason}. Where there is "
        "no network, run 'npm install @litertjs/core@2.5.3' elsewhere and pass that "
        "folder as --runtime."
    )


VERSION = "2.5.3"
# Left out: what we never load, 10 MB of another variant and the source maps.
UNUSED = ("jspi", ".map", ".d.ts", "metafile")


@dataclass(frozen=True)
class NpmPackage:
    """A package whose content is known.

    Args:
        name: on npm.
        integrity: SHA-512 of the tarball in base64, as npm's lock files have it.
    """

    name: str
    integrity: str

    @property
    def short(self) -> str:
        """Its folder's name: `core`, `wasm-utils`."""
        return self.name.rpartition("/")[2]


PACKAGES = (
    NpmPackage(
        "@litertjs/core",
        "PlGmbMOq9WitX7FO0jhbdJw9GthatsyuCQXjTt/wJZo0FLaw48q4tz8IwqgqCIkviYGr9OFDL1kC"
        "nN4nzWoyJQ==",
    ),
    NpmPackage(
        "@litertjs/wasm-utils",
        "4fJiw6tBQnIs+0jH/OQ16nYOiSl8/+zZnn5h2ul8aTKHi05sVqZW580Tmk78pC2kT39A9OYBVdFa"
        "wteZ/sI1kQ==",
    ),
)


def runtime_folder(own: Path | None = None) -> Path:
    """The packages' files, by short name: `core/dist/index.js`, `core/wasm/…`.

    Args:
        own: a folder with them, `core` and `wasm-utils` directly or in
            `node_modules/@litertjs`; None for the cache, which is filled if need be.

    Returns:
        The folder that holds `core` and `wasm-utils`.

    Raises:
        InputError: if `own` does not hold them, or they cannot be fetched.
    """
    if own is not None:
        return _in_own(own)
    kept = kept_runtime()
    if not is_runtime(kept):
        with new_folder(kept, "browser's runtime") as folder:
            _fetch(folder)
    return kept


def kept_runtime() -> Path:
    """Where the cache keeps the packages, or would."""
    return cache_folder() / f"litertjs-{VERSION}"


def is_runtime(folder: Path) -> bool:
    """Whether the packages' files lie in `folder`."""
    return all((folder / p.short / "dist/index.js").is_file() for p in PACKAGES)


def _in_own(own: Path) -> Path:
    choices = (own, own / "@litertjs", own / "node_modules" / "@litertjs")
    found = next(filter(is_runtime, choices), None)
    if found is None:
        raise InputError(
            "--runtime must be a folder in which 'npm install "
            f"{PACKAGES[0].name}@{VERSION}' was run. Received: {own}"
        )
    return found


def _fetch(folder: Path) -> None:
    with temporary_folder() as scratch:
        for package in PACKAGES:
            tarball = download_tarball(package.name, VERSION, scratch)
            _check(tarball, package)
            _unpack(tarball, folder / package.short)


def _check(tarball: Path, package: NpmPackage) -> None:
    digest = hashlib.sha512(tarball.read_bytes()).digest()
    if base64.b64encode(digest).decode() != package.integrity:
        raise InputError(
            f"What was fetched for {package.name} {VERSION} is not what its authors "
            "published: its SHA-512 differs. Try another network, or --runtime."
        )


def _unpack(tarball: Path, folder: Path) -> None:
    """Takes out what is used; npm's tarballs hold all in `package/`."""
    with tarfile.open(tarball) as archive:
        for member in archive.getmembers():
            name = member.name.removeprefix("package/")
            if not member.isfile() or any(part in name for part in UNUSED):
                continue
            target = folder / name
            if not target.resolve().is_relative_to(folder.resolve()):
                raise InputError(f"{tarball.name} holds a path that leaves it: {name}")
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as file:
                shutil.copyfileobj(archive.extractfile(member), file)
