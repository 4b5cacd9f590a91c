import keras
import numpy as np
import pytest

from stargan_tf.evaluation import inception
from stargan_tf.evaluation.inception import build_inception
from stargan_tf.evaluation.weights import (
    convert_inception,
    inception_layers,
    set_weights,
)
from tests.evaluation.torch_like import Writer, save_state_dict

EDGE = np.arange(9, dtype=np.float32).reshape(1, 3, 3, 1)


@pytest.fixture(scope="module")
def network():
    return build_inception(tensorflow_pools=True)


@pytest.fixture(scope="module")
def torch_tensors(network):
    """Random weights of a torch Inception: name → (kernel, β, μ, σ², γ)."""
    generator = np.random.default_rng(0)
    tensors = {}
    for name in inception_layers():
        shape = network.get_layer(name).kernel.shape
        kernel = generator.standard_normal(shape, dtype=np.float32)
        kernel *= np.float32(np.sqrt(2 / np.prod(shape[:3])))
        norm = generator.uniform(0.5, 1.5, (4, shape[-1])).astype(np.float32)
        tensors[name] = (kernel.transpose(3, 2, 0, 1), norm[0] - 1, *norm[1:])
    return tensors


def test_every_convolution_has_its_place(network):
    named = [layer.name for layer in network.layers if layer.weights]
    assert sorted(named) == sorted(inception_layers())
    assert len(named) == 94
    # torchvision's has a scale besides the bias for each of the 17,216 channels.
    assert network.count_params() == 21_785_568 - 17_216


def test_same_features_as_keras_inception(network, random_arrays):
    """Up to the last block, which differs on purpose, Keras' graph is this one."""
    theirs = keras.applications.InceptionV3(
        include_top=False, weights=None, input_shape=(299, 299, 3)
    )
    arrays = random_arrays(network)
    set_weights(network, arrays)
    convolutions = [x for x in theirs.layers if isinstance(x, keras.layers.Conv2D)]
    norms = [x for x in theirs.layers if "batch_normalization" in x.name]
    convolutions.sort(key=lambda x: int(x.name.partition("conv2d_")[2] or 0))
    norms.sort(key=lambda x: int(x.name.rpartition("normalization")[2].strip("_") or 0))
    for name, convolution, norm in zip(
        inception_layers(), convolutions, norms, strict=True
    ):
        kernel, bias = (arrays[f"{name}/{part}"] for part in ("kernel", "bias"))
        convolution.set_weights([kernel])
        variance = np.full_like(bias, 1 - 1e-3)
        norm.set_weights([bias, np.zeros_like(bias), variance])
    images = np.random.default_rng(1).uniform(-1, 1, (1, 299, 299, 3))
    pair = [
        keras.Model(model.input, model.get_layer(last).output).predict_on_batch(images)
        for model, last in ((network, "Mixed_7b"), (theirs, "mixed9"))
    ]
    np.testing.assert_allclose(*pair, rtol=1e-3, atol=1e-3 * np.abs(pair[1]).max())


def test_the_two_ways_to_average_at_the_border():
    zeros = inception._average_with_zeros(keras.ops.convert_to_tensor(EDGE))
    ours = inception._average(keras.ops.convert_to_tensor(EDGE))
    corner = 0.0 + 1 + 3 + 4
    assert float(zeros[0, 0, 0, 0]) == pytest.approx(corner / 9)
    assert float(ours[0, 0, 0, 0]) == pytest.approx(corner / 4)
    assert float(zeros[0, 1, 1, 0]) == float(ours[0, 1, 1, 0]) == pytest.approx(4)


def test_only_tensorflows_graph_takes_maxima_in_the_last_block(network):
    def last_pool(model):
        return model.get_layer("Mixed_7c.branch_pool").input._keras_history.operation

    assert isinstance(last_pool(network), keras.layers.MaxPooling2D)
    torchs = build_inception(tensorflow_pools=False)
    assert isinstance(last_pool(torchs), keras.layers.AveragePooling2D)


def folded(kernel, beta, mean, variance, gamma):
    factor = gamma / np.sqrt(variance + 1e-3)
    kernel = np.transpose(kernel * factor[:, None, None, None], (2, 3, 1, 0))
    return kernel, beta - mean * factor


def test_a_state_dictionary_with_torchvisions_names(torch_tensors, tmp_path):
    parts = ("bn.bias", "bn.running_mean", "bn.running_var", "bn.weight")
    tensors = {"AuxLogits.fc.weight": np.zeros((2, 2)), "fc.bias": np.zeros(2)}
    for name, (kernel, *norm) in torch_tensors.items():
        tensors[f"{name}.conv.weight"] = kernel
        tensors |= {f"{name}.{part}": x for part, x in zip(parts, norm, strict=True)}
    save_state_dict(tmp_path / "net.pth", tensors)
    arrays = convert_inception(tmp_path / "net.pth")
    for name, values in torch_tensors.items():
        kernel, bias = folded(*values)
        np.testing.assert_allclose(arrays[f"{name}/kernel"], kernel, rtol=1e-5)
        np.testing.assert_allclose(arrays[f"{name}/bias"], bias, rtol=1e-4, atol=1e-5)


def test_a_torchscript_module_goes_by_order(network, torch_tensors, tmp_path):
    writer, layers = Writer(), {}
    for position, (kernel, *norm) in enumerate(torch_tensors.values()):
        arrays = {
            "weight": kernel,
            **dict(zip(("beta", "mean", "var"), norm[:3], strict=True)),
        }
        fields = {key: writer.tensor(array) for key, array in arrays.items()}
        layers[f"conv_{position}"] = writer.module("Conv", fields)
    writer.save(tmp_path / "net.pt", writer.module("Net", layers))
    arrays = convert_inception(tmp_path / "net.pt")
    set_weights(network, arrays)  # Every shape fits.
    for name, (kernel, beta, mean, variance, _) in torch_tensors.items():
        kernel, bias = folded(kernel, beta, mean, variance, np.ones_like(beta))
        np.testing.assert_allclose(arrays[f"{name}/kernel"], kernel, rtol=1e-5)
        np.testing.assert_allclose(arrays[f"{name}/bias"], bias, rtol=1e-4, atol=1e-5)
