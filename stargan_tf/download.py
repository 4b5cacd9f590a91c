"""Files that others publish, fetched by Keras."""

import contextlib
import io
import sys
from pathlib import Path

from stargan_tf.errors import InputError
from stargan_tf.native_output import is_quiet, note


def download(url: str, folder: Path, what: str, advice: str) -> Path:
    """Fetches a file; an interrupted download leaves nothing.

    Args:
        url: its address.
        folder: where to write it, under its name in the address.
        what: what messages call the file: "the weights for FID".
        advice: what to do if it cannot be fetched.

    Returns:
        The file.

    Raises:
        InputError: if it cannot be fetched.
    """
    import keras

    note(f"Fetching {url} for {what} …")
    # Keras' bar is for people: in a file, each of its states would be a line.
    shown = sys.stdout.isatty() and not is_quiet()
    silence = contextlib.redirect_stdout(io.StringIO())
    try:
        with contextlib.nullcontext() if shown else silence:
            file = keras.utils.get_file(origin=url, cache_dir=folder, cache_subdir="")
    # Keras raises plain exceptions for what the network answers.
    except Exception as error:
        raise InputError(f"Cannot fetch {what} ({error}). {advice}") from error
    return Path(file)
