"""Text of `stargan-tf --help` and of `stargan-tf COMMAND --help`."""

import shutil
import textwrap
from collections.abc import Mapping
from types import ModuleType

from absl import flags

INDENT = "  "


def program_help(program: str, commands: Mapping[str, ModuleType]) -> str:
    """One line per command.

    Args:
        program: the program's name.
        commands: command name → its module.

    Returns:
        The text to print.
    """
    width = max(map(len, commands)) + 2
    lines = [f"{INDENT}{name:<{width}}{c.SUMMARY}" for name, c in commands.items()]
    return "\n".join(
        [
            "StarGAN for TensorFlow and Keras 3: one model, many image domains.",
            "",
            f"usage: {program} COMMAND [--flag=value …]",
            "",
            *lines,
            "",
            f"'{program} COMMAND --help' lists a command's flags.",
        ]
    )


def command_help(command: ModuleType, flag_values: flags.FlagValues) -> str:
    """Usage and flags of one command, under the headings given by `module_name`.

    Args:
        command: the command's module.
        flag_values: holds its declared flags.

    Returns:
        The text to print.
    """
    blocks = [command.SUMMARY, f"usage: {command.USAGE}"]
    for heading, group in flag_values.flags_by_module_dict().items():
        lines = [_flag_help(flag) for flag in group]
        blocks.append("\n".join([f"{heading}:", *lines]))
    return "\n\n".join(blocks)


def _flag_help(flag: flags.Flag) -> str:
    name = f"--[no]{flag.name}" if flag.boolean else f"--{flag.name}"
    default = "" if flag.default in (None, []) else f" (default {flag.default})"
    # Under 70 columns the text column would be too narrow to read.
    width = max(70, min(100, shutil.get_terminal_size().columns))
    text = textwrap.wrap(f"{flag.help}{default}", width - 30)
    head = f"{INDENT}{name:<26}"
    first = [head + text[0]] if len(head) <= 28 else [head, " " * 28 + text[0]]
    return "\n".join([*first, *(" " * 28 + line for line in text[1:])])
