"""What a check found, and what to do about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

OK, WARNING, ERROR = "OK", "warning", "error"
LEVELS = (OK, WARNING, ERROR)
LISTED = 1000  # names of a finding that the JSON report holds


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Args:
        check: the check's name, such as `"unreadable"`.
        level: `"OK"`, `"warning"` or `"error"`.
        summary: what was found, a sentence.
        fix: what the user can do; empty if all is well.
        names: the pictures (files, labels) it is about.
    """

    check: str
    level: str
    summary: str
    fix: str = ""
    names: Sequence[str] = ()

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready dictionary, with at most 1,000 of the names."""
        return {
            "check": self.check,
            "level": self.level,
            "summary": self.summary,
            "fix": self.fix,
            "count": len(self.names),
            "names": list(self.names[:LISTED]),
        }


def plural(count: int, word: str) -> str:
    """`1 picture`, `1,200 pictures`."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"
