"""Files that are there as a whole, or not at all."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from stargan_tf.errors import InputError

# Runs clear what a killed one left in samples/ by this beginning of its name.
UNFINISHED = ".unfinished-"


@contextlib.contextmanager
def new_file(path: Path, what: str) -> Iterator[Path]:
    """Gives a temporary name to write to, which becomes `path` if all went well.

    Args:
        path: the file to make; missing folders are made, a file that is there is
            replaced.
        what: what an error message calls it.

    Yields:
        A path beside it, with the same extension.

    Raises:
        InputError: if it cannot be written (no permission, full disk); nothing is
            left behind then.
    """
    temporary = path.with_name(f"{UNFINISHED}{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"Cannot write the {what} {path}: {reason}.") from error
    finally:
        _remove(temporary)


def _remove(path: Path) -> None:
    # After a success it is renamed away; after a failure on a folder that cannot
    # be entered, removing it fails too, and the first error is the one to tell.
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
