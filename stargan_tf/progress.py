"""Progress of long work: a bar on a terminal, a line every ten seconds elsewhere."""

import io
import sys
import time
from collections.abc import Iterable
from typing import Any

from tqdm import tqdm

from stargan_tf.native_output import is_quiet

LINE_SECONDS = 10.0


class Progress(tqdm):
    """`tqdm` whose bar becomes separate lines in a file, and nothing with `--quiet`.

    Args:
        iterable: what to iterate over; None if `update` is called instead.
        desc: what the work is, such as "Translating".
        unit: the singular of what is counted.
        **options: further arguments of `tqdm`.
    """

    def __init__(
        self,
        iterable: Iterable | None = None,
        desc: str = "",
        unit: str = "image",
        **options: Any,
    ):
        # Before the constructor of tqdm, which calls `display`.
        self.on_terminal = sys.stderr.isatty()
        if not self.on_terminal:
            options |= {
                "file": io.StringIO(),
                "delay": LINE_SECONDS,
                "mininterval": LINE_SECONDS,
                "miniters": 1,
                "bar_format": "{desc}: {n_fmt} of {total_fmt} {unit}s, {elapsed} "
                "elapsed, {remaining} left{postfix}",
            }
        super().__init__(iterable, desc, unit=unit, disable=is_quiet(), **options)

    def display(self, *args: Any, **options: Any) -> None:
        """Draws the bar, or prints a line."""
        if self.on_terminal:
            super().display(*args, **options)
        else:
            print(self, file=sys.stderr, flush=True)


class Interval:
    """Whether ten seconds have passed, for progress that is not counted here."""

    def __init__(self):
        self._last = time.monotonic()

    def is_over(self) -> bool:
        """Whether the interval is over; if so, the next one begins."""
        if time.monotonic() - self._last < LINE_SECONDS:
            return False
        self._last = time.monotonic()
        return True
