"""The official checkpoints, imported."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stargan_tf.convert import model_folder
from stargan_tf.convert.found import Found
from stargan_tf.convert.read import read
from stargan_tf.data.info import DatasetInfo
from stargan_tf.files import check_new
from stargan_tf.training.initial_model import NOT_IMPORTED


@dataclass(frozen=True)
class Imported:
    """What an import made.

    Args:
        family: name of the model family.
        infos: the model's data sets.
        options: arguments of the model's constructor.
        fresh: what the checkpoint did not hold, in words.
    """

    family: str
    infos: list[DatasetInfo]
    options: Mapping[str, Any]
    fresh: list[str]


def import_checkpoint(
    paths: Sequence[str | Path], output: str | Path, **options: Any
) -> Imported:
    """Makes a model folder of official checkpoint files.

    Args:
        paths: see `read`.
        output: the folder to make; it must not exist.
        **options: see `read`.

    Returns:
        What was made.

    Raises:
        InputError: as `read`, or if `output` exists or cannot be written.
        ImportError: as `read`.
    """
    output = Path(output)
    check_new(output)
    found, infos = read(paths, **options)
    return write(found, infos, paths, output)


def write(
    found: Found, infos: list[DatasetInfo], paths: Sequence[str | Path], output: Path
) -> Imported:
    """Makes a model folder of what `read` has read; see `import_checkpoint`."""
    model, fresh = model_folder.build(found, infos)
    record = {
        "checkpoints": [str(path) for path in paths],
        "model": found.family,
        "step": found.step,
        "datasets": [info.to_dict() for info in infos],
        "options": found.sizes.options,
        NOT_IMPORTED: fresh,
    }
    model_folder.save(output, model, found, record)
    return Imported(found.family, infos, found.sizes.options, fresh)
