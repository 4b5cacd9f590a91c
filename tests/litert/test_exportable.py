from dataclasses import replace

import pytest

from stargan_tf.errors import InputError
from stargan_tf.litert import exportable
from stargan_tf.training.checkpoints import State
from stargan_tf.training.families.stargan import STARGAN


def test_a_family_says_whether_it_has_a_litert_form(monkeypatch):
    state = State(0, "stargan", [], [], {})
    exportable.check_exportable(state)
    without = replace(STARGAN, litert="")
    monkeypatch.setattr(exportable, "family", lambda name: without)
    with pytest.raises(InputError, match="stargan models cannot be exported as LiteRT"):
        exportable.check_exportable(state)
