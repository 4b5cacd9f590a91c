"""Official checkpoints, small and of zeros, or of the goldens' weights."""

import numpy as np
import pytest

from tests.convert import official_shapes as shapes
from tests.models.golden import Golden


def zeros(shapes):
    return {key: np.zeros(shape, np.float32) for key, shape in shapes.items()}


def v1_states(labels=5, mask=0, image_size=16):
    """(G, D) of a small StarGAN v1."""
    generator = shapes.generator_v1(labels + mask, filters=2, blocks=1)
    discriminator = shapes.discriminator_v1(image_size, labels, filters=4, layers=2)
    return zeros(generator), zeros(discriminator)


def v2_states(domains=3, image_size=64, cap=4, high_pass=False):
    """Network → state of a StarGAN v2 of few channels below full size."""
    found = {
        "generator": shapes.generator_v2(image_size, 5, cap, high_pass),
        "mapping_network": shapes.mapping_network_v2(domains, 3, 5, 7),
        "style_encoder": shapes.style_encoder_v2(domains, image_size, 5, cap),
        "discriminator": shapes.discriminator_v2(domains, image_size, cap),
    }
    states = {name: zeros(shapes) for name, shapes in found.items()}
    if high_pass:
        kernel = np.full((3, 3), -1, np.float32)
        kernel[1, 1] = 8
        states["generator"]["hpf.filter"] = kernel
    return states


def flat(states):
    """`{network: {key: array}}` → `{network.key: array}`, as .npz has it."""
    return {
        f"{network}.{key}": array
        for network, state in states.items()
        for key, array in state.items()
    }


@pytest.fixture
def v1_files(tmp_path):
    """Paths of a G and a D as .npz."""
    paths = [tmp_path / "200000-G.npz", tmp_path / "200000-D.npz"]
    for path, state in zip(paths, v1_states(), strict=True):
        np.savez(path, **state)
    return paths


@pytest.fixture
def ema_file(tmp_path):
    """Path of averaged networks as .npz."""
    states = v2_states()
    del states["discriminator"]
    path = tmp_path / "100000_nets_ema.npz"
    np.savez(path, **flat(states))
    return path


def golden_states(name):
    """(golden, network → official state) of a golden file."""
    golden = Golden(name)
    return golden, {n: golden.state(n) for n in golden.official.networks}
