"""Which model family a command line means, told before its flags are declared."""

from collections.abc import Sequence
from pathlib import Path

from stargan_tf.files import read_json


def named_model(arguments: Sequence[str]) -> str | None:
    """The family whose options `stargan-tf train` must know.

    Args:
        arguments: of the command line.

    Returns:
        What `--model` says, else the `--config` file, else the run's own
        configuration; None if none of them says anything.
    """
    given = _flag(arguments, "model")
    if given:
        return given
    run = _flag(arguments, "run")
    files = [_flag(arguments, "config"), run and str(Path(run, "config.json"))]
    return next((found for file in files if file and (found := _in_file(file))), None)


def _flag(arguments: Sequence[str], name: str) -> str | None:
    """The flag's last value, written `--name=value` or `--name value`."""
    value = None
    for argument, after in zip(arguments, [*arguments[1:], None], strict=True):
        start, equals, rest = argument.lstrip("-").partition("=")
        if argument.startswith("-") and start == name:
            value = rest if equals else after
    return value


def _in_file(path: str) -> str | None:
    # What is wrong with the file is said when it is read for good.
    try:
        model = read_json(Path(path))["model"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return model if isinstance(model, str) else None
