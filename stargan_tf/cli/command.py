"""Commands of `stargan-tf`: definition, command-line parsing, and startup.

A command is a `Command` in a module of this folder, listed in `main.COMMANDS`.
Importing that module, and adding the arguments, imports neither TensorFlow nor Keras
nor NumPy; `run` calls `start_tensorflow` when everything else has been checked.
"""

import argparse
import difflib
import math
import os
import re
import shlex
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from absl import flags
from absl.flags import argparse_flags

from stargan_tf.data.labels import LabelSpace
from stargan_tf.errors import InputError
from stargan_tf.files import user_path
from stargan_tf.interruption import postponed
from stargan_tf.native_output import note, without_lines

PROGRAM = "stargan-tf"
# Placeholders for flag values in the help.
METAVARS = {int: "N", float: "X"}
# Flags of every command.
VERBOSITY = {
    "quiet": "Print results and errors only.",
    "verbose": "Also print TensorFlow's messages.",
    "debug": "Print a traceback with every error.",
}


@dataclass(frozen=True)
class Command:
    """One command.

    Args:
        summary: one line for the program's help.
        usage: what follows `stargan-tf` on the command line; more lines may explain.
        add_arguments: adds its arguments to the parser, the flags in groups.
        run: does the work, with the parsed arguments. Returns the exit status; None
            means 0.
        renamed: flags of earlier versions → their current names, which may be several
            words; the last one takes the value. They work, but are not in the help.
    """

    summary: str
    usage: str
    add_arguments: Callable[["CommandParser"], None]
    run: Callable[[argparse.Namespace], int | None]
    renamed: Mapping[str, str] = field(default_factory=dict)


class HelpFormatter(argparse.HelpFormatter):
    """Shows informative defaults as `[VALUE]`, in lines of 70 to 100 characters."""

    def __init__(self, prog: str) -> None:
        width = max(70, min(100, shutil.get_terminal_size().columns))
        super().__init__(prog, max_help_position=30, width=width)

    def _get_default_metavar_for_optional(self, action: argparse.Action) -> str:
        value_type = getattr(action.type, "value_type", action.type)
        return METAVARS.get(value_type) or super()._get_default_metavar_for_optional(
            action
        )

    def _get_help_string(self, action: argparse.Action) -> str | None:
        no_default = action.default in (None, argparse.SUPPRESS)
        if no_default or isinstance(action.default, bool):
            return action.help
        return f"{action.help} [%(default)s]"


class CommandParser(argparse_flags.ArgumentParser):
    """Reads the command line of one command.

    Flags and positional arguments may be mixed, `--batch-size` is `--batch_size`, `~`
    is the home folder, and `--flagfile FILE` reads flags from a file.

    Args:
        name: the command's name.
        command: the command.
        arguments: the words after the name on the command line.
    """

    def __init__(self, name: str, command: Command, arguments: Sequence[str]) -> None:
        super().__init__(
            prog=f"{PROGRAM} {name}",
            usage=f"{PROGRAM} {command.usage}",
            description=command.summary,
            formatter_class=HelpFormatter,
            allow_abbrev=False,
            add_help=False,
            # Only --flagfile: no flags that other libraries declare.
            inherited_absl_flags=flags.FlagValues(),
        )
        # Expanded here, not by argparse: flags in the file may have dashes, too.
        read = self._inherited_absl_flags.read_flags_from_files(list(arguments))
        self.arguments = [
            word
            for argument in read
            for word in _renamed(underscored(at_home(argument)), command.renamed)
        ]
        self._required: list[str] = []
        self.add_argument("-h", "--help", action="help", help="Show this help.")
        for name, text in VERBOSITY.items():
            self.add_argument(f"--{name}", action="store_true", help=text)
        command.add_arguments(self)

    def add_required(self, flag: str, help: str) -> None:
        """Adds a required flag; its value may also be given without `--name`."""
        self.add_argument(flag, help=help)
        self._required.append(flag)
        name, hidden = flag.removeprefix("--"), argparse.SUPPRESS
        self.add_argument(name, nargs="?", default=hidden, help=hidden)

    def parse(self) -> argparse.Namespace:
        """Parses `arguments`.

        Raises:
            InputError: if the command does not take an argument.
            SystemExit: after `--help`.
        """
        for argument in self.arguments:
            self._check_name(argument.partition("=")[0])
        arguments: list[str] = []
        for argument in self.arguments:
            flag = self._option_string_actions.get(arguments[-1]) if arguments else None
            if flag and flag.nargs is None and re.match("-(?!-)", argument):
                arguments[-1] += f"={argument}"  # --to -Young: argparse sees a flag
            else:
                arguments.append(argument)
        parsed, left = self.parse_known_intermixed_args(arguments)
        for argument in left:
            self._check_name(argument.partition("=")[0])
        if left:
            positional = any(not action.option_strings for action in self._actions)
            taken = "fewer arguments" if positional else "flags only"
            raise InputError(f"'{self.prog}' takes {taken}. Received: {' '.join(left)}")
        for flag in self._required:
            if getattr(parsed, flag.removeprefix("--")) is None:
                self.error(f"the following arguments are required: {flag}")
        return parsed

    def _check_name(self, flag: str) -> None:
        known = self._option_string_actions
        if not flag.startswith("--") or flag in {"--", "--flagfile", *known}:
            return
        close = difflib.get_close_matches(flag, known, n=2)
        advice = f"Did you mean {' or '.join(close)}? " if close else ""
        raise InputError(
            f"'{self.prog}' has no flag {flag}. {advice}'{self.prog} --help' lists "
            "its flags."
        )

    def error(self, message: str) -> NoReturn:
        """Raises `InputError` instead of exiting."""
        raise InputError(f"'{self.prog}': {message}")


def add_overwrite(add: Callable[..., Any]) -> None:
    """Adds `--overwrite`; without it, a command replaces no files.

    Args:
        add: `add_argument` of the parser or of a group.
    """
    help = "Replace existing output."
    add("--overwrite", action=Switch, default=False, help=help)


class Switch(argparse.Action):
    """The action of `--name` and `--noname`."""

    def __init__(
        self, option_strings: Sequence[str], dest: str, default: Any = None, **texts
    ) -> None:
        (name,) = option_strings
        names = [name, f"--no{name.removeprefix('--')}"]
        super().__init__(names, dest, nargs=0, default=default, **texts)

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Stores whether the flag was given without `no`."""
        setattr(namespace, self.dest, option_string == self.option_strings[0])


def number(
    value_type: type, minimum: float, maximum: float = math.inf
) -> Callable[[str], int | float]:
    """The `type` of a numeric flag with limits."""
    expected = "a whole number" if value_type is int else "a number"
    expected += f", at least {minimum}"
    if maximum != math.inf:
        expected += f" and at most {maximum}"

    def read(text: str) -> int | float:
        try:
            value = value_type(text)
        except ValueError:
            value = math.nan
        if not minimum <= value <= maximum or not math.isfinite(value):
            raise argparse.ArgumentTypeError(f"must be {expected}. Received: {text}")
        return value

    read.value_type = value_type
    return read


def underscored(argument: str) -> str:
    """`--batch-size=8` → `--batch_size=8`; other arguments stay unchanged."""
    if not argument.startswith("--"):
        return argument
    name, equals, value = argument.partition("=")
    return "--" + name[2:].replace("-", "_") + equals + value


def _renamed(argument: str, renamed: Mapping[str, str]) -> list[str]:
    name, equals, value = argument.partition("=")
    if name not in renamed:
        return [argument]
    *words, last = renamed[name].split()
    return [*words, last + equals + value]


def at_home(argument: str) -> str:
    """`~/a` and `--run=~/a` → `/home/me/a`; shells expand only the first form."""
    flag, tilde, path = argument.partition("=~")
    if tilde and flag.startswith("-") and "=" not in flag:
        return f"{flag}={at_home('~' + path)}"
    if not argument.startswith("~"):
        return argument
    # A trailing slash marks a folder.
    return str(user_path(argument)) + "/" * argument.endswith("/")


def print_next_steps(
    uses: Sequence[str], model: Any, label_space: LabelSpace, last: str
) -> None:
    """Prints example commands for a model."""
    domain = label_space.datasets[0].domains[0]
    domain = shlex.quote(label_space.written(0, domain))
    note("What to do next:")
    for use in uses:
        note(f"  {PROGRAM} translate --model {model} {use.format(domain=domain)}")
    note(f"  {PROGRAM} {last}")


LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
# What TensorFlow's C++ code prints at each start before `LOG_LEVEL` takes effect (seen
# with 2.21): info and warnings (I…, W…), the announcement before them, and the error of
# a GPU build that finds no driver, which is normal on a machine without a GPU.
_CHATTER = re.compile(
    rb"[IW]\d{4} |WARNING: All log messages before absl::InitializeLog"
    # TensorFlow 2.18 begins lines with the date.
    rb"|(E\d{4}|\d{4}-\d\d-\d\d [\d:.]+: E) .*(cuInit|Unable to register cu)"
)


def start_tensorflow() -> None:
    """Imports TensorFlow and Keras and finds devices, without their startup messages.

    If the environment sets `TF_CPP_MIN_LOG_LEVEL`, everything is shown.
    """
    # Postponed: an exception in the middle of an import may get lost, or leave a
    # half-initialized module behind.
    with postponed():
        if LOG_LEVEL in os.environ:
            _import_tensorflow()
            return
        os.environ[LOG_LEVEL] = "2"
        with without_lines(_CHATTER):
            _import_tensorflow()


def _import_tensorflow() -> None:
    # Required by this package; ~/.keras/keras.json may contain other settings.
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras
    import tensorflow as tf

    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")

    tf.config.list_physical_devices()
    # Remapping fails on the style encoder's graph (seen with 2.21): it prints an error
    # at the first image and changes nothing. Where it works, it saves no time.
    tf.config.optimizer.set_experimental_options({"remapping": False})
