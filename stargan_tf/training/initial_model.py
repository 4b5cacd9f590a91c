"""The model that a new run starts from: what its folder says, without TensorFlow."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stargan_tf.errors import InputError
from stargan_tf.files import read_json, user_path
from stargan_tf.training.checkpoints import MODEL_FILE
from stargan_tf.training.families.registry import family
from stargan_tf.training.model_file import read_model_config
from stargan_tf.training.run_folder import find_checkpoint

# Beside `checkpoints/` in the folder of an imported model.
IMPORT_RECORD = "import.json"
NOT_IMPORTED = "not_in_the_checkpoint"


def initial_options(given: Mapping[str, Any]) -> dict[str, Any]:
    """The options that a run takes over from the model it starts from.

    Args:
        given: the run's options as far as they are known, with `init_from`.

    Returns:
        Family, image size and the options of the networks. Nothing if `given` has
        them all, as a run's own configuration has: the model may be gone by then.

    Raises:
        InputError: if `init_from` holds no model.
    """
    if "model" in given and _names(given["model"]) <= given.keys():
        return {}
    try:
        checkpoint, state = find_checkpoint(user_path(given["init_from"]))
    except InputError:
        if not {"model", "image_size"} <= given.keys():
            raise
        # A run of an earlier version, which lacks an option that has been added since:
        # its default is what the run has.
        return {}
    config = read_model_config(checkpoint / MODEL_FILE, family(state.model))
    # Code that a file names is not run; the user names it.
    names = _names(state.model) - set(family(state.model).code_options)
    options = {name: config[name] for name in names if name in config}
    size = state.datasets[0]["image_size"]
    return {"model": state.model, **options, "image_size": size}


def _names(model: str) -> set[str]:
    return {"image_size", *(option.name for option in family(model).model_options)}


def not_imported(checkpoint: Path) -> list[str]:
    """What an imported model has only as a stand-in, in words; [] for other models.

    Args:
        checkpoint: the model's checkpoint.
    """
    record = checkpoint.resolve().parents[1] / IMPORT_RECORD
    if not record.exists():
        return []
    try:
        return list(map(str, read_json(record)[NOT_IMPORTED]))
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise InputError(f"{record} cannot be read: {error!r}.") from error
