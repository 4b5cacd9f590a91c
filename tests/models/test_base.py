"""What both models take from Keras users: constructors, compile, data."""

import numpy as np
import pytest

from stargan_tf.data.info import DatasetInfo
from stargan_tf.errors import InputError
from stargan_tf.models.base import make_label_space
from stargan_tf.models.stargan.model import StarGAN
from stargan_tf.models.stargan_v2.model import StarGANV2
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
