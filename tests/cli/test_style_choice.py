"""How many styles a command stands for, by the model's domains."""

from types import SimpleNamespace

import pytest

from stargan_tf.cli.style_choice import choose_styles
from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.labels import LabelSpace
from stargan_tf.errors import InputError
from stargan_tf.translation.pictures import Fitting


class Flags(SimpleNamespace):
    """Parsed flags: `--all` and nothing else."""

    def __init__(self, **given):
        absent = ("to", "reference", "style", "seed", "truncation", "count", "strip")
        absent = dict.fromkeys((*absent, "film", "grid"))
        super().__init__(**{**absent, "all": True, **given})

    def __getitem__(self, name):
        return SimpleNamespace(value=getattr(self, name))


def styles(domains, **flags):
    names = tuple(f"d{number}" for number in range(domains))
    space = LabelSpace(DatasetInfo("many", names, "one_hot", 64))
    return choose_styles(Flags(**flags), "stargan_v2", space, Fitting(64)).domains


@pytest.mark.parametrize(
    "domains, count", [(2, 4), (50, 4), (60, 3), (100, 2), (200, 1)]
)
def test_all_has_fewer_styles_of_each_of_many_domains(domains, count):
    assert len(styles(domains)) == domains * count


def test_too_many_are_refused_by_the_flag_that_was_given():
    with pytest.raises(InputError, match="Received: 201 by --all"):
        styles(201)
    with pytest.raises(InputError, match="Received: 400 by --count"):
        styles(100, count=4)
    assert len(styles(201, to="d7")) == 4
