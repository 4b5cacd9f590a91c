"""`stargan-tf COMMAND …`: finds the command, parses its flags, reports errors.

A command is a module `stargan_tf.cli.<name>` listed in `COMMANDS` (`import_` for
`import`). It has

- `SUMMARY`: one line for the program's help, e.g. `"Translate pictures."`
- `USAGE`: one line (or several) with the shape of the command, e.g.
  `"stargan-tf translate --model DIR --to NAME INPUT [INPUT …] --output PATH"`
- `define_flags(flag_values: absl.flags.FlagValues) -> None`: declares its flags in
  the given, fresh `FlagValues`. `module_name="Output"` puts a flag under that
  heading in the help:
  `flags.DEFINE_string("to", None, "help", flag_values=fv, module_name="Target")`
- `define_flags_for(flag_values, arguments) -> None`, in place of the former: for flags
  that depend on what else stands on the command line.
- `run(flag_values, positionals: list[str]) -> int | None`: does the work. The
  result is the exit status, None meaning 0. Flags and positionals may be mixed on
  the command line, and `--batch-size` is read as `--batch_size`.

Importing a command's module imports neither TensorFlow nor Keras nor NumPy: `run`
imports what it needs, after `cli.quiet_start.start_tensorflow()`. What the user
caused is raised as `InputError` (or `OSError`, or an `ImportError` that names an
extra, `stargan_tf[…]`) and printed here in one line, with exit status 2. A
`KeyboardInterrupt` may carry a message that says how to go on; it is printed, with
status 130. Everything else keeps its traceback.
"""

import logging
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from keyword import iskeyword
from types import ModuleType

from absl import flags

from stargan_tf.cli.help import command_help, program_help
from stargan_tf.errors import ExpectedError, InputError, near_names
from stargan_tf.files import user_path

PROGRAM = "stargan-tf"
COMMANDS = (
    "train",
    "translate",
    "evaluate",
    "compare",
    "doctor",
    "import",
    "export",
    "serve",
    "demo",
    "distill",
    "datasets",
    "new-plugin",
    "presets",
    "env",
)
HELP = ("help", "-h", "--help", "-help", "--helpfull", "--helpshort")
USER_ERROR = 2
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        argv: what stands after the program's name; by default `sys.argv[1:]`.

    Returns:
        The exit status: 0, 2 for an error of the user's, 130 for an interruption.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            # Reported as an unreadable picture; Pillow's note would be a second line.
            warnings.filterwarnings("ignore", "Image size .* exceeds limit")
            return _dispatch(arguments)
    except (ExpectedError, flags.Error, OSError) as error:
        return _report(error, USER_ERROR)
    except ImportError as error:
        if "stargan_tf[" not in str(error):
            raise
        return _report(error, USER_ERROR)
    except KeyboardInterrupt as interrupt:
        return _report(f"interrupted. {interrupt}", INTERRUPTED)


def _dispatch(arguments: list[str]) -> int:
    if not arguments or arguments[0] in HELP:
        print(program_help(PROGRAM, {name: _module(name) for name in COMMANDS}))
        return 0 if arguments else USER_ERROR
    name, *rest = arguments
    if name not in COMMANDS:
        raise InputError(f"There is no command '{name}'. {near_names(name, COMMANDS)}")
    return _run(_module(name), name, rest)


def _module(name: str) -> ModuleType:
    # A file cannot be called import.py: Python reads that word otherwise.
    file = name.replace("-", "_") + "_" * iskeyword(name)
    return import_module(f"stargan_tf.cli.{file}")


def _run(command: ModuleType, name: str, arguments: list[str]) -> int:
    arguments = [_at_home(argument) for argument in arguments]
    flag_values = flags.FlagValues()
    # Positionals may stand before, between and after flags.
    flag_values.set_gnu_getopt(True)
    if hasattr(command, "define_flags_for"):
        command.define_flags_for(flag_values, arguments)
    else:
        command.define_flags(flag_values)
    if any(argument in HELP[1:] for argument in arguments):
        print(command_help(command, flag_values))
        return 0
    positionals = flag_values([f"{PROGRAM} {name}", *map(_underscored, arguments)])[1:]
    # The form of what the data pipeline logs, such as pictures it left out.
    logging.basicConfig(format=f"{PROGRAM}: %(message)s")
    return command.run(flag_values, positionals) or 0


def _underscored(argument: str) -> str:
    """`--batch-size=8` → `--batch_size=8`; values and positionals stay."""
    if not argument.startswith("--"):
        return argument
    name, equals, value = argument.partition("=")
    return "--" + name[2:].replace("-", "_") + equals + value


def _at_home(argument: str) -> str:
    """`~/a` and `--run=~/a` → `/home/me/a`; shells do it for the former only."""
    flag, tilde, path = argument.partition("=~")
    if tilde and flag.startswith("-") and "=" not in flag:
        return f"{flag}={_at_home('~' + path)}"
    if not argument.startswith("~"):
        return argument
    # A slash at the end says that a folder is meant.
    return str(user_path(argument)) + "/" * argument.endswith("/")


def _show_warning(message: Warning | str, *_: object) -> None:
    """One line: where in our code a warning arose says nothing to a user."""
    _report(f"warning: {message}", 0)


def _report(message: object, status: int) -> int:
    print(f"{PROGRAM}: {' '.join(str(message).split())}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
