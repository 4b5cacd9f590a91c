"""The student: the teacher with a light generator."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from stargan_tf.distillation.multiply_adds import multiply_adds
from stargan_tf.errors import InputError
from stargan_tf.layers.pyramid import official_filters

# Of the teacher's multiply-adds.
BUDGET = 1 / 10
# Beyond it a 128 px face takes more than 50 ms on two laptop threads.
WIDEST = 32
_WIDTH_STEP = 2
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

    Its convolutions are depthwise-separable, its width is even and 32 at most. The
    other networks are the teacher's.

    Args:
        teacher: a trained model.
        kind: how it is steered; see `Steering.distillation`.

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
    shapes = kind.input_shapes(teacher)
    teacher_cost = multiply_adds(teacher.generator, shapes)

    def cost(width: int) -> int:
        return multiply_adds(_light(teacher.generator, width), shapes)

    width = _widest(cost, teacher_cost * BUDGET)
    config = {**teacher.get_config(), _LIGHT: True, kind.WIDTH: width}
    # Computed in float32: it is small, and phones' exports are float32 anyway.
    model = type(teacher).from_config({**config, "dtype": "float32"})
    _copy_other_networks(teacher, model)
    return Student(model, cost(width), teacher_cost)


def _widest(cost: Callable[[int], int], budget: float) -> int:
    """By bisection: the wider, the more it costs."""
    widths = range(_WIDTH_STEP, WIDEST + 1, _WIDTH_STEP)
    within = bisect_right(widths, budget, key=cost)
    if not within:
        raise InputError(
            f"Even {_WIDTH_STEP} channels cost more than the {budget:,.0f} "
            "multiply-adds that are a tenth of the teacher's. The teacher is small "
            "enough as it is."
        )
    return widths[within - 1]


def _light(generator: Any, width: int) -> Any:
    """A generator like the teacher's, light and `width` wide."""
    config = generator.get_config()
    if "max_filters" in config:
        widest = config["base_filters"] or official_filters(config["image_size"])
        config["max_filters"] = config["max_filters"] * width // widest
    return type(generator).from_config({**config, _LIGHT: True, "base_filters": width})


def _copy_other_networks(teacher: Any, student: Any) -> None:
    for network in teacher.layers:
        if not network.name.startswith("generator"):
            student.get_layer(network.name).set_weights(network.get_weights())
    student.step.assign(teacher.step)
