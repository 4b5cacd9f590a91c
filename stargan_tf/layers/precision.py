"""Helpers for dtype policies, full precision, and configs of networks."""

import contextlib
import functools
import inspect

import keras
from keras import ops


@contextlib.contextmanager
def keras_settings(policy="float32"):
    """Context manager or decorator: Keras' global settings that networks here need.

    The user's settings are restored at the end.

    Args:
        policy: global dtype policy.

    Yields:
        None.
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
    """Returns "float64" if a dtype policy or name computes in it, else "float32"."""
    compute_dtype = keras.dtype_policies.get(dtype).compute_dtype
    return keras.backend.result_type(compute_dtype, "float32")


def in_full_precision(x):
    """Casts a tensor of any float type to at least float32."""
    return ops.cast(x, at_least_float32(keras.backend.standardize_dtype(x.dtype)))


def configurable(network):
    """Class decorator: `get_config` of the network returns its constructor arguments.

    The config includes defaults; `dtype` is a policy, by default the global one.
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

    constructor.__signature__ = signature  # Keras reads the names of the arguments.
    network.__init__ = constructor
    network.get_config = lambda self: dict(self._config)
    return network
