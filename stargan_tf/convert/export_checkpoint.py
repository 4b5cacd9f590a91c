"""A model of ours as the official checkpoint files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stargan_tf import files
from stargan_tf.convert import adam, torch_file
from stargan_tf.convert.collect import OFFICIAL
from stargan_tf.convert.found import Sizes, State
from stargan_tf.convert.official_v2 import FAN
from stargan_tf.convert.transfer import take_weights
from stargan_tf.training.checkpoints import State as Record
from stargan_tf.training.run_folder import open_checkpoint


def export_checkpoint(
    checkpoint: Path, record: Record, output: Path, fan: State | None = None
) -> list[Path]:
    """Writes the official files into a new folder, all of them or none.

    Args:
        checkpoint: the checkpoint's folder.
        record: its state file.
        output: the folder to make; it must not exist.
        fan: see `exportable.read_fan`.

    Returns:
        The files.

    Raises:
        InputError: if they cannot be written.
        ImportError: without PyTorch.
    """
    model = open_checkpoint(checkpoint, record, compile=True)
    official = OFFICIAL[record.model]
    tables = official.tables(_sizes(model))
    names = [name for name in tables if hasattr(model, name)]
    states = {name: take_weights(getattr(model, name), tables[name]) for name in names}
    if fan:
        states[FAN] = fan
    moments = _moments(model, tables, official.NETWORKS)
    with files.new_folder(output, "checkpoints", replace=False) as unfinished:
        for name, content in official.files(states, moments, record.step):
            torch_file.write(unfinished / name, content)
    return sorted(output.iterdir())


def _sizes(model: Any) -> Sizes:
    config, space = model.get_config(), model.label_space
    return Sizes(space.image_size, config, space.num_domains)


def _moments(
    model: Any, tables: Mapping[str, Any], networks: tuple[str, ...]
) -> dict[str, Any]:
    """The optimizers' state dicts, if the model has optimizers that have worked."""
    optimizers = {n: getattr(model, f"{n}_optimizer", None) for n in networks}
    return {
        name: adam.take_moments(optimizer, getattr(model, name), tables[name])
        for name, optimizer in optimizers.items()
        if optimizer is not None and adam.is_ours(optimizer)
    }
