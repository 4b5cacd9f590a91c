"""What an export says when it is done."""

from collections.abc import Sequence
from pathlib import Path

from stargan_tf.export.agreement import Agreement
from stargan_tf.files import read_json

MEBIBYTE = 1 << 20


def report(files: Sequence[Path]) -> list[str]:
    """Lines about the files of an export.

    Args:
        files: as `export_litert` returned them.
    """
    lines = [f"Wrote {file} ({_size(file)})" for file in files]
    description = read_json(files[0].with_name("model.json"))
    for name, values in description["agreement"].items():
        psnr = float("inf") if values["psnr"] is None else values["psnr"]
        found = Agreement(**{**values, "psnr": psnr})
        where = description["measured_on"]
        lines.append(f"'{name}' against Keras on {where}: {found}")
    return lines


def _size(file: Path) -> str:
    size = file.stat().st_size
    return f"{size / MEBIBYTE:.1f} MiB" if size >= MEBIBYTE else f"{size >> 10} KiB"
