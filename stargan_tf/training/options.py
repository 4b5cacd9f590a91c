"""One option of a run: its name, what it means, and which values it takes.

The same declaration gives the command line its flag, the JSON configuration its key
and both of them their check.
"""

import math
from dataclasses import dataclass
from typing import Any

from stargan_tf.errors import InputError

TRUE = ("true", "1", "yes")
FALSE = ("false", "0", "no")


@dataclass(frozen=True)
class Option:
    """A named value with its type, default, limits and description.

    Args:
        name: the flag's name and the JSON key.
        kind: `int`, `float`, `bool` or `str`.
        default: the value when neither flag, file nor preset gives one.
        help: one sentence for the command line's help.
        group: heading in the help.
        minimum: the smallest value that is accepted.
        choices: the only texts that are accepted, if any.
        separator: set for options with one value per data set; it stands between
            those values on the command line.
        many: each data set's value is itself a comma-separated list of names.
        maximum: the largest value that is accepted.
        imported: the text names code, `module:name`, that the user wrote.
    """

    name: str
    kind: type
    default: Any
    help: str
    group: str
    minimum: float | None = None
    choices: tuple[str, ...] = ()
    separator: str | None = None
    many: bool = False
    maximum: float | None = None
    imported: bool = False

    def read(self, value: Any) -> Any:
        """Checks a value from a flag (text) or from JSON.

        Args:
            value: text, or a JSON value; None stands for "not given".

        Returns:
            The value in the option's type; for options with one value per data set
            a tuple of them.

        Raises:
            InputError: the message says what is expected and what was received.
        """
        if self.separator is None:
            return None if value is None else self._read_one(value)
        return tuple(self._read_part(part) for part in self._parts(value))

    def _parts(self, value: Any) -> list[Any]:
        """The values per data set; a single one stands for all of them."""
        if isinstance(value, str):
            return value.split(self.separator)
        if value is None or not isinstance(value, list | tuple):
            return [value]
        flat_names = self.many and all(isinstance(part, str) for part in value)
        return [list(value)] if flat_names and value else list(value)

    def _read_part(self, part: Any) -> Any:
        if self.many:
            names = part.split(",") if isinstance(part, str) else part or ()
            return tuple(self._read_one(n.strip()) for n in names if n.strip())
        return None if part in (None, "") else self._read_one(part)

    def _read_one(self, value: Any) -> Any:
        read = {int: _int, float: _float, bool: _bool, str: _str}[self.kind](value)
        if read is None or self._is_outside(read):
            raise self.refuse(value)
        if self.choices and read not in self.choices:
            raise self.refuse(value)
        return read

    def _is_outside(self, read: Any) -> bool:
        too_small = self.minimum is not None and read < self.minimum
        return too_small or (self.maximum is not None and read > self.maximum)

    def refuse(self, value: Any) -> InputError:
        """The error for a value that this option does not take."""
        expected = {int: "a whole number", float: "a number", bool: "true or false"}
        words = expected.get(self.kind, "text")
        if self.choices:
            words = " or ".join(self.choices)
        if self.minimum is not None:
            words += f", at least {self.minimum}"
        if self.maximum is not None:
            words += f" and at most {self.maximum}"
        return InputError(f"{self.name} must be {words}. Received: {value!r}")


def _int(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    number = _float(value)
    return int(number) if number is not None and number.is_integer() else None


def _float(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _bool(value: Any) -> bool | None:
    text = str(value).lower()
    return True if text in TRUE else False if text in FALSE else None


def _str(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
