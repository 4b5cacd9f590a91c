"""Questions to an export as TF Serving asks them: nothing but the graph checks them."""

import grpc
import numpy as np
import pytest

from stargan_tf.serving.refusal import Refusal


def ask(loaded, signature, **inputs):
    """{output: array} of a `LoadedModel`; lists are strings."""
    arrays = {
        name: np.array(value, object) if isinstance(value, list) else value
        for name, value in inputs.items()
    }
    return loaded.run(signature, arrays)


def check_invalid(loaded, signature, message, **inputs):
    """The request is INVALID_ARGUMENT, with these words."""
    with pytest.raises(Refusal, match=message) as caught:
        ask(loaded, signature, **inputs)
    assert caught.value.code == grpc.StatusCode.INVALID_ARGUMENT
