"""One named configuration."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Preset:
    """Values for a run's options, by name.

    Args:
        description: one line for `stargan-tf presets`.
        values: option name → value, as in a JSON configuration; its family is known.
    """

    description: str
    values: dict[str, Any]
