"""Where an import or an export is written."""

from pathlib import Path

from stargan_tf.errors import InputError


def check_new(path: Path) -> None:
    """Raises InputError if there is something at `path`."""
    if path.exists():
        raise InputError(
            f"{path} exists already. Choose another --output; nothing is overwritten."
        )
