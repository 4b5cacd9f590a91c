"""What evaluation's tests share."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from pathlib import Path

import numpy as np
import pytest

from stargan_tf.evaluation.weights import VERSION, weights_folder

# Where published weights may be, converted: they are not part of the project.
SHARED = Path(__file__).parents[2].parent / "shared"
WEIGHTS = Path(os.environ.get("STARGAN_TF_SHARED", SHARED)) / "weights"
CACHED = weights_folder()


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("STARGAN_TF_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("STARGAN_TF_WEIGHTS", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def published_weights():
    """The file of a network's published weights, by name."""

    def find(name):
        for path in (WEIGHTS / f"{name}.npz", CACHED / f"{name}-v{VERSION}.npz"):
            if path.exists():
                return path
        pytest.skip(f"the weights '{name}' are neither in {CACHED} nor in {WEIGHTS}")

    return find


@pytest.fixture
def random_arrays():
    """He-initialized arrays for each convolution of a network, by layer."""

    def draw(network, seed=0):
        generator, arrays = np.random.default_rng(seed), {}
        for layer in network.layers:
            if layer.weights:
                shape = layer.kernel.shape
                kernel = generator.standard_normal(shape, dtype=np.float32)
                arrays[f"{layer.name}/kernel"] = kernel * np.float32(
                    np.sqrt(2 / np.prod(shape[:3]))
                )
                bias = generator.standard_normal(shape[-1:], dtype=np.float32)
                arrays[f"{layer.name}/bias"] = bias * np.float32(0.1)
        return arrays

    return draw
