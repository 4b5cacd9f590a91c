"""What evaluation's tests share."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from pathlib import Path

import numpy as np
import pytest

# Published weights and what PyTorch computes with them; not part of the project.
SHARED = Path(__file__).parents[2].parent / "shared"
SHARED = Path(os.environ.get("STARGAN_TF_SHARED", SHARED))


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("STARGAN_TF_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("STARGAN_TF_WEIGHTS", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def shared_file():
    """Gives tests a file of the folder `shared` beside the checkout."""

    def want(name):
        if not (SHARED / name).exists():
            pytest.skip(f"there is no {SHARED / name}")
        return SHARED / name

    return want


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
