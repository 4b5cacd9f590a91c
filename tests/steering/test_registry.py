"""The registry of steerings: what engines ask instead of naming a family."""

import subprocess
import sys

import pytest

from stargan_tf.errors import InputError
from stargan_tf.steering import steering, steerings


def test_our_own_come_in_by_the_door_of_all():
    # Those of other packages follow.
    assert [(known.name, known.title) for known in steerings()[:2]] == [
        ("labels", "label"),
        ("styles", "style"),
    ]
    assert steering("styles") is steerings()[1]


def test_an_unknown_name_is_told_with_a_near_one():
    with pytest.raises(InputError, match="no steering 'style'. Did you mean styles"):
        steering("style")


def test_entries_start_neither_numpy_nor_tensorflow():
    code = (
        "import sys; from stargan_tf.steering import steerings; steerings(); "
        "print([m for m in ('tensorflow', 'keras', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
