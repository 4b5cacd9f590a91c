"""Looks at every picture once, in order, a few at a time."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice

from tqdm import tqdm

from stargan_tf.doctor.opened import Opened
from stargan_tf.doctor.picture import Picture, look_at_file, look_at_loaded

# Pictures in flight for each core: enough to keep it busy, few enough that memory
# does not grow with the data set and Ctrl-C is answered at once.
AHEAD = 8

Look = Callable[[], Picture]


def examine(opened: Opened) -> Iterator[Picture]:
    """Yields what is known of each picture, with a progress bar on a terminal.

    Args:
        opened: the data set; of a split that could not be opened, the listed files.
    """
    looks = _looks(opened)
    cores = os.cpu_count() or 1
    with (
        tqdm(total=count(opened), desc="Looking", unit="image", disable=None) as bar,
        ThreadPoolExecutor(cores) as pool,
    ):
        while chunk := list(islice(looks, AHEAD * cores)):
            for picture in pool.map(lambda look: look(), chunk):
                yield picture
                bar.update()


def count(opened: Opened) -> int:
    """How many pictures `examine` yields."""
    return sum(map(len, opened.splits.values())) + len(_unopened(opened))


def _looks(opened: Opened) -> Iterator[Look]:
    for split, source in opened.splits.items():
        for row, name in enumerate(source.names):
            path = opened.file(name)
            if path is None:
                yield partial(look_at_loaded, source, split, row)
            else:
                yield partial(look_at_file, path, name, split, row)
    for row, name in enumerate(_unopened(opened)):
        yield partial(look_at_file, opened.audit.root / name, name, "", row)


def _unopened(opened: Opened) -> list[str]:
    """The listed files of a split that did not open."""
    if not (opened.problems and opened.audit):
        return []
    seen = {name for source in opened.splits.values() for name in source.names}
    return [name for name in opened.audit.names if name not in seen]
