"""The registry of steerings: what engines ask instead of naming a family."""

import subprocess
import sys

import pytest

from stargan_tf.errors import InputError
from stargan_tf.steering import NAMES, steering


def test_every_name_has_its_entry():
    assert {name: steering(name).title for name in NAMES} == {
        "labels": "label",
        "styles": "style",
    }
    assert [steering(name).name for name in NAMES] == list(NAMES)


def test_an_unknown_name_is_told_with_a_near_one():
    with pytest.raises(InputError, match="no steering 'style'. Did you mean styles"):
        steering("style")


def test_entries_start_neither_numpy_nor_tensorflow():
    code = (
        "import sys; from stargan_tf.steering import NAMES, steering; "
        "[steering(name) for name in NAMES]; "
        "print([m for m in ('tensorflow', 'keras', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
