"""What an export needs, checked without TensorFlow."""

from pathlib import Path

from stargan_tf.convert.checkpoint_file import read_checkpoint
from stargan_tf.convert.collect import OFFICIAL
from stargan_tf.convert.found import State, is_state
from stargan_tf.convert.official_v2 import FAN
from stargan_tf.errors import InputError
from stargan_tf.training.checkpoints import MODEL_FILE
from stargan_tf.training.checkpoints import State as Record
from stargan_tf.training.families.registry import family
from stargan_tf.training.model_file import read_model_config


def read_fan(path: str | Path) -> State:
    """The official landmark network in a checkpoint file, to be passed on.

    Args:
        path: `{step}_nets_ema.ckpt` or another file with a `fan` entry.

    Raises:
        InputError: if it has none.
    """
    fan = read_checkpoint(path).get(FAN)
    if not is_state(fan):
        raise InputError(
            f"{path} has no landmark network (an entry 'fan'). Give the "
            "{step}_nets_ema.ckpt of a model with high-pass skips."
        )
    return fan


def check_exportable(checkpoint: Path, record: Record) -> None:
    """Raises InputError for a model that no official code can build.

    Args:
        checkpoint: the checkpoint's folder.
        record: its state file.
    """
    if record.model not in OFFICIAL:
        raise InputError(
            f"There is no official code for {record.model} models. Only "
            f"{' and '.join(OFFICIAL)} models are exported as torch files."
        )
    options = read_model_config(checkpoint / MODEL_FILE, family(record.model))
    OFFICIAL[record.model].check_exportable(options)
