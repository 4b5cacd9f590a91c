"""What the terminal shows: notes about the work, and the output of C++ code."""

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
    """Prints what a person may want to know meanwhile, which is no result."""
    if not _quiet:
        print(text, flush=True)


def is_quiet() -> bool:
    """Whether only results and errors are printed."""
    return _quiet


@contextmanager
def quietly() -> Iterator[None]:
    """Shows results and errors only: no notes, warnings, and progress bars."""
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
    """A stream that progress bars take for a file."""

    def __init__(self, stream: TextIO):
        self._stream = stream

    def isatty(self) -> bool:
        return False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


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
