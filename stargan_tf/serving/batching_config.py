"""TF Serving's batching file (a text protocol buffer), the part that is used here."""

import re
from dataclasses import dataclass
from pathlib import Path

from stargan_tf.errors import InputError

_SETTING = re.compile(r"(\w+)\s*\{\s*value\s*:\s*(\d+)\s*\}")


@dataclass(frozen=True)
class Batching:
    """How requests that come together are computed together.

    Args:
        max_rows: `max_batch_size`, images at a time; a larger request is refused.
        wait_seconds: `batch_timeout_micros`, how long the first one waits for others.
    """

    max_rows: int
    wait_seconds: float


def read_batching(path: Path) -> Batching:
    """Reads a batching file; other settings of TF Serving are passed over.

    Args:
        path: such as `assets.extra/batching.config` of an export.

    Raises:
        InputError: if it cannot be read, or names no `max_batch_size`.
    """
    try:
        found = dict(_SETTING.findall(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    if not int(found.get("max_batch_size", 0)):
        raise InputError(
            f"{path} is no batching file of TF Serving: it needs a line such as "
            "'max_batch_size { value: 8 }'."
        )
    micros = int(found.get("batch_timeout_micros", 0))
    return Batching(int(found["max_batch_size"]), micros / 1e6)
