"""`stargan-tf COMMAND …`: finds the command, parses its flags, reports errors.

What the user caused is raised as `InputError` (or an `ImportError` that names an extra,
`stargan_tf[…]`) and printed here in one line, with exit status 2. So is an `OSError`
if the machine caused it (a full disk, missing permission) or if it is about a path on
the command line. SIGINT, SIGTERM and SIGHUP raise `KeyboardInterrupt`, which may carry
a message that says how to resume; it is printed, with status 130 or 143. Everything
else keeps its traceback.
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

# Name → its `Command`, imported when it is used.
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
USER_ERROR = 2
UNREAD = 141  # as of a program that a shell ends because nobody reads its output
# Errors of the system that are no defect of ours wherever they come from.
_OF_THE_MACHINE = (
    "EACCES EADDRINUSE EDQUOT EFBIG EIO EMFILE ENAMETOOLONG ENFILE ENOMEM ENOSPC EPERM "
    "EROFS"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command.

    Returns:
        The exit status: 0; 2 for an error of the user's; 130 after Ctrl-C and 143
        after SIGTERM or SIGHUP, unless a command ends in its usual way then; 141 if
        whoever read the output has gone.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    with interruption.handled_signals(), _any_character_printed():
        try:
            status = _answer(arguments)
            sys.stdout.flush()
            return status
        except BrokenPipeError:
            if not _reader_has_gone():
                raise
            return UNREAD


def _answer(arguments: list[str]) -> int:
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            # Reported as an unreadable image; Pillow's note would be a second line.
            warnings.filterwarnings("ignore", "Image size .* exceeds limit")
            return _dispatch(arguments)
    except KeyboardInterrupt as interrupt:
        return _report(f"interrupted. {interrupt}", interruption.exit_status())
    except Exception as error:
        message = _explanation(error, arguments)
        if message is None:
            raise
        if "--debug" in arguments:
            traceback.print_exc()
        return _report(message, USER_ERROR)


def _explanation(error: Exception, arguments: list[str]) -> str | None:
    """What a user is told of an error; None of a defect."""
    text, surrogates = str(error), "surrogates" in getattr(error, "reason", "")
    if isinstance(error, UnicodeEncodeError) and surrogates:
        return (
            f"A name is not in UTF-8, which is needed here: {error.object!a}. Rename "
            "the file or folder."
        )
    # TensorFlow's class, which is not imported for this. A full disk has the same one.
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
    advice = "Give a smaller --batch_size: memory grows nearly in proportion to it."
    if arguments[0] == "train":
        # Measured by benchmarks/memory_v2.py: what a step adds to weights and moments.
        advice += (
            " A smaller --image_size needs a quarter for half the side. Where the "
            "model has them, --accumulate 4 saves 23 % of what a step needs, --remat "
            "13 % and --precision mixed_bfloat16 10 % (at 128 px on a CPU); the "
            "presets ..._low_memory combine them."
        )
    reason = getattr(error, "message", None) or str(error)
    first = reason.strip().splitlines()[0][:300]
    command = " ".join(arguments)[:300]
    return f"The device has too little memory for '{command}' ({first}). {advice}"


@contextlib.contextmanager
def _any_character_printed() -> Iterator[None]:
    """What the streams' encoding lacks, such as an arrow in ASCII, becomes a "?"."""
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
    """Whether it was our output that broke; the rest of it then goes nowhere."""
    broken = [stream for stream in (sys.stdout, sys.stderr) if _is_broken(stream)]
    for stream in broken:
        # Python flushes once more at its end, and would complain.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    return bool(broken)


def _is_broken(stream: TextIO) -> bool:
    try:
        poll = select.poll()
        poll.register(stream.fileno(), 0)
        return any(
            event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0)
        )
    except (AttributeError, OSError, ValueError):
        return False  # Windows, or a stream that is no file


def _is_expected(error: OSError, arguments: Sequence[str]) -> bool:
    """Whether an error is the machine's or about a path that the user typed."""
    if isinstance(error, BrokenPipeError):
        return False
    of_the_machine = errno.errorcode.get(error.errno) in _OF_THE_MACHINE.split()
    if of_the_machine or isinstance(error, ConnectionError | TimeoutError):
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
    # The form of what the data pipeline logs, such as images it left out.
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
        epilog=f"'{PROGRAM} COMMAND --help' lists a command's flags.",
    )
    parser.add_argument("-h", "--help", action="help", help="Show this help.")
    help = "Show the version of stargan_tf."
    parser.add_argument("--version", action="version", version=__version__, help=help)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name, path in COMMANDS.items():
        commands.add_parser(name, help=resolve_name(path).summary)
    return parser


def _show_warning(message: Warning | str, *_: object) -> None:
    """One line: where in our code a warning arose says nothing to a user."""
    _report(f"warning: {message}", 0)


def _report(message: object, status: int) -> int:
    line = " ".join(str(message).split())
    if len(line) > MAX_MESSAGE:
        # The end often says what to do.
        half = MAX_MESSAGE // 2 - 40
        left_out = len(line) - 2 * half
        line = f"{line[:half]} … ({left_out:,} characters) … {line[-half:]}"
    print(f"{PROGRAM}: {line}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
