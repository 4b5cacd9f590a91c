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


def model_in_float32(model):
    """A model with the same weights that computes in float32.

    Args:
        model: a StarGAN of any version.

    Returns:
        The model itself where it is float32 already, else a copy without its mask
        provider.
    """
    if model.dtype_policy.name == "float32":
        return model
    copy = type(model).from_config({**model.get_config(), "dtype": "float32"})
    copy.set_weights(model.get_weights())
    return copy


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
