"""What is refused; that steps are right is test_mirrored's and test_workers' matter."""

import pytest
import tensorflow as tf

from stargan_tf.distribution.replicas import check_compilation


class Two:
    num_replicas_in_sync = 2


def test_compiling_out_of_the_scope_that_the_model_was_made_in():
    check_compilation(tf.distribute.get_strategy(), True)
    with pytest.raises(ValueError, match=r"with strategy.scope\(\): model.compile"):
        check_compilation(Two(), False)


def test_xla_joins_no_gradients(monkeypatch):
    two = Two()
    monkeypatch.setattr(tf.distribute, "get_strategy", lambda: two)
    check_compilation(two, False)
    with pytest.raises(ValueError, match="jit_compile=True and 2 replicas"):
        check_compilation(two, True)
