"""Questions to an export as TF Serving asks them: nothing but the graph checks them."""

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.exporting.litert import KerasOutputs


def ask(loaded, signature, **inputs):
    """{output: array} of a loaded SavedModel; lists are strings."""
    tensors = {
        name: tf.constant(np.array(value, object) if isinstance(value, list) else value)
        for name, value in inputs.items()
    }
    outputs = loaded.signatures[signature](**tensors)
    return {name: tensor.numpy() for name, tensor in outputs.items()}


def check_invalid(loaded, signature, message, **inputs):
    """The request is INVALID_ARGUMENT, with these words."""
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        ask(loaded, signature, **inputs)


def compare(file, content, input_type, samples):
    """Signature → how a LiteRT file agrees with Keras."""
    return KerasOutputs(file, input_type, samples).compare(content)
