"""Saving a model without a second copy of its weights in memory."""

import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras


@dataclass(frozen=True)
class SavedLean:
    """A model whose `save` writes the weights straight to the disk.

    Keras puts a `.keras` file together in memory, where large models then are two
    or three times.

    Args:
        model: a `keras.Model`.
    """

    model: Any

    def save(self, path: Path) -> None:
        """Writes what `keras.Model.save` writes.

        Args:
            path: a `.keras` file in a folder that exists.
        """
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            keras.saving.save_model(self.model, folder, zipped=False)
            with zipfile.ZipFile(path, "w") as archive:
                for file in sorted(Path(folder).rglob("*")):
                    if file.is_file():
                        archive.write(file, file.relative_to(folder).as_posix())
