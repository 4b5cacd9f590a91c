"""Reads a checkpoint's weights several times as fast as Keras does."""

import tempfile
import zipfile
from pathlib import Path
from typing import Any

# What Keras calls the weights inside of a `.keras` file.
MEMBER = "model.weights.h5"


def load_weights(model: Any, file: Path) -> None:
    """Does what `model.load_weights` does.

    Keras reads the HDF5 file where it lies, inside of the archive, and seeks to and
    fro in it; each seek backwards reads the archive from its start. It is copied out
    first here.

    Args:
        model: a `keras.Model`, compiled if the optimizers shall be loaded too.
        file: what `model.save` wrote, a `.keras` file.
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            with zipfile.ZipFile(file) as archive:
                source = Path(archive.extract(MEMBER, folder))
        except OSError:  # No room for the copy: slow, but it works.
            source = file
        model.load_weights(source)
