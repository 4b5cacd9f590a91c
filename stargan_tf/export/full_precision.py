"""Networks as they are exported: in float32, whatever they were trained in."""


def in_float32(network):
    """A network with the same weights that computes in float32.

    Args:
        network: a built `keras.Model` whose constructor takes `dtype`.

    Returns:
        The network itself where it is float32 already, else a copy.
    """
    # Functional networks do not pass the policy on to themselves.
    policies = {layer.dtype_policy.name for layer in network.layers}
    return network if policies == {"float32"} else copied(network)


def copied(network):
    """A copy that computes in float32.

    Args:
        network: a built `keras.Model` whose constructor takes `dtype`.
    """
    config = {**network.get_config(), "dtype": "float32"}
    copy = type(network).from_config(config)
    copy.set_weights(network.get_weights())
    copy.trainable = False
    return copy
