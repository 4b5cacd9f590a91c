"""The official landmark network's weights, inputs and numbers."""

import functools
import json
from pathlib import Path

import numpy as np

from stargan_tf.convert.mapping import NetworkState, put_weights
from stargan_tf.faces.network import LandmarkNetwork
from stargan_tf.faces.official import TABLE
from tests.goldens.reference_weights import reference_array, reference_state_dict

FOLDER = Path(__file__).parents[1] / "goldens"
RECORD = json.loads((FOLDER / "v2_face_landmarks.json").read_text())
with np.load(FOLDER / "v2_face_landmarks.npz") as arrays:
    ARRAYS = dict(arrays)


def state_dict():
    """The weights under the official keys; variances are positive."""
    state = reference_state_dict(RECORD["fan_keys"], RECORD["seed"])
    return {
        key: 1 + np.abs(value) if key.endswith("running_var") else value
        for key, value in state.items()
    }


@functools.cache
def network():
    """The network with these weights."""
    built = LandmarkNetwork()
    put_weights(built, TABLE, NetworkState(FOLDER, "fan", state_dict()))
    return built


@functools.cache
def sparse_network():
    """The same with heat maps that are near 0 but for some spots, as those of faces."""
    sparse = LandmarkNetwork()
    sparse.set_weights(network().get_weights())
    maps = np.asarray(sparse(images()))
    mean, spread = maps.mean((0, 1, 2)), maps.std((0, 1, 2))
    kernel, bias = sparse.get_layer("heat_maps").get_weights()
    weights = [kernel / spread, (bias - mean) / spread - 2.5]
    sparse.get_layer("heat_maps").set_weights(weights)
    return sparse


def images():
    """(2, 256, 256, 3) in [-1, 1]: squares of 16 × 16 pixels."""
    small = reference_array("fan_image", (2, 3, 16, 16), RECORD["seed"])
    return small.transpose(0, 2, 3, 1).repeat(16, axis=1).repeat(16, axis=2)


def blobs(side, spread, scale):
    """Heat maps (2, side, side, 98) with Gaussians at the golden's points."""
    points = ARRAYS["points"][:, :, :, None] / scale
    x, y = np.exp(-((np.arange(side) - points) ** 2) / spread).transpose(2, 0, 1, 3)
    return np.einsum("nky,nkx->nyxk", y, x).astype(np.float32)
