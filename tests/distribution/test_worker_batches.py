import numpy as np
import tensorflow as tf

from stargan_tf.training.workers import split_batches


def test_a_batch_in_equal_parts_one_after_another():
    whole = tf.data.Dataset.from_tensor_slices(
        (np.arange(24).reshape(12, 2), np.arange(12))
    ).batch(6, drop_remainder=True)
    parts = list(split_batches(whole, 3))
    assert len(parts) == 6
    np.testing.assert_array_equal(parts[1][0], [[4, 5], [6, 7]])
    assert parts[5][1].numpy().tolist() == [10, 11]
    assert split_batches(whole, 1) is whole
