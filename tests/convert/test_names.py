"""Names of the labels."""

import pytest

from stargan_tf.convert.mapping import Sizes
from stargan_tf.convert.names import dataset_infos
from stargan_tf.errors import InputError

JOINT = Sizes(128, {}, label_width=15, mask_width=2)
FIVE = Sizes(128, {}, label_width=5, mask_width=0)


def infos(sizes, preset=None, domains=None, label_type="binary"):
    return dataset_infos(sizes, preset, domains, label_type)


def test_presets():
    (celeba,) = infos(FIVE, "celeba")
    assert celeba.domains[3:] == ("Male", "Young")
    assert celeba.exclusive_groups == (celeba.domains[:3],)
    celeba, rafd = infos(JOINT, "celeba_rafd")
    assert (celeba.label_type, rafd.label_type) == ("binary", "one_hot")
    assert rafd.domains[0] == "angry" and len(rafd.domains) == 8
    (cats,) = infos(Sizes(256, {}, 3), "afhq")
    assert (cats.domains, cats.image_size) == (("cat", "dog", "wild"), 256)


def test_names_of_ones_own():
    (info,) = infos(FIVE, domains="a, b,c,d,e", label_type="one_hot")
    assert info.domains == tuple("abcde")
    assert info.label_type == "one_hot"
    one, other = infos(
        Sizes(128, {}, 7, 2), domains="a,b/x,y,z", label_type="binary/one_hot"
    )
    assert (one.name, other.name) == ("imported_1", "imported_2")
    assert (one.label_type, other.label_type) == ("binary", "one_hot")


def test_without_names_labels_are_numbered():
    (info,) = infos(Sizes(128, {}, 2))
    assert info.domains == ("domain_1", "domain_2")


@pytest.mark.parametrize(
    ("sizes", "arguments", "message"),
    [
        (FIVE, {"domains": "a,b"}, "5 names of labels. Received: 2 names, a, b."),
        (FIVE, {"preset": "afhq"}, "labels. Received: 3 names, cat, dog, wild."),
        (FIVE, {"preset": "celeba_rafd"}, "1 data sets. Received: names for 2."),
        (JOINT, {}, "Pass --preset celeba_rafd, or --domains A,B,…/C,D,…"),
        (JOINT, {"domains": "a,b"}, "for 2 data sets. Received: names for 1."),
        (FIVE, {"preset": "celebs"}, "Did you mean celeba"),
        (FIVE, {"preset": "celeba", "domains": "a"}, "either --preset or --domains"),
        (FIVE, {"domains": "a,a,b,c,d"}, "unique names"),
        (
            FIVE,
            {"domains": "a,b,c,d,e", "label_type": "binary/one_hot"},
            "--label_type must be one type, or one type for each of the 1",
        ),
        (FIVE, {"domains": "a,b,c,d,e", "label_type": "soft"}, "label_type must be"),
    ],
)
def test_names_that_do_not_fit(sizes, arguments, message):
    with pytest.raises(InputError) as caught:
        infos(sizes, **arguments)
    assert message in str(caught.value)


def test_a_generator_alone_takes_the_names_at_their_word():
    sizes = Sizes(128, {}, label_width=15, mask_width=None)
    assert len(infos(sizes, "celeba_rafd")) == 2
    with pytest.raises(InputError, match="needs 15 names"):
        infos(sizes, "celeba")
