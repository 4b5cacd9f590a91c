"""Lines that C++ code writes past Python's `sys.stderr`."""

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO


@contextmanager
def without_lines(chatter: re.Pattern[bytes]) -> Iterator[None]:
    """Catches what goes to file descriptor 2 meanwhile, and passes the rest on."""
    try:
        caught = _file_in_memory()
    except OSError:  # There is no place for it: all lines are seen.
        yield
        return
    sys.stderr.flush()
    terminal = os.dup(2)
    with caught:
        os.dup2(caught.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(terminal, 2)
            os.close(terminal)
            caught.seek(0)
            _pass_on(caught.readlines(), chatter)


def _file_in_memory() -> BinaryIO:
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("stderr"), "r+b")
    return tempfile.TemporaryFile()


def _pass_on(lines: list[bytes], chatter: re.Pattern[bytes]) -> None:
    for line in lines:
        if not chatter.match(line):
            os.write(2, line)
