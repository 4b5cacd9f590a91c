"""What evaluation's tests share."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import pytest

from stargan_tf.evaluation.weights import weights_folder

USERS_WEIGHTS = weights_folder()


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("STARGAN_TF_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("STARGAN_TF_WEIGHTS", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def real_weights(own_cache):
    """Gives tests the published weights that the user has fetched before."""

    def want(name):
        stored = list(USERS_WEIGHTS.glob(f"{name}-v*.npz"))
        if not stored:
            pytest.skip(f"the weights {name} are not in {USERS_WEIGHTS}")
        folder = own_cache / "weights"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / stored[0].name).symlink_to(stored[0])

    return want


@pytest.fixture
def random_arrays():
    """He-initialised arrays for each convolution of a network, by layer."""

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
