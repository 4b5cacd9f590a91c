"""How many styles a command stands for, by the model's domains."""

import argparse

import pytest

from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.labels import LabelSpace
from stargan_tf.errors import InputError
from stargan_tf.steering.style_steering import STYLES, choose_styles
from stargan_tf.translation.pictures import Fitting
from tests.translation.toy import pictures_of


def styles(domains, **flags):
    """The domains of the styles of `--all`, or of other flags."""
    parser = argparse.ArgumentParser()
    STYLES.add_arguments(parser)
    args = parser.parse_args([])
    vars(args).update({"to": None, "all": True, **flags})
    names = tuple(f"d{number}" for number in range(domains))
    space = LabelSpace(DatasetInfo("many", names, "one_hot", 64))
    return choose_styles(args, "stargan_v2", space, Fitting(pictures_of(64))).domains


@pytest.mark.parametrize(
    "domains, count", [(2, 4), (50, 4), (60, 3), (100, 2), (200, 1)]
)
def test_all_has_fewer_styles_of_each_of_many_domains(domains, count):
    assert len(styles(domains)) == domains * count


def test_too_many_are_refused_by_the_flag_that_was_given():
    with pytest.raises(InputError, match="Received: 201 from --all"):
        styles(201)
    with pytest.raises(InputError, match="Received: 400 from --styles"):
        styles(100, styles=4)
    assert len(styles(201, to="d7")) == 4
