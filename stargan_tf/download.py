"""Downloads of published files, by Keras."""

import contextlib
import io
import sys
from pathlib import Path

from stargan_tf.errors import InputError
from stargan_tf.native_output import is_quiet, note


def download(
    url: str, folder: Path, what: str, advice: str, sha256: str | None = None
) -> Path:
    """Downloads a file; an interrupted download leaves no file.

    Args:
        url: its URL.
        folder: folder to write it to, under its name in the URL.
        what: what messages call the file: "the weights for FID".
        advice: how to fix it if the download fails.
        sha256: the file's SHA-256, which is checked if given.

    Returns:
        The path of the file.

    Raises:
        InputError: if the download fails, or the file is a different one.
    """
    import keras

    note(f"Downloading {what} from {url} …")
    # In a file, every update of Keras' progress bar would be a line.
    shown = sys.stdout.isatty() and not is_quiet()
    silence = contextlib.redirect_stdout(io.StringIO())
    try:
        with contextlib.nullcontext() if shown else silence:
            file = keras.utils.get_file(
                origin=url, file_hash=sha256, cache_dir=folder, cache_subdir=""
            )
    # Keras raises plain exceptions for errors of the network.
    except Exception as error:
        raise InputError(f"Cannot download {what} ({error}). {advice}") from error
    return Path(file)
