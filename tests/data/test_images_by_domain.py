import numpy as np
import pytest

from stargan_tf.data.images_by_domain import images_by_domain
from stargan_tf.errors import InputError


def test_images_are_spread_over_each_domain(one_hot):
    source = one_hot("set", [0, 1] * 6 + [1])
    images = images_by_domain(source, 3)
    assert list(images) == ["a", "b"]
    assert images["a"].shape == (3, 8, 8, 3) and images["a"].dtype == np.uint8
    assert list(images["a"][:, 0, 0, 0]) == [0, 4, 10]
    assert list(images["b"][[0, -1], 0, 0, 0]) == [1, 12]
    assert len(images_by_domain(source, 99)["b"]) == 7


def test_unreadable_images_are_passed_over(one_hot):
    source = one_hot("set", [0, 0, 1, 1], broken=(0, 2, 3))
    with pytest.raises(InputError, match="'b' has no readable image.*2 in all"):
        images_by_domain(source, 2)
    source = one_hot("set", [0, 0, 1, 1], broken=(0, 2))
    assert [len(images) for images in images_by_domain(source, 2).values()] == [1, 1]


def test_a_domain_without_images(one_hot):
    source = one_hot("set", [0, 0], domains=("a", "b"))
    with pytest.raises(InputError, match="'b' has no readable image.*0 in all"):
        images_by_domain(source, 2)
