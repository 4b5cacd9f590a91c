"""Our Adam goes on where PyTorch's stood."""

import numpy as np
import pytest

from stargan_tf.convert.adam import put_moments
from stargan_tf.convert.mapping import Part, entries, put_weights, take_weights, to_ours
from stargan_tf.errors import InputError
from stargan_tf.models.stargan_v2.networks import MappingNetwork
from stargan_tf.models.stargan_v2.official import mapping_network
from stargan_tf.optimizers import TorchAdam
from tests.convert import official_shapes

torch = pytest.importorskip("torch")
TABLE = mapping_network(2)
SHAPES = official_shapes.mapping_network_v2(2, latent=3, style=4, hidden=5)
KEYS = [entry.key for entry in entries(TABLE)]


@pytest.fixture
def theirs():
    """(parameters, PyTorch's Adam) after two steps."""
    torch.manual_seed(0)
    parameters = [torch.nn.Parameter(torch.randn(SHAPES[key])) for key in KEYS]
    adam = torch.optim.Adam(parameters, lr=0.01, betas=(0.5, 0.99), weight_decay=0.1)
    for _ in range(2):
        step(parameters, adam)
    return parameters, adam


def step(parameters, adam):
    for parameter in parameters:
        parameter.grad = torch.randn(parameter.shape)
    adam.step()


def test_the_third_step_is_the_same(theirs, tmp_path):
    parameters, adam = theirs
    network = MappingNetwork(2, latent_dim=3, style_dim=4, hidden_dim=5)
    weights = [parameter.detach().numpy().copy() for parameter in parameters]
    part = Part(tmp_path, "F", dict(zip(KEYS, weights, strict=True)))
    put_weights(network, TABLE, part)
    ours = TorchAdam(0.01, beta_1=0.5, beta_2=0.99, l2=0.1)
    ours.build(network.trainable_variables)
    put_moments(ours, network, TABLE, numpy_state(adam))
    assert int(ours.iterations.numpy()) == 2

    step(parameters, adam)
    gradients = {k: p.grad.numpy() for k, p in zip(KEYS, parameters, strict=True)}
    shapes = {v.path: tuple(v.shape) for v in network.weights}
    by_path = dict(to_ours(TABLE, gradients, shapes))
    variables = network.trainable_variables
    ours.apply([by_path[v.path] for v in variables], variables)
    received = take_weights(network, TABLE)
    for key, parameter in zip(KEYS, parameters, strict=True):
        expected = parameter.detach().numpy()
        np.testing.assert_allclose(received[key], expected, atol=2e-6, err_msg=key)


def numpy_state(adam):
    content = adam.state_dict()
    state = {
        i: {name: value.numpy() for name, value in slots.items()}
        for i, slots in content["state"].items()
    }
    return {**content, "state": state}


def test_moments_of_another_network(theirs):
    network = MappingNetwork(2, latent_dim=7, style_dim=4, hidden_dim=5)
    ours = TorchAdam()
    ours.build(network.trainable_variables)
    with pytest.raises(InputError, match="not of this mapping_network"):
        put_moments(ours, network, TABLE, numpy_state(theirs[1]))
