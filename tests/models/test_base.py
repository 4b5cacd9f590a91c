"""What both models take from Keras users: constructors, compile, data."""

import keras
import numpy as np
import pytest

from stargan_tf.data.info import DatasetInfo
from stargan_tf.errors import InputError
from stargan_tf.models.base import make_label_space
from stargan_tf.models.stargan.model import StarGAN
from stargan_tf.models.stargan_v2.model import StarGANV2
from stargan_tf.optimizers import TorchAdam
from tests.models.conftest import HAIR

SMALL = {
    StarGAN: {"base_filters": 2, "num_residual_blocks": 1, "discriminator_filters": 2},
    StarGANV2: {"base_filters": 1, "max_filters": 2, "hidden_dim": 4},
}


# === Constructors ===


@pytest.mark.parametrize(
    ("model", "arguments", "described"),
    [
        (StarGAN, {"num_domains": 2}, (("attribute_0", "attribute_1"), "binary", 128)),
        (
            StarGAN,
            {
                "domains": ["Black", "Blond", "Male"],
                "exclusive_groups": [["Black", "Blond"]],
                "image_size": 64,
            },
            (("Black", "Blond", "Male"), "binary", 64, (("Black", "Blond"),)),
        ),
        (
            StarGAN,
            {"num_domains": np.int64(2), "label_type": "one_hot"},
            (("domain_0", "domain_1"), "one_hot", 128),
        ),
        (
            StarGANV2,
            {"num_domains": 2, "image_size": 64},
            (("domain_0", "domain_1"), "one_hot", 64),
        ),
        (StarGANV2, {"domains": ("cat", "dog")}, (("cat", "dog"), "one_hot", 256)),
    ],
)
def test_domains_describe_the_labels(model, arguments, described):
    built = model(**arguments, **SMALL[model])
    assert built.label_space.datasets == (DatasetInfo("images", *described),)
    again = model.from_config(built.get_config())
    assert again.label_space.datasets == built.label_space.datasets
    assert [w.shape for w in again.weights] == [w.shape for w in built.weights]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, r"needs its domains: datasets=.*Received: none of them"),
        ({"image_size": 64}, "needs its domains.*Received: image_size"),
        ({"num_domains": 2, "domains": ["a", "b"]}, "Received: num_domains, domains"),
        ({"datasets": HAIR, "image_size": 16}, "in addition: image_size. Leave"),
        ({"datasets": 5}, "Received: int. For a number of domains write num_domains"),
        ({"domains": "cat,dog"}, "must be a list of names.*Received: 'cat,dog'"),
        ({"domains": [0, 1]}, r"must be a list of names.*Received: \[0, 1\]"),
        ({"num_domains": 0}, "num_domains must be a whole number from 1. Received: 0"),
        ({"num_domains": 2.0}, "num_domains must be a whole number"),
        ({"num_domains": 2, "label_type": "multi"}, "'binary' or 'one_hot'"),
        (
            {"num_domains": 2, "image_size": (64, 64)},
            r"Received: image_size=\(64, 64\)",
        ),
        (
            {"domains": ["a", "b"], "exclusive_groups": [["a", "c"]]},
            "has no domain 'c'",
        ),
    ],
)
def test_labels_given_wrongly_say_what_is_expected(arguments, message):
    with pytest.raises(InputError, match=message):
        make_label_space(**arguments, default_type="binary", default_size=128)


# === Optimizers ===


NETWORKS = {
    StarGAN: ("generator", "discriminator"),
    StarGANV2: ("generator", "mapping_network", "style_encoder", "discriminator"),
}


@pytest.fixture(params=NETWORKS, ids=lambda model: model.__name__)
def model(request):
    return request.param(num_domains=2, image_size=64, **SMALL[request.param])


def optimizers(model):
    return [getattr(model, f"{name}_optimizer") for name in NETWORKS[type(model)]]


@pytest.mark.parametrize(
    "given",
    [
        "rmsprop",
        keras.optimizers.RMSprop(),
        {"class_name": "RMSprop", "config": {"learning_rate": 0.001}},
    ],
    ids=["name", "instance", "config"],
)
def test_optimizer_gives_each_network_a_copy(model, given):
    model.compile(given)
    found = optimizers(model)
    assert {type(optimizer) for optimizer in found} == {keras.optimizers.RMSprop}
    assert len({id(optimizer) for optimizer in [*found, given]}) == len(found) + 1
    for network, optimizer in zip(NETWORKS[type(model)], found, strict=True):
        # iterations, learning rate, and one moment of each variable
        trained = getattr(model, network).trainable_variables
        assert len(optimizer.variables) == 2 + len(trained)
    again = type(model).from_config(model.get_config())
    again.compile_from_config(model.get_compile_config())
    assert {type(optimizer) for optimizer in optimizers(again)} == {type(found[0])}


def test_a_network_may_have_an_optimizer_of_its_own(model):
    mine = keras.optimizers.SGD()
    model.compile(keras.optimizers.RMSprop(), discriminator_optimizer=mine)
    *others, last = optimizers(model)
    assert last is mine
    assert {type(optimizer) for optimizer in others} == {keras.optimizers.RMSprop}
    model.compile(discriminator_optimizer="sgd")
    *others, last = optimizers(model)
    assert isinstance(last, keras.optimizers.SGD)
    assert {type(optimizer) for optimizer in others} == {TorchAdam}


@pytest.mark.parametrize("given", ["adamm", 5, keras.optimizers.Adam, {"name": "x"}])
def test_what_is_no_optimizer_is_refused(model, given):
    with pytest.raises(InputError, match="generator_optimizer must be a Keras opt"):
        model.compile(generator_optimizer=given)


@pytest.mark.parametrize("policy", ["mixed_float16", "float16"])
def test_float16_is_refused_before_gradients_round_to_zero(policy):
    model = StarGAN(num_domains=2, image_size=64, dtype=policy, **SMALL[StarGAN])
    with pytest.raises(InputError, match="Build the model with dtype='mixed_bfloat16'"):
        model.compile()
