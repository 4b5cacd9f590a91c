"""Landmark providers by name, and the network as one of them."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stargan_tf import discovery
from stargan_tf.discovery import LANDMARKS
from stargan_tf.errors import InputError
from stargan_tf.faces.masks import THRESHOLD, face_masks
from stargan_tf.faces.network import LandmarkNetwork
from stargan_tf.faces.opening import landmark_provider
from stargan_tf.faces.providers import LandmarkProvider, NetworkProvider
from tests.faces.landmark_golden import ARRAYS, blobs, images, network

ROOT = Path(__file__).parents[2]
CODE = """
class Dots:
    api_version = 1
    name = "dots"
    version = "1"

    def find(self, image):
        return []

    def __call__(self, images):
        return images[..., :2]

DOTS = Dots()
BROKEN = object()
"""


@pytest.fixture
def dots(installed_package, monkeypatch):
    monkeypatch.delenv(discovery.DISABLE, raising=False)
    points = {"dots": "dots_pkg:DOTS", "broken": "dots_pkg:BROKEN"}
    installed_package("dots-pkg", CODE, {LANDMARKS.name: points})
    yield
    sys.modules.pop("dots_pkg", None)


def test_an_installed_one_is_found_by_name(dots):
    provider = landmark_provider("dots")
    assert isinstance(provider, LandmarkProvider) and provider.name == "dots"


def test_one_that_lacks_a_method_is_one_line(dots):
    with pytest.raises(InputError, match="'broken'.*Expected: an object of LandmarkPr"):
        landmark_provider("broken")


def test_an_unknown_name_names_near_ones(dots):
    with pytest.raises(InputError, match="no landmark provider 'dot'.*Did you mean do"):
        landmark_provider("dot")


def test_a_model_that_finds_no_landmarks():
    folder = ROOT / "saved_models/toon_people"
    with pytest.raises(InputError, match="toon_people, which holds a StarGANV2 witho"):
        landmark_provider(str(folder))


# === The network ===


class Stub:
    """Stands for a network: heat maps with a face, or nearly nothing."""

    def __init__(self, height=1.0):
        self.height = height

    def __call__(self, images):
        assert images.shape == (1, 256, 256, 3) and images.dtype == np.float32
        assert images.min() >= -1 and images.max() <= 1
        maps = self.height * blobs(64, spread=4.5, scale=4)[:1]
        return np.concatenate([maps, np.ones_like(maps[..., :1])], axis=-1)


def test_points_are_those_of_the_photo():
    found = NetworkProvider(Stub(), "stub").find(np.zeros((512, 128, 3), np.uint8))
    assert found.shape == (1, 98, 2) and found.dtype == np.float32
    expected = ARRAYS["blob_landmarks"][0] * (0.5, 2.0) - 0.5
    np.testing.assert_allclose(found[0], expected, atol=1e-4)


def test_faint_heat_maps_are_no_face():
    provider = NetworkProvider(Stub(0.9 * THRESHOLD), "stub")
    assert provider.find(np.zeros((90, 80, 3), np.uint8)).shape == (0, 98, 2)


def test_another_network_is_another_version():
    other = LandmarkNetwork()
    version = NetworkProvider(network(), "wing").version
    assert version != NetworkProvider(other, "wing").version
    other.set_weights(network().get_weights())
    assert version == NetworkProvider(other, "other").version


def test_the_masks_are_those_of_the_network():
    built = network()
    provider = NetworkProvider(built, "golden")
    assert isinstance(provider, LandmarkProvider)
    masks = np.asarray(provider(images()))
    np.testing.assert_array_equal(masks, face_masks(built(images()), 256))


@pytest.mark.parametrize("kind", ["wing.ckpt", "folder", "keras"])
def test_a_network_is_opened_from_any_of_its_forms(tmp_path, kind):
    from tests.convert.test_landmarks import official_state, save

    if kind == "keras":
        path = tmp_path / "landmarks.keras"
        network().save(path)
    else:
        path = save(tmp_path / "wing.ckpt", {"state_dict": official_state()})
    if kind == "folder":
        from stargan_tf.convert.write import import_checkpoint

        import_checkpoint([path], tmp_path / "landmarks")
        path = tmp_path / "landmarks"
    provider = landmark_provider(str(path))
    assert provider.name == str(path)
    small = Image.fromarray(((images()[0] + 1) * 127.5).astype(np.uint8))
    # Random weights: what they find is not asked.
    assert provider.find(np.asarray(small)).shape[1:] == (98, 2)


@pytest.mark.parametrize("name", ["photo.png", "photo.ckpt"])
def test_a_file_that_is_no_model_is_one_line(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"a face")
    with pytest.raises(InputError) as caught:
        landmark_provider(str(path))
    assert name in str(caught.value)
