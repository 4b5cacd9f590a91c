"""What is computed in full precision, and the dtype policy that networks remember."""

import contextlib
import functools
import inspect

import keras
from keras import ops


@contextlib.contextmanager
def keras_settings(policy="float32"):
    """Keras' global settings as our own networks need them; also a decorator.

    What the user has set, or `~/.keras/keras.json`, holds again afterwards.

    Args:
        policy: the dtype policy of layers that are given none.

    Yields:
        Nothing.
    """
    config = keras.config
    before = config.dtype_policy(), config.floatx(), config.image_data_format()
    _set(policy, "float32", "channels_last")
    try:
        yield
    finally:
        _set(*before)


def _set(policy, floatx, data_format):
    keras.config.set_dtype_policy(policy)
    keras.config.set_floatx(floatx)
    keras.config.set_image_data_format(data_format)


def at_least_float32(dtype):
    """`"float32"`, or `"float64"` where a dtype policy (or its name) computes in it."""
    compute_dtype = keras.dtype_policies.get(dtype).compute_dtype
    return keras.backend.result_type(compute_dtype, "float32")


def in_full_precision(x):
    """A tensor of any float type, cast to at least float32."""
    return ops.cast(x, at_least_float32(keras.backend.standardize_dtype(x.dtype)))


def configurable(network):
    """Decorates a network's class: `get_config` returns its constructor's arguments.

    Defaults are filled in; `dtype` is the policy itself, the global one by default.
    """
    construct, signature = network.__init__, inspect.signature(network.__init__)

    @functools.wraps(construct)
    def constructor(self, *args, **kwargs):
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        config = dict(bound.arguments)
        kwargs = config.pop("kwargs")
        del config["self"]
        policy = keras.config.dtype_policy()
        config["dtype"] = keras.dtype_policies.get(config["dtype"] or policy)
        construct(self, **config, **kwargs)
        dtype = keras.saving.serialize_keras_object(config["dtype"])
        self._config = {**config, "dtype": dtype, "name": self.name}

    constructor.__signature__ = signature  # Keras reads the arguments' names.
    network.__init__ = constructor
    network.get_config = lambda self: dict(self._config)
    return network
