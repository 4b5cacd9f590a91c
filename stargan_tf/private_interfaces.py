"""Everything private in Keras and TensorFlow that this package uses, with the reason.

A release of theirs may change it without notice. All of it is here, so that such a
change is mended in one place; whatever is missing is named in an `ImportError`, and
`tests/test_private_interfaces.py` exercises each one directly.
"""

import contextlib
import random
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import keras
import numpy as np


class AdamWithSharedScalars(keras.optimizers.Adam):
    """Adam whose scalars are computed once an update, not once a variable.

    Subclasses define `_shared_scalars(learning_rate, dtype)`; their `update_step` gets
    its result in place of the learning rate.

    Why: a v2 model has about 400 variables, and no public method is called once an
    update inside of the replica, where a distribution strategy needs the scalars.
    """

    def build(self, variables):
        """Makes the moments of `variables`."""
        super().build(variables)
        _attribute(keras.optimizers.Adam, "_backend_update_step")
        if variables:
            moments(self, variables[0])

    def _backend_update_step(self, grads, trainable_variables, learning_rate):
        scalars = self._shared_scalars(learning_rate, trainable_variables[0].dtype)
        super()._backend_update_step(grads, trainable_variables, scalars)


def moments(optimizer: keras.optimizers.Adam, variable: Any) -> tuple[Any, Any]:
    """The first and the second moment that Adam keeps of a variable.

    Why: `optimizer.variables` is one flat list, whose order is not documented.
    """
    index = _attribute(optimizer, "_get_variable_index")(variable)
    slots = (_attribute(optimizer, name) for name in ("_momentums", "_velocities"))
    return tuple(slot[index] for slot in slots)


def rate_schedule(
    optimizer: keras.optimizers.Optimizer,
) -> keras.optimizers.schedules.LearningRateSchedule | None:
    """The schedule that an optimizer's learning rate follows; None for a fixed rate.

    Why: `optimizer.learning_rate` is the rate of the moment for both.
    """
    rate = _attribute(optimizer, "_learning_rate")
    schedule = keras.optimizers.schedules.LearningRateSchedule
    return rate if isinstance(rate, schedule) else None


class BuiltModel(keras.Model):
    """A model that `fit` does not try to build, as it is built when it is made.

    Why: `fit` looks at a batch in order to build the model, which fails for batches
    that a strategy distributes over several workers (keras#20585).
    """

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Nothing is left to build."""


def onednn_is_on() -> bool:
    """Whether TensorFlow computes with oneDNN on CPUs.

    Why: the value that `TF_ENABLE_ONEDNN_OPTS` had when TensorFlow was imported
    decides, or else the processor, and no public function reports it.
    """
    port = _module("tensorflow.python.util._pywrap_util_port")
    return _attribute(port, "IsMklEnabled")()


@contextlib.contextmanager
def variables_without_memory() -> Iterator[None]:
    """Within the block, Keras' variables have shapes and no values.

    Why: Keras records such variables and initializes all of them when it next leaves a
    `StatelessScope`, even if the model has been discarded.
    """
    state = _module("keras.src.backend.common.global_state")
    name = "uninitialized_variables"
    noted = [*(_attribute(state, "get_global_attribute")(name) or ())]
    try:
        with keras.StatelessScope(initialize_variables=False):
            yield
    finally:
        _attribute(state, "set_global_attribute")(name, noted)


@contextlib.contextmanager
def random_state_restored() -> Iterator[None]:
    """Puts all global random generators, and determinism, back after the block.

    Why: TensorFlow and Keras let them be set, not read; determinism can publicly only
    be switched on.
    """
    config = _module("tensorflow.python.framework.config")
    context = _attribute(_module("tensorflow.python.eager.context"), "context")()
    of_keras = _module("keras.src.backend.common.global_state")
    names = ("global_random_seed", "global_seed_generator")
    get = _attribute(of_keras, "get_global_attribute")
    set_seed = _attribute(context, "_set_global_seed")
    disable = _attribute(config, "disable_op_determinism")
    was_deterministic = _attribute(config, "is_op_determinism_enabled")()
    seed, draws = _attribute(context, "_seed"), vars(context).get("_rng")
    seeds = [get(name) for name in names]
    of_python, of_numpy = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(of_python)
        np.random.set_state(of_numpy)
        if not was_deterministic and config.is_op_determinism_enabled():
            disable()
        if vars(context).get("_rng") is not draws:
            set_seed(seed)
            context._rng = draws or context._rng
        for name, value in zip(names, seeds, strict=True):
            of_keras.set_global_attribute(name, value)


def litert_schema() -> Any:
    """The module of classes that LiteRT files are made of.

    Why: no public module of TensorFlow has them. ai-edge-litert, which is not needed
    for writing files, carries the same module and is preferred.
    """
    try:
        return import_module("ai_edge_litert.schema_py_generated")
    except ImportError:
        return _module("tensorflow.lite.python.schema_py_generated")


def calibrated(converter: Any) -> bytes:
    """A LiteRT file in float, with the ranges that its representative data took.

    Why: public methods calibrate and quantize all operations in one step.
    """
    _attribute(converter, "_experimental_calibrate_only")
    converter._experimental_calibrate_only = True
    return bytes(converter.convert())


def quantized(
    content: bytes, float_operations: set[str], float_tensors: set[str]
) -> bytes:
    """A calibrated LiteRT file in int8, but for chosen operations.

    Why: `tf.lite.experimental.QuantizationDebugger`, the public way, makes and runs a
    second model for each choice.
    """
    convert = _module("tensorflow.lite.python.convert")
    return bytes(
        _attribute(convert, "mlir_quantize")(
            content, denylisted_ops=float_operations, denylisted_nodes=float_tensors
        )
    )


def _module(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise _changed(name) from error


def _attribute(owner: Any, name: str) -> Any:
    try:
        return getattr(owner, name)
    except AttributeError as error:
        kind = owner if isinstance(owner, type) else type(owner)
        place = getattr(owner, "__name__", kind.__name__)
        raise _changed(f"{place}.{name}") from error


def _changed(name: str) -> ImportError:
    import tensorflow as tf

    return ImportError(
        f"{name} is not in TensorFlow {tf.__version__} with Keras {keras.__version__}. "
        "stargan_tf needs it: install the newest stargan_tf, or "
        "older versions of these two."
    )
