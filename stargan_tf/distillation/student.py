"""The student: the teacher with a light generator."""

from dataclasses import dataclass
from types import ModuleType
from typing import Any

from stargan_tf.distillation.multiply_adds import multiply_adds
from stargan_tf.errors import InputError

# Of the teacher's multiply-adds.
BUDGET = 1 / 10
# Beyond it a 128 px face takes more than 50 ms on two laptop threads.
WIDEST = 32
_WIDTH_STEP = 4
_LIGHT = "separable"


@dataclass(frozen=True)
class Student:
    """A student before its training.

    Args:
        model: the model, with the teacher's other networks.
        cost: multiply-adds of its generator.
        teacher_cost: those of the teacher's.
    """

    model: Any
    cost: int
    teacher_cost: int


def mobile_student(teacher: Any, kind: ModuleType) -> Student:
    """The widest light generator within a tenth of the teacher's multiply-adds.

    Its convolutions are depthwise-separable; widths are multiples of 4, which SIMD
    units like, and 32 at most. The other networks are the teacher's.

    Args:
        teacher: a trained model.
        kind: how it is steered; see `kind_of`.

    Returns:
        The student.

    Raises:
        InputError: if even the narrowest is too much, or the teacher is light itself.
    """
    if teacher.get_config()[_LIGHT]:
        raise InputError(
            "The teacher is a light model already (separable=True). Distil the model "
            "that it was made of."
        )
    teacher_cost = _cost(teacher, kind)
    for width in range(WIDEST, 0, -_WIDTH_STEP):
        model = _with_generator(teacher, {kind.WIDTH: width})
        cost = _cost(model, kind)
        if cost <= teacher_cost * BUDGET:
            _copy_other_networks(teacher, model)
            return Student(model, cost, teacher_cost)
    raise InputError(
        f"Even {_WIDTH_STEP} channels cost {cost:,} multiply-adds, more than a tenth "
        f"of the teacher's {teacher_cost:,}. The teacher is small enough as it is."
    )


def _cost(model: Any, kind: ModuleType) -> int:
    return multiply_adds(model.generator, kind.input_shapes(model))


def _with_generator(teacher: Any, width: dict[str, int]) -> Any:
    config = {**teacher.get_config(), _LIGHT: True, **width}
    # Computed in float32: it is small, and phones' exports are float32 anyway.
    return type(teacher).from_config({**config, "dtype": "float32"})


def _copy_other_networks(teacher: Any, student: Any) -> None:
    for network in teacher.layers:
        if not network.name.startswith("generator"):
            student.get_layer(network.name).set_weights(network.get_weights())
    student.step.assign(teacher.step)
