"""Terminal output: notes about the work, and the output of C++ code."""

import logging
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from typing import Any, BinaryIO, TextIO

_quiet = False


def note(text: str) -> None:
    """Prints information that is not a result, unless `--quiet`."""
    if not _quiet:
        print(text, flush=True)


def is_quiet() -> bool:
    """Whether only results and errors are printed."""
    return _quiet


@contextmanager
def quietly() -> Iterator[None]:
    """Hides notes, warnings, and progress bars: shows only results and errors."""
    global _quiet
    _quiet = True
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), redirect_stderr(_NoTerminal(sys.stderr)):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)
        _quiet = False


class _NoTerminal:
    """A stream that looks like a file to progress bars."""

    def __init__(self, stream: TextIO):
        self._stream = stream

    def isatty(self) -> bool:
        return False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def without_lines(chatter: re.Pattern[bytes]) -> Iterator[None]:
    """Drops lines that match `chatter` from file descriptor 2 during the block."""
    try:
        caught = _file_in_memory()
    except OSError:  # No space for it: print all lines.
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
