import itertools

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image, ImageFilter

from stargan_tf.errors import InputError
from stargan_tf.evaluation import lpips as module
from stargan_tf.evaluation.lpips import Lpips, build_trunk
from stargan_tf.evaluation.weights import convert_lpips

IMAGES = np.random.default_rng(0).uniform(-1.2, 1.2, (2, 35, 35, 3)).astype(np.float32)


def windows(x, size, stride):
    """(rows, columns, channels, size, size)"""
    return sliding_window_view(x, (size, size), axis=(0, 1))[::stride, ::stride]


def convolution(x, kernel, bias, padding, stride=1):
    x = np.pad(x, [(padding, padding)] * 2 + [(0, 0)])
    seen = windows(x, len(kernel), stride)
    return np.maximum(np.tensordot(seen, kernel, ([3, 4, 2], [0, 1, 2])) + bias, 0)


def alexnet_maps(x, arrays):
    """AlexNet's five maps in float64, from its published description."""

    def convolve(x, i, padding, stride=1):
        parts = (arrays[f"conv_{i}/{part}"] for part in ("kernel", "bias"))
        return convolution(x, *parts, padding, stride)

    x = (x - [-0.030, -0.088, -0.188]) / [0.458, 0.448, 0.450]
    first = convolve(x, 0, 2, 4)
    second = convolve(windows(first, 3, 2).max((3, 4)), 1, 2)
    third = convolve(windows(second, 3, 2).max((3, 4)), 2, 1)
    fourth = convolve(third, 3, 1)
    return [first, second, third, fourth, convolve(fourth, 4, 1)]


def expected_distance(first, second, arrays):
    total = 0.0
    both = (alexnet_maps(image.astype(np.float64), arrays) for image in (first, second))
    for layer, (a, b) in enumerate(zip(*both, strict=True)):
        a, b = (x / (np.linalg.norm(x, axis=-1, keepdims=True) + 1e-10) for x in (a, b))
        total += np.mean((a - b) ** 2 @ arrays[f"head_{layer}/kernel"])
    return total


@pytest.fixture
def arrays(random_arrays):
    """A random AlexNet with random heads."""
    arrays = random_arrays(build_trunk("alex"))
    generator = np.random.default_rng(5)
    for layer, width in enumerate((64, 192, 384, 256, 256)):
        arrays[f"head_{layer}/kernel"] = generator.uniform(0, 1, width).astype("f4")
    return arrays


@pytest.fixture
def alex(arrays, monkeypatch):
    monkeypatch.setattr(module, "load_weights", lambda name, path: arrays)
    return Lpips("alex")


def test_equals_an_independent_computation(alex, arrays):
    expected = expected_distance(*IMAGES, arrays)
    found = alex.distance(IMAGES[:1], IMAGES[1:])
    np.testing.assert_allclose(found, [expected], rtol=1e-4)


def test_equal_images_and_order(alex):
    np.testing.assert_array_equal(alex.distance(IMAGES, IMAGES), [0, 0])
    there, back = alex.distance(IMAGES, IMAGES[::-1])
    assert there == pytest.approx(back, rel=1e-5)
    assert there > 0


def test_bytes_and_floats_are_one_image(alex):
    pixels = np.random.default_rng(1).integers(0, 256, (2, 40, 40, 3), dtype=np.uint8)
    floats = pixels / np.float32(127.5) - 1
    expected = alex.distance(floats[:1], floats[1:])
    np.testing.assert_allclose(alex.distance(pixels[:1], pixels[1:]), expected)


def test_diversity_is_the_mean_over_all_pairs(alex):
    outputs = np.random.default_rng(2).uniform(-1, 1, (2, 4, 32, 32, 3))
    outputs = outputs.astype(np.float32)
    pairs = list(itertools.combinations(range(4), 2))
    each = [alex.distance(outputs[:, i], outputs[:, j]) for i, j in pairs]
    assert len(pairs) == 6
    np.testing.assert_allclose(
        alex.diversity(outputs), np.mean(each, axis=0), rtol=1e-4
    )
    same = np.repeat(outputs[:, :1], 10, axis=1)
    np.testing.assert_allclose(alex.diversity(same), 0, atol=1e-7)


def test_what_does_not_fit_is_refused(alex):
    with pytest.raises(InputError, match="same shape"):
        alex.distance(IMAGES, IMAGES[:1])
    with pytest.raises(InputError, match="at least 31 pixels"):
        alex.distance(IMAGES[:, :30], IMAGES[:, :30])
    with pytest.raises(InputError, match="at least 2 outputs each"):
        alex.diversity(IMAGES[:, np.newaxis])
    with pytest.raises(InputError, match="no LPIPS network 'alexnet'. Did you mean"):
        Lpips("alexnet")


def test_vgg_has_the_maps_of_vgg():
    network = build_trunk("vgg")
    shapes = [tuple(x.shape[1:]) for x in network(np.zeros((1, 32, 32, 3)))]
    assert shapes == [
        (32, 32, 64),
        (16, 16, 128),
        (8, 8, 256),
        (4, 4, 512),
        (2, 2, 512),
    ]
    # torchvision's VGG-16 has 138,357,544 numbers, 123,642,856 of them in its head.
    assert network.count_params() == 138_357_544 - 123_642_856


def test_published_tensors_become_layers():
    generator = np.random.default_rng(0)
    kernel = generator.standard_normal((4, 2, 3, 3)).astype(np.float32)
    tensors = {
        "features.0.weight": kernel,
        "features.0.bias": np.arange(4.0),
        "features.10.weight": 2 * kernel,
        "features.10.bias": np.arange(4.0),
        "classifier.1.weight": np.ones((2, 2)),
    }
    tensors |= {f"lin{i}.model.1.weight": np.full((1, 4, 1, 1), i) for i in range(5)}
    arrays = convert_lpips(tensors)
    assert set(arrays) == {
        *(f"conv_{i}/{part}" for i in range(2) for part in ("kernel", "bias")),
        *(f"head_{i}/kernel" for i in range(5)),
    }
    np.testing.assert_array_equal(
        arrays["conv_1/kernel"][2, 1, 0], 2 * kernel[:, 0, 2, 1]
    )
    np.testing.assert_array_equal(arrays["head_3/kernel"], [3, 3, 3, 3])


def test_published_weights_rank_changes_as_people_do(published_weights):
    measure = Lpips("alex", published_weights("lpips_alex"))
    steps = np.linspace(0, 4 * np.pi, 64)
    image = 127 + 100 * np.sin(steps)[:, None] * np.cos(2 * steps)
    image = np.repeat(image.astype(np.uint8)[..., None], 3, axis=-1)
    brighter = image + np.uint8(10)
    blurred = np.asarray(Image.fromarray(image).filter(ImageFilter.BoxBlur(4)))
    noise = np.random.default_rng(0).normal(0, 60, image.shape)
    noisy = np.clip(image + noise, 0, 255).astype(np.uint8)
    changed = np.stack([image, brighter, blurred, noisy])
    distances = measure.distance(np.stack([image] * 4), changed)
    assert distances[0] == 0
    assert distances[1] < distances[2] < distances[3]
