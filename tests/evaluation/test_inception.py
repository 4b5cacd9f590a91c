import zlib
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageFilter

from stargan_tf.data.registry import load_dataset
from stargan_tf.errors import InputError
from stargan_tf.evaluation import inception
from stargan_tf.evaluation import inception as module
from stargan_tf.evaluation.fid import (
    frechet_inception_distance,
    kernel_inception_distance,
)
from stargan_tf.evaluation.inception import (
    FeatureExtractor,
    build_inception,
    resize_float,
    resize_uint8,
)
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
    with pytest.raises(InputError, match="do not match inception_v3, layer Conv2d_1a"):
        set_weights(network, {})
    arrays["Mixed_5b.branch1x1/bias"] = np.zeros(3, np.float32)
    with pytest.raises(InputError, match="do not match inception_v3, layer Mixed_5b"):
        set_weights(network, arrays)


GOLDEN = Path(__file__).parents[1] / "goldens" / "inception_2015.npz"


def drawn(name, shape):
    """As `reference_array` in tests/goldens/reference_weights.py."""
    seeds = [3, zlib.crc32(name.encode())]
    return np.random.default_rng(seeds).uniform(-1, 1, shape).astype(np.float32)


def test_pytorchs_features_and_fid(published_weights):
    """The published weights of 2015 against their TorchScript module in PyTorch."""
    golden = np.load(GOLDEN)
    extractor = FeatureExtractor(weights=published_weights("inception_2015"))
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


PHOTO = np.random.default_rng(0).integers(0, 256, (2, 48, 48, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def faces():
    source = load_dataset("toon_expressions", image_size=64)
    return np.stack([source.load(index) for index in range(8)])


@pytest.fixture(params=["random", "inception_2015"])
def extractor(request, published_weights, random_arrays, monkeypatch):
    """With any weights, and with the published ones where they are found."""
    if request.param == "random":
        arrays = random_arrays(build_inception(True))
        monkeypatch.setattr(module, "load_weights", lambda name, path: arrays)
        return FeatureExtractor("standard")
    return FeatureExtractor("standard", published_weights(request.param))


def summary(extractor, images, size=8):
    made = extractor.summary()
    for start in range(0, len(images), size):
        made.update(extractor(images[start : start + size]))
    return made


def altered(images, alter):
    return np.stack([np.asarray(alter(Image.fromarray(image))) for image in images])


def noisy(images, strength):
    noise = np.random.default_rng(1).normal(0, strength, images.shape)
    return np.clip(images + noise, 0, 255).astype(np.uint8)


def test_what_fid_and_kid_must_do(extractor, faces):
    real = summary(extractor, faces)
    again = summary(extractor, faces[::-1], size=5)
    assert frechet_inception_distance(real, real).value == pytest.approx(0, abs=1e-3)
    assert frechet_inception_distance(real, again).value == pytest.approx(0, abs=1e-3)

    blurred = [
        altered(faces, lambda image, r=radius: image.filter(ImageFilter.BoxBlur(r)))
        for radius in (1, 3)
    ]
    for changed in (blurred, [noisy(faces, 8), noisy(faces, 32)]):
        little, much = (summary(extractor, batch) for batch in changed)
        fids = [frechet_inception_distance(real, one).value for one in (little, much)]
        kids = [kernel_inception_distance(real, one).value for one in (little, much)]
        assert 0.0 < fids[0] < fids[1]
        assert kids[0] < kids[1]


def test_another_domain_is_further_away(published_weights, monkeypatch):
    """Women against other women, and against children."""
    monkeypatch.setenv("STARGAN_TF_WEIGHTS", str(published_weights("inception_2015")))
    extractor = FeatureExtractor("standard")
    source = load_dataset("toon_people", image_size=64)
    women, children = (
        np.flatnonzero(source.labels[:, source.info.index(domain)])
        for domain in ("woman", "child")
    )
    real, same, other = (
        summary(extractor, np.stack([source.load(index) for index in group]))
        for group in (women[:12], women[12:24], children[:12])
    )
    near = frechet_inception_distance(real, same).value
    assert near < frechet_inception_distance(real, other).value
    near = kernel_inception_distance(real, same).value
    assert near < kernel_inception_distance(real, other).value


def test_one_call_or_many(extractor):
    whole = extractor(PHOTO)
    assert whole.shape == (2, 2048)
    assert whole.dtype == np.float32
    single = np.concatenate([extractor(PHOTO[:1]), extractor(PHOTO[1:])])
    np.testing.assert_allclose(single, whole, rtol=1e-3, atol=1e-4 * whole.max())


@pytest.mark.parametrize("size", [32, 299, 400])
def test_bicubic_resize_equals_pillows_floats(size):
    images = np.random.default_rng(2).integers(0, 256, (1, size, size, 3), np.uint8)
    channels = [
        Image.fromarray(images[0, :, :, channel].astype(np.float32)).resize(
            (299, 299), Image.Resampling.BICUBIC
        )
        for channel in range(3)
    ]
    expected = np.stack([np.asarray(channel) for channel in channels], axis=-1)
    found = resize_float(tf.cast(images, tf.float32), 299)[0]
    np.testing.assert_allclose(found, expected.clip(0, 255), atol=0.01)


def test_bilinear_resize_is_pillows():
    expected = Image.fromarray(PHOTO[1]).resize((299, 299), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(resize_uint8(PHOTO, 299)[1], np.asarray(expected))


def test_each_protocol_scales_as_its_source_does(monkeypatch):
    monkeypatch.setattr(module, "load_weights", lambda name, path: {})
    monkeypatch.setattr(module, "set_weights", lambda network, arrays: None)
    monkeypatch.setattr(module, "build_inception", lambda tensorflow_pools: lambda x: x)
    levels = np.array([0, 128, 255], np.uint8)
    gray = np.broadcast_to(levels[:, None, None, None], (3, 299, 299, 3))
    standard = FeatureExtractor("standard")(gray)[:, 5, 5, 0]
    np.testing.assert_allclose(standard, [-1.0, 0.0, 0.9921875], atol=1e-6)
    official = FeatureExtractor("stargan_v2")(gray)[:, 5, 5]
    expected = (levels[:, None] / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    np.testing.assert_allclose(official, expected, atol=1e-5)


def test_the_official_protocol_runs_torchvisions_graph(random_arrays, monkeypatch):
    arrays = random_arrays(build_inception(False))
    asked = []
    monkeypatch.setattr(
        module, "load_weights", lambda name, path: asked.append(name) or arrays
    )
    official = FeatureExtractor("stargan_v2")
    assert asked == ["inception_imagenet"]
    assert official.summary().protocol == "stargan_v2"
    x = resize_uint8(PHOTO, 299) / 255
    x = (x - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    expected = official.network.predict_on_batch(x.astype(np.float32))
    found = official(PHOTO)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4 * found.max())


def test_bad_images_and_protocols(random_arrays, monkeypatch):
    arrays = random_arrays(build_inception(True))
    monkeypatch.setattr(module, "load_weights", lambda name, path: arrays)
    standard = FeatureExtractor()
    with pytest.raises(InputError, match="must be uint8 of shape.*float32"):
        standard(PHOTO.astype(np.float32))
    with pytest.raises(InputError, match="There is no FID protocol 'standart'. Did"):
        FeatureExtractor("standart")
