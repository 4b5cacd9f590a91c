"""Lines that C++ code writes past Python's `sys.stderr`."""

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_lines(chatter: re.Pattern[bytes]) -> Iterator[None]:
    """Catches what goes to file descriptor 2 meanwhile, and passes the rest on.

    Args:
        chatter: lines that begin so are dropped.
    """
    sys.stderr.flush()
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as caught:
        os.dup2(caught.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(terminal, 2)
            os.close(terminal)
            caught.seek(0)
            _pass_on(caught.readlines(), chatter)


def _pass_on(lines: list[bytes], chatter: re.Pattern[bytes]) -> None:
    for line in lines:
        if not chatter.match(line):
            os.write(2, line)
