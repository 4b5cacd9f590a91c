"""The official landmark network, alone and within StarGAN v2's files."""

import numpy as np
import pytest

from stargan_tf.convert.read import read
from stargan_tf.convert.write import import_checkpoint
from stargan_tf.errors import InputError
from stargan_tf.faces.network import LandmarkNetwork
from stargan_tf.training.run_folder import find_checkpoint, load_model
from tests.convert.conftest import flat, v1_states, v2_states
from tests.convert.test_write import save_torch
from tests.faces.landmark_golden import ARRAYS, images, state_dict

COUNT = np.array(25000)


def official_state():
    """The weights as PyTorch saves them, with counts of batches."""
    return {**state_dict(), "bn1.num_batches_tracked": COUNT}


def save(path, content):
    """A file of nested dictionaries as .npz."""
    with path.open("wb") as file:
        np.savez(file, **flat(content))
    return path


def averages(high_pass=True, **others):
    """Networks of `{step}_nets_ema.ckpt`."""
    states = v2_states(domains=2, high_pass=high_pass)
    del states["discriminator"]
    return {**states, **others}


@pytest.fixture(scope="module")
def model_with_landmarks(tmp_path_factory):
    """The folder of an import of averages with `fan`."""
    folder = tmp_path_factory.mktemp("imported")
    path = save(folder / "100000_nets_ema.ckpt", averages(fan=official_state()))
    imported = import_checkpoint([path], folder / "model")
    assert imported.has_landmarks
    return folder / "model"


def test_wing_is_a_model_of_its_own(tmp_path):
    path = save_torch(tmp_path / "wing.ckpt", {"state_dict": official_state()})
    imported = import_checkpoint([path], tmp_path / "landmarks")
    assert imported.family is None and imported.has_landmarks
    for place in ("landmarks", "landmarks/landmarks.keras"):
        network = load_model(tmp_path / place)
        assert type(network) is LandmarkNetwork
        np.testing.assert_array_equal(network.find(images()), ARRAYS["landmarks"])
        with pytest.raises(
            InputError, match=r"network for facial landmarks.*Pass"
        ) as error:
            find_checkpoint(tmp_path / place)
        assert "\n" not in str(error.value)
    with pytest.raises(InputError, match="takes no mask_provider"):
        load_model(tmp_path / "landmarks", mask_provider=print)


@pytest.mark.parametrize("prefix", ["", "module."])
def test_weights_without_a_name_around_them(tmp_path, prefix):
    state = {prefix + key: array for key, array in official_state().items()}
    np.savez(tmp_path / "wing.npz", **state)
    found = read([tmp_path / "wing.npz"])
    assert found.landmarks.weights.keys() == state_dict().keys()


def test_a_model_uses_the_landmark_network_of_its_checkpoint(model_with_landmarks):
    model = load_model(model_with_landmarks, compile=False)
    small = images()[:, ::4, ::4]
    network = load_model(model_with_landmarks / "landmarks.keras")
    np.testing.assert_array_equal(model.mask_provider(small), network.masks(small))
    styles = np.zeros((2, model.style_dim), np.float32)
    masks = network.masks(small)
    np.testing.assert_allclose(
        model.translate(small, styles=styles),
        model.translate(small, styles=styles, masks=masks),
        atol=1e-6,
    )


def test_a_mask_provider_that_is_given_comes_first(model_with_landmarks):
    def provider(images):
        raise NotImplementedError

    model = load_model(model_with_landmarks, compile=False, mask_provider=provider)
    assert model.mask_provider is provider


def test_averages_and_wing_from_two_files(tmp_path):
    paths = [
        save(tmp_path / "100000_nets_ema.ckpt", averages()),
        save(tmp_path / "wing.ckpt", {"state_dict": official_state()}),
    ]
    found = read(paths)
    assert found.family == "stargan_v2"
    assert found.landmarks.path == paths[1]


def test_without_a_landmark_network_masks_are_missing(tmp_path):
    path = save(tmp_path / "100000_nets_ema.ckpt", averages())
    assert not import_checkpoint([path], tmp_path / "model").has_landmarks
    model = load_model(tmp_path / "model", compile=False)
    with pytest.raises(InputError, match="needs masks"):
        model.translate(images()[:, ::4, ::4], styles=np.zeros((2, model.style_dim)))


def test_a_model_without_high_pass_skips_takes_no_landmarks(tmp_path):
    both = save(tmp_path / "1_nets_ema.ckpt", averages(False, fan=official_state()))
    assert read([both]).landmarks is None
    generator = tmp_path / "1-G.npz"
    np.savez(generator, **v1_states()[0])
    wing = save(tmp_path / "wing.ckpt", {"state_dict": official_state()})
    with pytest.raises(InputError, match=r"1-G.npz.* without them"):
        read([generator, wing])


def test_a_landmark_network_twice(tmp_path):
    paths = [tmp_path / name for name in ("wing.ckpt", "copy.ckpt")]
    for path in paths:
        save(path, {"state_dict": official_state()})
    with pytest.raises(InputError, match="both with a landmark network"):
        read(paths)


@pytest.mark.parametrize(
    "option", [{"preset": "celeba_hq"}, {"domains": "a,b"}, {"image_size": 256}]
)
def test_a_landmark_network_has_no_labels(tmp_path, option):
    path = save(tmp_path / "wing.ckpt", {"state_dict": official_state()})
    with pytest.raises(InputError, match="neither labels nor an image size"):
        read([path], **option)


def test_other_weights_are_refused(tmp_path):
    key = "conv3.bn1.running_mean"
    state = state_dict()
    wrong = {
        "missing weights conv3.bn1.running_mean": {
            k: v for k, v in state.items() if k != key
        },
        "unknown weights extra": {**state, "extra": np.zeros(1)},
        "must be finite": {**state, key: np.full(128, np.nan, np.float32)},
        r"shape \(128,\) .* Received: \(64,\)": {**state, key: np.zeros(64)},
    }
    for message, weights in wrong.items():
        path = save(tmp_path / "wing.ckpt", {"state_dict": weights})
        with pytest.raises(InputError, match=message) as error:
            import_checkpoint([path], tmp_path / "landmarks")
        assert "\n" not in str(error.value)
        assert not (tmp_path / "landmarks").exists()


def test_a_damaged_landmark_network(tmp_path, model_with_landmarks):
    file = tmp_path / "landmarks.keras"
    whole = (model_with_landmarks / "landmarks.keras").read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    for place in (tmp_path, file):
        with pytest.raises(InputError, match="cannot be loaded") as error:
            load_model(place)
        assert "\n" not in str(error.value)
