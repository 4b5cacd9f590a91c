"""Keys, shapes and counts at full size, against the architecture's rules."""

import math

import numpy as np
import pytest

from stargan_tf.convert.mapping import (
    KERNEL,
    MATRIX,
    VERDICT_BIAS,
    VERDICT_KERNEL,
    Constant,
    Entry,
    NetworkState,
    Sizes,
    entries,
    put_weights,
    to_official,
    to_ours,
)
from stargan_tf.models.stargan.official import OFFICIAL as official_v1
from stargan_tf.models.stargan_v2.official import OFFICIAL as official_v2
from tests.convert import official_shapes as shapes

V2 = {
    "style_dim": 64,
    "latent_dim": 16,
    "hidden_dim": 512,
    "base_filters": 64,
    "max_filters": 512,
}


def v2(high_pass, domains):
    return {
        "generator": shapes.generator_v2(high_pass=high_pass),
        "mapping_network": shapes.mapping_network_v2(domains),
        "style_encoder": shapes.style_encoder_v2(domains),
        "discriminator": shapes.discriminator_v2(domains),
    }


# The official numbers of parameters, counted by the official code.
CASES = {
    "v1 128 px, 5 labels": (
        official_v1,
        {
            "generator": shapes.generator_v1(5),
            "discriminator": shapes.discriminator_v1(128, 5),
        },
        {"generator": 8_430_528, "discriminator": 44_762_048},
        Sizes(
            128,
            {
                "base_filters": 64,
                "num_residual_blocks": 6,
                "discriminator_filters": 64,
                "discriminator_layers": 6,
            },
            5,
        ),
    ),
    "v2 256 px, 3 domains": (
        official_v2,
        v2(False, 3),
        {
            "generator": 33_892_995,
            "mapping_network": 3_259_072,
            "style_encoder": 20_949_760,
            "discriminator": 20_852_803,
        },
        Sizes(256, {**V2, "high_pass": 0.0}, 3),
    ),
    "v2 256 px, 2 domains, high-pass": (
        official_v2,
        v2(True, 2),
        {
            "generator": 43_467_395,
            "mapping_network": 2_438_272,
            "style_encoder": 20_916_928,
            "discriminator": 20_852_290,
        },
        Sizes(256, {**V2, "high_pass": 1.0}, 2),
    ),
}


@pytest.fixture(params=CASES)
def case(request, tmp_path):
    official, full, counts, sizes = CASES[request.param]
    # Without memory: a view of a single zero.
    states = {
        name: {k: np.broadcast_to(np.float32(0), s) for k, s in state.items()}
        for name, state in full.items()
    }
    parts = {
        name: NetworkState(tmp_path, name, state) for name, state in states.items()
    }
    return official, parts, counts, sizes


def test_keys_and_counts_are_the_official_ones(case):
    official, parts, counts, sizes = case
    tables = official.tables(sizes)
    for name, part in parts.items():
        keys = [entry.key for entry in entries(tables[name])]
        assert keys == list(part.weights)
        assert sum(math.prod(a.shape) for a in part.weights.values()) == counts[name]


def test_sizes_are_told_from_the_shapes(case):
    official, parts, _, sizes = case
    assert official.sizes(parts).options == sizes.options
    assert official.sizes(parts).image_size == sizes.image_size
    assert official.sizes(parts).label_width == sizes.label_width


def test_every_weight_of_our_networks_is_in_the_tables(case):
    official, parts, counts, sizes = case
    for name, network in networks(official, sizes):
        assert network.count_params() == counts[name]
        put_weights(network, official.tables(sizes)[name], parts[name])
        for variable in network.weights:
            assert not np.any(variable.numpy()), variable.path


def networks(official, sizes):
    """(name, network) one at a time: together they would take a gigabyte."""
    if official is official_v1:
        from stargan_tf.models.stargan.networks import DiscriminatorV1, GeneratorV1

        yield "generator", GeneratorV1(5)
        yield "discriminator", DiscriminatorV1(128, 5)
        return
    from stargan_tf.models.stargan_v2.networks import (
        DiscriminatorV2,
        GeneratorV2,
        MappingNetwork,
        StyleEncoder,
    )

    yield "generator", GeneratorV2(256, high_pass=sizes.options["high_pass"])
    yield "mapping_network", MappingNetwork(sizes.label_width)
    yield "style_encoder", StyleEncoder(256, sizes.label_width)
    yield "discriminator", DiscriminatorV2(256, sizes.label_width)


def test_layouts_there_and_back():
    rng = np.random.default_rng(0)
    layouts = {
        KERNEL: (2, 3, 4, 5),
        MATRIX: (2, 3),
        VERDICT_KERNEL: (2, 3, 1, 1),
        VERDICT_BIAS: (2,),
    }
    for layout, shape in layouts.items():
        array = rng.normal(size=shape)
        again = layout.to_official(layout.to_ours(array))
        np.testing.assert_array_equal(again.reshape(shape), array)
    # Output channel 1, input channel 2, row 3, column 4.
    kernel = np.arange(120).reshape(2, 3, 4, 5)
    assert KERNEL.to_ours(kernel)[3, 4, 2, 1] == kernel[1, 2, 3, 4]


def test_heads_are_stacked_and_taken_apart():
    table = (
        Entry("a", "plain"),
        Entry("h0", "heads", MATRIX, head=0),
        Entry("h1", "heads", MATRIX, head=1),
        Entry("unused", "extra", optional=True),
        Constant("c", np.ones(1)),
    )
    state = {"a": np.ones(2), "h0": np.zeros((3, 2)), "h1": np.eye(3, 2), "c": None}
    ours = dict(to_ours(table, state, {"heads": (2, 2, 3), "extra": (1,)}))
    np.testing.assert_array_equal(ours["heads"][1], np.eye(2, 3))
    np.testing.assert_array_equal(ours["extra"], [0])
    again = to_official(table, ours)
    assert list(again) == ["a", "h0", "h1", "unused", "c"]
    np.testing.assert_array_equal(again["h1"], state["h1"])
