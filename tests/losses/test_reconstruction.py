import numpy as np

from stargan_tf.losses.reconstruction import mean_absolute_difference


def test_it_is_the_mean_over_everything():
    first = np.zeros((1, 2, 1, 2), np.float32)
    second = np.array([1.0, -1.0, 0.0, 4.0], np.float32).reshape(1, 2, 1, 2)
    assert float(mean_absolute_difference(first, second)) == 1.5
