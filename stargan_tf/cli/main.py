"""`stargan-tf COMMAND …`: finds the command, parses its flags, reports errors.

Mistakes of the user are raised as `InputError` (or as an `ImportError` that names an
extra, `stargan_tf[…]`) and printed in one line, with exit status 2. So is an `OSError`
that the machine caused (a full disk, missing permission) or that concerns a path on the
command line. SIGINT, SIGTERM, and SIGHUP raise `KeyboardInterrupt`, whose message may
explain how to resume; it is printed, with status 130 or 143. Every other exception is a
bug: its traceback is printed with a request to report it, with status 1.
"""

import argparse
import contextlib
import errno
import logging
import os
import select
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from pkgutil import resolve_name
from typing import TextIO

from absl import flags

from stargan_tf import interruption
from stargan_tf.cli.command import LOG_LEVEL, PROGRAM, CommandParser, HelpFormatter
from stargan_tf.errors import ExpectedError, InputError, near_names
from stargan_tf.limits import MAX_MESSAGE
from stargan_tf.native_output import quietly
from stargan_tf.version import __version__

# Name → its `Command`, which is imported on use.
COMMANDS = {
    "train": "stargan_tf.cli.train:TRAIN",
    "translate": "stargan_tf.cli.translate:TRANSLATE",
    "align": "stargan_tf.cli.align:ALIGN",
    "detect": "stargan_tf.cli.translate:DETECT",
    "evaluate": "stargan_tf.cli.train:EVALUATE",
    "compare": "stargan_tf.cli.train:COMPARE",
    "questionnaire": "stargan_tf.cli.questionnaire:QUESTIONNAIRE",
    "doctor": "stargan_tf.cli.data:DOCTOR",
    "import": "stargan_tf.cli.export:IMPORT",
    "export": "stargan_tf.cli.export:EXPORT",
    "serve": "stargan_tf.cli.export:SERVE",
    "demo": "stargan_tf.cli.export:DEMO",
    "datasets": "stargan_tf.cli.data:DATASETS_COMMAND",
    "cache": "stargan_tf.cli.data:CACHE",
    "new-plugin": "stargan_tf.cli.data:NEW_PLUGIN",
    "presets": "stargan_tf.cli.data:SHOW_PRESETS",
    "env": "stargan_tf.cli.data:ENV",
}
BUG, USER_ERROR = 1, 2
UNREAD = 141  # that of a program that SIGPIPE ends
# System errors that are never a bug of this package.
_MACHINE_ERRORS = (
    "EACCES EADDRINUSE EDQUOT EFBIG EIO EMFILE ENAMETOOLONG ENFILE ENOMEM ENOSPC EPERM "
    "EROFS"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command.

    Returns:
        The exit status: 0; 1 for a bug; 2 for a user error; 130 after Ctrl-C and 143
        after SIGTERM or SIGHUP, unless that is how the command ends normally; 141 if
        the reader of the output has closed it, as `head` does.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if "_ARGCOMPLETE" in os.environ:
        _complete(os.environ["COMP_LINE"])
    with interruption.handled_signals(), _any_character_printed():
        try:
            status = _answer(arguments)
            sys.stdout.flush()
            return status
        except BrokenPipeError:
            return UNREAD if _reader_has_gone() else _report_bug()


def _complete(line: str) -> None:
    """Prints what may follow a command line, for the shell, and exits."""
    import argcomplete

    _, name, *words = [*line.split(), ""]
    parser: argparse.ArgumentParser
    if name in COMMANDS and not line.endswith(name):
        os.environ["_ARGCOMPLETE"] = "2"  # The command's name is the program's.
        parser = CommandParser(name, resolve_name(COMMANDS[name]), words)
    else:
        parser = _program_parser()
    argcomplete.autocomplete(parser)


def _answer(arguments: list[str]) -> int:
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            # Reported as an unreadable image; Pillow's warning would repeat it.
            warnings.filterwarnings("ignore", "Image size .* exceeds limit")
            return _dispatch(arguments)
    except KeyboardInterrupt as interrupt:
        return _report(f"interrupted. {interrupt}", interruption.exit_status())
    except BrokenPipeError:
        raise
    except Exception as error:
        message = _explanation(error, arguments)
        if message is None:
            return _report_bug()
        if "--debug" in arguments:
            traceback.print_exc()
        return _report(message, USER_ERROR)


def _explanation(error: Exception, arguments: list[str]) -> str | None:
    """The message for an error of the user or the machine; None for a bug."""
    text, surrogates = str(error), "surrogates" in getattr(error, "reason", "")
    if isinstance(error, UnicodeEncodeError) and surrogates:
        return (
            f"File names must be valid UTF-8. Received: {error.object!a}. Rename the "
            "file or folder."
        )
    # TensorFlow's class, matched without importing it; also raised for a full disk.
    if type(error).__name__ == "ResourceExhaustedError" and (
        "oom" in text.lower() or "alloc" in text.lower()
    ):
        return _out_of_memory(error, arguments)
    expected = (
        isinstance(error, ExpectedError | flags.Error)
        or (isinstance(error, OSError) and _is_expected(error, arguments))
        or (isinstance(error, ImportError) and "stargan_tf[" in text)
    )
    return text if expected else None


def _out_of_memory(error: Exception, arguments: list[str]) -> str:
    advice = "Pass a smaller --batch_size: memory is nearly proportional to it."
    if arguments[0] == "train":
        # Measured by benchmarks/memory_v2.py: a step's memory beyond weights and
        # optimizer state.
        advice += (
            " Half the --image_size needs a quarter. Where the model has them, "
            "--accumulate 4 saves 23 % of a step's memory, --remat 13 %, and "
            "--precision mixed_bfloat16 10 % (at 128 px on a CPU); the presets "
            "..._low_memory combine them."
        )
    reason = getattr(error, "message", None) or str(error)
    first = reason.strip().splitlines()[0][:300]
    command = " ".join(arguments)[:300]
    return f"The device has too little memory for '{command}' ({first}). {advice}"


@contextlib.contextmanager
def _any_character_printed() -> Iterator[None]:
    """Prints "?" for characters that the streams' encoding lacks."""
    changed = []
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            changed.append((stream, stream.errors))
            stream.reconfigure(errors="replace")
    try:
        yield
    finally:
        for stream, errors in changed:
            with contextlib.suppress(OSError, ValueError):
                stream.reconfigure(errors=errors)


def _reader_has_gone() -> bool:
    """Whether our output was closed; what remains of it is then discarded."""
    broken = [stream for stream in (sys.stdout, sys.stderr) if _is_broken(stream)]
    for stream in broken:
        # Python flushes once more at exit, which would fail.
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)
    return bool(broken)


def _is_broken(stream: TextIO) -> bool:
    try:
        poll = select.poll()
        poll.register(stream.fileno(), 0)
        return any(
            event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0)
        )
    except (AttributeError, OSError, ValueError):
        return False  # Windows, or a stream without a file descriptor


def _is_expected(error: OSError, arguments: Sequence[str]) -> bool:
    """Whether the machine caused an error, or a path that the user typed."""
    from_machine = errno.errorcode.get(error.errno) in _MACHINE_ERRORS.split()
    if from_machine or isinstance(error, ConnectionError | TimeoutError):
        return True
    if not isinstance(error.filename, str):
        return False
    path = Path(os.path.abspath(error.filename))
    typed = [argument.rpartition("=")[2] for argument in arguments]
    return any(path.is_relative_to(os.path.abspath(text)) for text in typed if text)


def _dispatch(arguments: list[str]) -> int:
    if arguments[:1] == ["help"]:
        arguments = [*arguments[1:2], "--help"]
    if not arguments:
        _program_parser().print_help()
        return USER_ERROR
    name, *rest = arguments
    if name not in ("-h", "--help", "--version", *COMMANDS):
        raise InputError(f"There is no command '{name}'. {near_names(name, COMMANDS)}")
    try:
        if name not in COMMANDS:
            _program_parser().parse_args([name])
        command = resolve_name(COMMANDS[name])
        args = CommandParser(name, command, rest).parse()
    except SystemExit:  # After --help or --version.
        return 0
    # Format of what the data pipeline logs, such as skipped images.
    level = logging.INFO if args.verbose else logging.WARNING
    logging.basicConfig(format=f"{PROGRAM}: %(message)s", level=level)
    if args.verbose:
        os.environ.setdefault(LOG_LEVEL, "0")
    with quietly() if args.quiet else contextlib.nullcontext():
        return command.run(args) or 0


def _program_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        usage=f"{PROGRAM} COMMAND [--flag VALUE …]",
        description="StarGAN for TensorFlow and Keras 3: one model, many image "
        "domains.",
        formatter_class=HelpFormatter,
        add_help=False,
        epilog=f"'{PROGRAM} COMMAND --help' lists a command's flags. For shell "
        "completion, pip install 'stargan_tf[completion]', then put eval "
        f'"$(register-python-argcomplete {PROGRAM})" into ~/.bashrc or ~/.zshrc (fish: '
        f"register-python-argcomplete --shell fish {PROGRAM} | source).",
    )
    parser.add_argument("-h", "--help", action="help", help="Show this help.")
    help = "Show the version of stargan_tf."
    parser.add_argument("--version", action="version", version=__version__, help=help)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name, path in COMMANDS.items():
        commands.add_parser(name, help=resolve_name(path).summary)
    return parser


def _show_warning(message: Warning | str, *_: object) -> None:
    """Prints a warning in one line, without its place in our code."""
    _report(f"warning: {message}", 0)


def _report_bug() -> int:
    traceback.print_exc()
    message = (
        "this is a bug in stargan_tf. Please report it with the traceback above and "
        f"the output of '{PROGRAM} env'."
    )
    return _report(message, BUG)


def _report(message: object, status: int) -> int:
    line = " ".join(str(message).split())
    if len(line) > MAX_MESSAGE:
        # The end often says how to fix it.
        half = MAX_MESSAGE // 2 - 40
        omitted = len(line) - 2 * half
        line = f"{line[:half]} … ({omitted:,} characters) … {line[-half:]}"
    print(f"{PROGRAM}: {line}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
