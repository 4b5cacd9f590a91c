import numpy as np
import pytest

from stargan_tf.data.registry import load_dataset
from stargan_tf.data.source import one_domain_each
from stargan_tf.errors import InputError


def test_one_hot_labels_stay(one_hot):
    source = one_hot("set", [0, 1, 1])
    assert one_domain_each(source) is source


def test_one_attribute_becomes_two_domains():
    binary = load_dataset("toon_attributes", "held_out", 32, attributes=("Male",))
    source = load_dataset(
        "toon_attributes", "held_out", 32, attributes=("Male",), one_hot=True
    )
    assert source.info.domains == ("Not_Male", "Male")
    assert source.info.label_type == "one_hot" and len(source) == 400
    np.testing.assert_array_equal(source.labels[:, 1], binary.labels[:, 0])
    np.testing.assert_array_equal(source.load(7), binary.load(7))
    assert source.fingerprint != binary.fingerprint
    truth = source.known.truth(source.names[7], source.labels[7], 32)
    np.testing.assert_array_equal(truth, source.load(7))


def test_several_attributes_keep_the_images_that_show_exactly_one(warned):
    hair = ("Black_Hair", "Blond_Hair")
    binary = load_dataset("toon_attributes", "held_out", 32, attributes=hair)
    source = one_domain_each(binary)
    assert source.info.domains == hair
    rows = np.flatnonzero(binary.labels.sum(1) == 1)
    assert len(source) == len(rows) < 400
    assert source.names[5] == binary.names[rows[5]]
    np.testing.assert_array_equal(source.labels, binary.labels[rows])
    np.testing.assert_array_equal(source.load(5), binary.load(int(rows[5])))
    large = source.enlarge()
    assert large.info.image_size == 64 and large.info.label_type == "one_hot"
    np.testing.assert_array_equal(large.labels, source.labels)
    assert large.names == source.names and large.load(5).shape == (64, 64, 3)
    left_out = 400 - len(rows)
    assert f"{left_out} of 400 images of 'toon_attributes' do not show" in warned[0]


def test_no_image_shows_exactly_one(numbered):
    source = numbered("set", 4)
    source.labels[:] = 1
    with pytest.raises(InputError, match="No image of 'set' shows exactly one of a, b"):
        one_domain_each(source)
