"""All private interfaces of Keras and TensorFlow in use, with the reason for each.

A release of either may change them without notice. They are collected here, so that
such a change can be fixed in one place; a missing one is named in a
`ChangedInterface` error, and `tests/test_private_interfaces.py` tests each of them
directly.
"""

import contextlib
import random
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import keras
import numpy as np

from stargan_tf.errors import ExpectedError


class ChangedInterface(ExpectedError, ImportError):
    """The installed TensorFlow or Keras lacks a private interface in use here."""


class AdamWithSharedScalars(keras.optimizers.Adam):
    """Adam with scalars that are computed once per update, not once per variable.

    Subclasses define `_shared_scalars(learning_rate, dtype)`; their `update_step` gets
    its result instead of the learning rate.

    Why: a v2 model has about 400 variables, and no public method is called once per
    update inside the replica, where a distribution strategy needs the scalars.
    """

    def build(self, variables):
        """Creates the moments of `variables`."""
        super().build(variables)
        _attribute(keras.optimizers.Adam, "_backend_update_step")
        if variables:
            moments(self, variables[0])

    def _backend_update_step(self, grads, trainable_variables, learning_rate):
        scalars = self._shared_scalars(learning_rate, trainable_variables[0].dtype)
        super()._backend_update_step(grads, trainable_variables, scalars)


def moments(optimizer: keras.optimizers.Adam, variable: Any) -> tuple[Any, Any]:
    """The first and the second moment of a variable in Adam.

    Why: `optimizer.variables` is a flat list, whose order is not documented.
    """
    index = _attribute(optimizer, "_get_variable_index")(variable)
    slots = (_attribute(optimizer, name) for name in ("_momentums", "_velocities"))
    return tuple(slot[index] for slot in slots)


def rate_schedule(
    optimizer: keras.optimizers.Optimizer,
) -> keras.optimizers.schedules.LearningRateSchedule | None:
    """The schedule that an optimizer's learning rate follows; None for a fixed rate.

    Why: `optimizer.learning_rate` is the current rate in both cases.
    """
    rate = _attribute(optimizer, "_learning_rate")
    schedule = keras.optimizers.schedules.LearningRateSchedule
    return rate if isinstance(rate, schedule) else None


class BuiltModel(keras.Model):
    """A model that `fit` does not try to build, since the constructor builds it.

    Why: `fit` reads a batch to build the model, which fails for batches that a strategy
    distributes over several workers (keras#20585).
    """

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Does nothing."""


def onednn_is_on() -> bool:
    """Whether TensorFlow computes with oneDNN on CPUs.

    Why: it depends on `TF_ENABLE_ONEDNN_OPTS` when TensorFlow was imported, or else on
    the processor, and no public function reports it.
    """
    port = _module("tensorflow.python.util._pywrap_util_port")
    return _attribute(port, "IsMklEnabled")()


@contextlib.contextmanager
def variables_without_memory() -> Iterator[None]:
    """Within the block, Keras' variables have shapes but no values.

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
    """Restores all global random generators, and determinism, after the block.

    Why: in TensorFlow and Keras, they can be set but not read, and determinism can only
    be enabled publicly.
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
    # `keras.utils.set_random_seed` of Keras 3.10 keeps an existing generator as it is.
    of_keras.set_global_attribute(names[1], None)
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
    """The module with the classes of the LiteRT file format.

    Why: no public module of TensorFlow has them. ai-edge-litert, which is not needed
    for writing files, has the same module and is preferred.
    """
    try:
        return import_module("ai_edge_litert.schema_py_generated")
    except ImportError:
        return _module("tensorflow.lite.python.schema_py_generated")


def calibrated(converter: Any) -> bytes:
    """A float LiteRT file with the value ranges of its representative data.

    Why: public methods calibrate and quantize all operations in one step.
    """
    _attribute(converter, "_experimental_calibrate_only")
    converter._experimental_calibrate_only = True
    return bytes(converter.convert())


def quantized(
    content: bytes, float_operations: set[str], float_tensors: set[str]
) -> bytes:
    """A calibrated LiteRT file in int8, except for given operations.

    Why: the public `tf.lite.experimental.QuantizationDebugger` creates and runs a
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
        owner_class = owner if isinstance(owner, type) else type(owner)
        place = getattr(owner, "__name__", owner_class.__name__)
        raise _changed(f"{place}.{name}") from error


def _changed(name: str) -> ChangedInterface:
    import tensorflow as tf

    return ChangedInterface(
        f"stargan_tf needs {name}, which TensorFlow {tf.__version__} with Keras "
        f"{keras.__version__} lacks. Install the latest stargan_tf, or older versions "
        "of TensorFlow and Keras."
    )
