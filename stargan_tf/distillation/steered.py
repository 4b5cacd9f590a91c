"""How to distil a model, by what it is steered with."""

from types import ModuleType

from stargan_tf.distillation import by_label, by_style
from stargan_tf.training.families.model_family import LABELS, STYLES
from stargan_tf.training.families.registry import family

_KINDS = {LABELS: by_label, STYLES: by_style}


def kind_of(name: str) -> ModuleType:
    """The module with `TEACHER`, `WIDTH`, `input_shapes`, `inputs` and `finish`.

    Args:
        name: of the model family.
    """
    return _KINDS[family(name).translated_by]
