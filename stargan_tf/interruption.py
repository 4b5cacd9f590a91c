"""How Ctrl-C, SIGTERM, and SIGHUP end the command line.

The first signal raises `KeyboardInterrupt` in the main thread, so that incomplete files
are removed; work that must not be interrupted postpones it. A second signal ends the
process immediately.

Only the command line installs the handlers. In a Keras script, the functions below have
no effect: Ctrl-C raises `KeyboardInterrupt`, and SIGTERM ends the process.
"""

import contextlib
import os
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

# SIGHUP, a closed terminal, does not exist on Windows.
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
SIGNALS = tuple(getattr(signal, name) for name in _NAMES if hasattr(signal, name))
INTERRUPTED, TERMINATED = 130, 143
# `timeout` and some schedulers signal a process and then its group: count it once.
_ECHO_S = 0.2
_END = b"\0"  # Not the number of a signal.
_SOCKET_TYPE = socket.SOCK_STREAM if os.name == "nt" else socket.SOCK_DGRAM
# SO_TIMESTAMP of Linux, which Python lacks; setting it may fail on other systems.
_TIMESTAMP = 29

_received: int | None = None
_agreed: int | None = None
_is_raised = False
_watched: list[int] = []
_postponements = 0


@contextlib.contextmanager
def handled_signals() -> Iterator[None]:
    """Handles signals within the block; does nothing outside of the main thread.

    Signals that are already ignored, as under `nohup`, stay ignored.
    """
    global _received, _agreed, _is_raised
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    earlier = {number: signal.getsignal(number) for number in SIGNALS}
    watched = [n for n, handler in earlier.items() if handler is not signal.SIG_IGN]
    _received, _agreed, _is_raised = None, None, False
    # Datagrams, if available, have a timestamp from the system.
    written, watcher_end = socket.socketpair(type=_SOCKET_TYPE)
    with contextlib.suppress(OSError):
        watcher_end.setsockopt(socket.SOL_SOCKET, _TIMESTAMP, 1)
    written.setblocking(False)
    earlier_descriptor = signal.set_wakeup_fd(
        written.fileno(), warn_on_full_buffer=False
    )
    # Python calls handlers between its instructions, which a long computation delays; a
    # thread receives the second signal immediately.
    watcher = threading.Thread(target=_watch, args=(watcher_end, watched), daemon=True)
    watcher.start()
    _watched[:] = watched
    renew_handlers()
    try:
        yield
    finally:
        _watched.clear()
        for number in watched:
            signal.signal(number, earlier[number] or signal.SIG_DFL)
        signal.set_wakeup_fd(earlier_descriptor)
        written.send(_END)
        watcher.join()
        written.close()
        watcher_end.close()
        _received = _agreed = None


def renew_handlers() -> None:
    """Installs the handlers again, since TensorFlow's cluster replaces SIGTERM's."""
    for number in _watched:
        signal.signal(number, _receive)


def exit_status() -> int:
    """The exit status of a process that stops now: 143, or 130 after Ctrl-C."""
    return _status(_agreed or _received or signal.SIGINT)


def received() -> int:
    """The number of the signal that was received first; 0 for none."""
    return _received or 0


def agree_on(number: int) -> None:
    """Sets the signal that stops several processes together, for `exit_status`."""
    global _agreed
    _agreed = number


@contextlib.contextmanager
def postponed() -> Iterator[None]:
    """Postpones the `KeyboardInterrupt` of a signal to the end of the block."""
    global _postponements, _is_raised
    _postponements += 1
    try:
        yield
    finally:
        _postponements -= 1
    if _received and not _postponements and not _is_raised:
        _is_raised = True
        raise KeyboardInterrupt


def abandoned_on_stop(work: Callable[[], None]) -> None:
    """Does work within `postponed` that a signal interrupts or skips."""
    global _postponements, _is_raised
    if _received:
        return
    outside, _postponements = _postponements, 0
    try:
        work()
    except KeyboardInterrupt:
        if not (_received and outside):
            raise
        _is_raised = False  # The enclosing block raises it at its end.
    finally:
        _postponements = outside


def _receive(number: int, _: object) -> None:
    global _received, _is_raised
    if _received is None:
        _received = number
    if not _postponements and not _is_raised:
        _is_raised = True
        raise KeyboardInterrupt


def _watch(descriptor: socket.socket, watched: list[int]) -> None:
    first = None
    while True:
        if _SOCKET_TYPE is socket.SOCK_DGRAM:
            message, ancillary, *_ = descriptor.recvmsg(1, 64)
        else:
            message, ancillary = descriptor.recv(1), []
        if message == _END:
            return
        if message[0] not in watched:
            continue
        moment = _moment(ancillary)
        if first is None:
            first = moment
        elif moment - first > _ECHO_S:
            os._exit(_status(message[0]))


def _moment(ancillary: list[tuple[int, int, bytes]]) -> float:
    """The time when the message was sent; the thread may have read it later."""
    for _, message_type, content in ancillary:
        if message_type == _TIMESTAMP and len(content) == struct.calcsize("ll"):
            seconds, microseconds = struct.unpack("ll", content)
            return seconds + microseconds / 1e6
    return time.time()


def _status(number: int) -> int:
    return INTERRUPTED if number == signal.SIGINT else TERMINATED
