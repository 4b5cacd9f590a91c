"""One process at a time in a run folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stargan_tf.errors import InputError


@contextmanager
def only_process(folder: Path) -> Iterator[None]:
    """Holds the folder's lock; the system frees it however the process ends.

    Args:
        folder: an existing run folder.

    Raises:
        InputError: if another process holds it.
    """
    try:
        import fcntl
    except ImportError:  # Windows has no such lock; the folder is used without.
        yield
        return
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(
                f"Another process is training in {folder}. Wait until it has ended, "
                "or choose another --run."
            ) from None
        yield
