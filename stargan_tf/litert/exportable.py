"""Which models have a LiteRT form; checked without TensorFlow."""

from stargan_tf.errors import InputError
from stargan_tf.training.checkpoints import State
from stargan_tf.training.families.registry import family


def check_exportable(state: State) -> None:
    """Raises InputError for a model of a family that has no LiteRT form.

    Args:
        state: of the checkpoint.
    """
    if not family(state.model).litert:
        raise InputError(
            f"{state.model} models cannot be exported as LiteRT files: their family "
            "does not say how (ModelFamily.litert)."
        )
