import zlib

import keras
import numpy as np
import pytest

from stargan_tf.errors import InputError
from stargan_tf.evaluation import inception
from stargan_tf.evaluation.fid import frechet_inception_distance
from stargan_tf.evaluation.inception import FeatureExtractor, build_inception
from stargan_tf.evaluation.weights import convert_inception, set_weights

# torchvision's names of the convolutions, from the image to the features.
STEM = [f"Conv2d_{name}" for name in ("1a_3x3", "2a_3x3", "2b_3x3", "3b_1x1", "4a_3x3")]
BRANCHES = {
    "a": "1x1 5x5_1 5x5_2 3x3dbl_1 3x3dbl_2 3x3dbl_3 _pool",
    "b": "3x3 3x3dbl_1 3x3dbl_2 3x3dbl_3",
    "c": "1x1 7x7_1 7x7_2 7x7_3 7x7dbl_1 7x7dbl_2 7x7dbl_3 7x7dbl_4 7x7dbl_5 _pool",
    "d": "3x3_1 3x3_2 7x7x3_1 7x7x3_2 7x7x3_3 7x7x3_4",
    "e": "1x1 3x3_1 3x3_2a 3x3_2b 3x3dbl_1 3x3dbl_2 3x3dbl_3a 3x3dbl_3b _pool",
}
BLOCKS = ("5b", "5c", "5d", "6a", "6b", "6c", "6d", "6e", "7a", "7b", "7c")
LAYERS = STEM + [
    f"Mixed_{block}.branch{branch}"
    for block, kind in zip(BLOCKS, "aaabccccdee", strict=True)
    for branch in BRANCHES[kind].split()
]

EDGE = np.arange(9, dtype=np.float32).reshape(1, 3, 3, 1)


@pytest.fixture(scope="module")
def network():
    return build_inception(tensorflow_pools=True)


@pytest.fixture(scope="module")
def torch_tensors(network):
    """Random weights of a torch Inception: name → (kernel, β, μ, σ², γ)."""
    generator = np.random.default_rng(0)
    tensors = {}
    for name in LAYERS:
        shape = network.get_layer(name).kernel.shape
        kernel = generator.standard_normal(shape, dtype=np.float32)
        kernel *= np.float32(np.sqrt(2 / np.prod(shape[:3])))
        norm = generator.uniform(0.5, 1.5, (4, shape[-1])).astype(np.float32)
        tensors[name] = (kernel.transpose(3, 2, 0, 1), norm[0] - 1, *norm[1:])
    return tensors


def test_every_convolution_has_its_place(network):
    named = [layer.name for layer in network.layers if layer.weights]
    assert sorted(named) == sorted(LAYERS)
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
    for name, convolution, norm in zip(LAYERS, convolutions, norms, strict=True):
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


def test_torchvisions_tensors_become_layers(network, torch_tensors):
    parts = ("bn.bias", "bn.running_mean", "bn.running_var", "bn.weight")
    tensors = {"fc.bias": np.zeros(2)}
    for name, (kernel, *norm) in {
        "AuxLogits.conv0": [EDGE] * 5,
        **torch_tensors,
    }.items():
        tensors[f"{name}.conv.weight"] = kernel
        tensors |= {f"{name}.{part}": x for part, x in zip(parts, norm, strict=True)}
    arrays = convert_inception(tensors)
    assert len(arrays) == 2 * len(torch_tensors)
    set_weights(network, arrays)  # Every shape fits.
    for name, values in torch_tensors.items():
        kernel, bias = folded(*values)
        np.testing.assert_allclose(arrays[f"{name}/kernel"], kernel, rtol=1e-5)
        np.testing.assert_allclose(arrays[f"{name}/bias"], bias, rtol=1e-4, atol=1e-5)


def test_weights_of_another_network_are_refused(network, random_arrays):
    arrays = random_arrays(network)
    with pytest.raises(InputError, match="do not fit inception_v3, layer Conv2d_1a"):
        set_weights(network, {})
    arrays["Mixed_5b.branch1x1/bias"] = np.zeros(3, np.float32)
    with pytest.raises(InputError, match="do not fit inception_v3, layer Mixed_5b"):
        set_weights(network, arrays)


def drawn(name, shape):
    """As `reference_array` in ../shared/goldens/reference_weights.py."""
    seeds = [3, zlib.crc32(name.encode())]
    return np.random.default_rng(seeds).uniform(-1, 1, shape).astype(np.float32)


def test_pytorchs_features_and_fid(shared_file):
    """The published weights of 2015 against their TorchScript module in PyTorch."""
    golden = np.load(shared_file("goldens/inception_2015.npz"))
    extractor = FeatureExtractor(weights=shared_file("weights/inception_2015.npz"))
    sets = []
    for letter in "ab":
        coarse = drawn(f"inception_{letter}", (12, 3, 10, 10))
        x = coarse.repeat(30, axis=2).repeat(30, axis=3)[:, :, :299, :299]
        x = x + np.float32(0.2) * drawn(f"inception_{letter}_noise", x.shape)
        images = np.clip(np.round((x + 1) * 127.5), 0, 255).astype(np.uint8)
        features = extractor(images.transpose(0, 2, 3, 1))
        expected = golden[f"features_{letter}"]
        np.testing.assert_allclose(features, expected, rtol=1e-3, atol=1e-5)
        sets.append(extractor.summary())
        sets[-1].update(features)
    fid = frechet_inception_distance(*sets).value
    assert fid == pytest.approx(float(golden["fid"]), abs=1e-3)
