"""A light generator learns what a trained one does: its size, and its training."""

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from stargan_tf import files
from stargan_tf.data.identity import data_fingerprint
from stargan_tf.data.source import LabeledImages
from stargan_tf.errors import InputError
from stargan_tf.evaluation.job import (
    DataChoice,
    open_evaluation_data,
    recorded_config,
)
from stargan_tf.files import check_new
from stargan_tf.layers.precision import keras_settings
from stargan_tf.models.registry import family
from stargan_tf.steering import steering
from stargan_tf.training import checkpoints
from stargan_tf.training.checkpoints import State
from stargan_tf.training.resume import check_fingerprints
from stargan_tf.training.run import open_data
from stargan_tf.training.run_folder import (
    RunFolder,
    Source,
    beside,
    find_checkpoint,
    load_model,
    versions,
)

# Of the teacher's multiply-adds.
BUDGET = 1 / 10
# Beyond it a 128 px face takes more than 50 ms on two laptop threads.
WIDEST = 32
_WIDTH_STEP = 2
_LIGHT = "separable"


class Student(NamedTuple):
    """A student before its training.

    Args:
        model: the model, with the teacher's other networks.
        cost: multiply-adds of its generator.
        teacher_cost: those of the teacher's.
    """

    model: Any
    cost: int
    teacher_cost: int


def mobile_student(teacher, lessons):
    """The widest light generator within a tenth of the teacher's multiply-adds.

    Its convolutions are depthwise-separable, its width is even and 32 at most. The
    other networks are the teacher's.
    """
    if _LIGHT not in teacher.get_config():
        raise InputError(
            f"The teacher needs a light form, made by an argument '{_LIGHT}' of its "
            f"constructor. Received: {type(teacher).__name__}, which has none."
        )
    if teacher.get_config()[_LIGHT]:
        raise InputError(
            "The teacher is a light model already (separable=True). Distil the model "
            "that it was made of."
        )
    shapes = lessons.input_shapes(teacher)
    teacher_cost = multiply_adds(teacher.generator, shapes)

    def cost(width):
        return multiply_adds(_light(teacher.generator, width), shapes)

    # By bisection: the wider, the more it costs.
    widths = range(_WIDTH_STEP, WIDEST + 1, _WIDTH_STEP)
    budget = teacher_cost * BUDGET
    affordable = bisect_right(widths, budget, key=cost)
    if not affordable:
        raise InputError(
            f"Even {_WIDTH_STEP} channels cost more than the {budget:,.0f} "
            "multiply-adds that are a tenth of the teacher's. The teacher is small "
            "enough as it is."
        )
    width = widths[affordable - 1]
    config = {**teacher.get_config(), _LIGHT: True, lessons.width: width}
    # Computed in float32: it is small, and phones' exports are float32 anyway.
    model = type(teacher).from_config({**config, "dtype": "float32"})
    for network in teacher.layers:
        if not network.name.startswith("generator"):
            model.get_layer(network.name).set_weights(network.get_weights())
    model.step.assign(teacher.step)
    return Student(model, cost(width), teacher_cost)


def _light(generator, width):
    """A generator like the teacher's, light and `width` wide."""
    config = generator.get_config()
    if "max_filters" in config:
        # The cap shrinks with the width, which is that of the first convolution.
        teacher_width = generator.get_layer("from_rgb").filters
        config["max_filters"] = config["max_filters"] * width // teacher_width
    return type(generator).from_config({**config, _LIGHT: True, "base_filters": width})


class Distiller(keras.Model):
    """min ‖student(inputs) − teacher(inputs)‖₁ over the student's generator.

    Nothing else is needed: the teacher's image says what is to be drawn at every
    pixel, so there is no adversary and no cycle. `fit` takes what the teacher itself
    is trained on.

    Args:
        teacher: the trained model.
        student: the model whose `generator` learns.
        lessons: what there is to learn; see `Steering.lessons`.
        seed: of the targets' labels and styles, which follow from (seed, step).
    """

    def __init__(self, teacher, student, lessons, seed=0):
        super().__init__()
        # In a tuple: Keras would adopt the models, whose weights it need not know.
        self._models = (teacher, student, lessons)
        self.seed = seed
        self.difference = keras.metrics.Mean("difference", "float32")

    def train_step(self, data):
        """One update of the student's generator."""
        teacher, student, lessons = self._models
        step = tf.convert_to_tensor(self.optimizer.iterations.value)
        seed = tf.stack([tf.cast(self.seed, tf.int64), tf.cast(step, tf.int64)])
        inputs = lessons.inputs(teacher, data, seed)
        target = getattr(teacher, lessons.teacher)(inputs, training=False)
        # As it is shown: what is beyond white or black need not be learned.
        target = tf.clip_by_value(target, -1.0, 1.0)
        variables = student.generator.trainable_variables
        with tf.GradientTape() as tape:
            output = student.generator(inputs, training=True)
            difference = tf.reduce_mean(tf.abs(output - target))
        self.optimizer.apply(tape.gradient(difference, variables), variables)
        self.difference.update_state(difference)
        return {"difference": self.difference.result()}


@keras_settings()
def distill(teacher, student, lessons, batches, *, steps, learning_rate=2e-3, seed=0):
    """Trains a student's generator, with Keras' progress bar."""
    distiller = Distiller(teacher, student, lessons, seed)
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    distiller.compile(keras.optimizers.Adam(schedule), jit_compile=False)
    distiller.optimizer.build(student.generator.trainable_variables)
    last_tenth = steps - max(1, steps // 10)

    def start_last_tenth(batch, logs=None):
        if batch == last_tenth:
            distiller.reset_metrics()

    history = distiller.fit(
        batches,
        steps_per_epoch=steps,
        shuffle=False,
        callbacks=[
            keras.callbacks.LambdaCallback(on_train_batch_begin=start_last_tenth)
        ],
    )
    lessons.finish(student)
    return history.history["difference"][-1]


def multiply_adds(network, shapes):
    """Multiply-adds of a call on one sample: convolutions and matrix products.

    Norms, activations and sums are left out, as the literature does.

    Args:
        shapes: the inputs' shapes without the batch, all sizes known.
    """

    @tf.function(autograph=False)
    def call(*inputs):
        return network(list(inputs), training=False)

    graph = call.get_concrete_function(*(tf.TensorSpec((1, *s)) for s in shapes)).graph
    return counted(graph.get_operations())


def counted(operations):
    """Multiply-adds of a graph's operations, gradients of convolutions included.

    Args:
        operations: `tf.Operation`s whose shapes are known.
    """
    return sum(map(_counted, operations))


def _counted(op):
    kind = op.type.removesuffix("V2")
    if kind in ("MatMul", "BatchMatMul"):
        is_turned = op.get_attr("transpose_a" if kind == "MatMul" else "adj_x")
        return _size(op.outputs[0]) * op.inputs[0].shape[-2 if is_turned else -1]
    if kind == "DepthwiseConv2dNative":
        height, width, _, _ = op.inputs[1].shape
        return _size(op.outputs[0]) * height * width
    # Every value that comes out of the forward convolution sums over the kernel, but
    # for its output channels.
    if kind == "Conv2D":
        values, kernel = op.outputs[0], op.inputs[1]
    elif kind == "Conv2DBackpropInput":
        values, kernel = op.inputs[2], op.inputs[1]
    elif kind == "Conv2DBackpropFilter":
        values, kernel = op.inputs[2], op.outputs[0]
    else:
        return 0
    return _size(values) * _size(kernel) // kernel.shape[-1]


def _size(tensor):
    return math.prod(tensor.shape.as_list())


# === A distillation, from the teacher's folder to the student's ===

RECORD = "distilled.json"


@dataclass(frozen=True)
class DistillationJob:
    """Checked work that only needs TensorFlow.

    Args:
        checkpoint: the teacher's.
        state: of the checkpoint.
        sources: what the student is trained on.
        options: `preset`, `steps`, `batch_size`, `learning_rate` and `seed`.
        output: the folder to make.
        code: what `load_model` is told about the teacher's functions.
        overwrite: whether the folder may replace another.
    """

    checkpoint: Path
    state: State
    sources: LabeledImages | list[LabeledImages]
    options: Mapping[str, Any]
    output: Path
    code: Mapping[str, Any] = field(default_factory=dict)
    overwrite: bool = False

    def run(self) -> dict[str, Any]:
        """Trains the student and writes its folder, whole or not at all."""

        teacher = load_model(self.checkpoint, compile=False, **self.code)
        own_family, options = family(self.state.model), self.options
        lessons = resolve_name(steering(own_family.translated_by).lessons)()
        student = mobile_student(teacher, lessons)
        batches = resolve_name(own_family.batches)(
            self.sources, options["batch_size"], seed=options["seed"]
        )
        difference = distill(
            teacher,
            student.model,
            lessons,
            batches,
            steps=options["steps"],
            learning_rate=options["learning_rate"],
            seed=options["seed"],
        )
        record = {
            **options,
            "teacher": str(self.checkpoint),
            "multiply_adds": student.cost,
            "teacher_multiply_adds": student.teacher_cost,
            "difference": difference,
            "versions": versions(),
        }
        state = replace(self.state, versions=versions())
        with files.new_folder(
            self.output, "model", replace=self.overwrite
        ) as unfinished:
            folder = RunFolder(unfinished).checkpoints
            checkpoints.save(folder, student.model, state, keep=1)
            files.write_json(unfinished / RECORD, record)
        return record


def plan_distillation(
    teacher: Source,
    output: Path | None,
    options: Mapping[str, Any],
    choose: Callable[[int], DataChoice],
    code: Mapping[str, Any] | None = None,
    overwrite: bool = False,
) -> DistillationJob:
    """Finds the teacher and opens the data; TensorFlow is not needed.

    Args:
        teacher: as `load_model` takes it.
        output: the folder to make; None for the teacher's name and the preset's.
        choose: the model's image size → what the user said about the data.
    """
    checkpoint, state = find_checkpoint(teacher)
    output = output or beside(teacher, f"_{options['preset']}")
    check_new(output, overwrite, RECORD)
    choice = choose(state.datasets[0]["image_size"])
    sources, taught = _sources(checkpoint, state, choice)
    state = replace(state, data=taught)
    return DistillationJob(
        checkpoint, state, sources, options, output, code or {}, overwrite
    )


def _sources(
    checkpoint: Path, state: State, choice: DataChoice
) -> tuple[LabeledImages | list[LabeledImages], list[dict[str, Any]]]:
    """What the student is taught on, and the fingerprints of that."""
    config = recorded_config(checkpoint, choice.options)
    if config and choice.name is None and not choice.options:
        data = open_data(config)
        if not choice.accept_changed_data:
            check_fingerprints(checkpoint, state, data)
        sources = data.train[0] if len(data.train) == 1 else data.train
        return sources, data.fingerprints
    if len(state.datasets) > 1:
        raise InputError(
            "A joint model is distilled on its run's own data. Leave --dataset and "
            "its flags out, and pass a run folder of 'stargan-tf train' as --model."
        )
    opened = open_evaluation_data(checkpoint, state, choice)
    return opened.train, [data_fingerprint(opened.train, opened.held_out)]
