import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.data.sampling import WHOLE, BatchPart, training_batches
from stargan_tf.errors import InputError
from stargan_tf.models.stargan_v2.batches import reference_batches


def test_parts_of_a_tensor_and_of_several_side_by_side():
    batch = tf.range(6)
    assert BatchPart(1, 3).of(batch).numpy().tolist() == [2, 3]
    assert BatchPart(1, 3).of(batch, groups=2).numpy().tolist() == [1, 4]
    assert WHOLE.of(batch) is batch


@pytest.mark.parametrize("make", [training_batches, reference_batches])
def test_the_parts_add_up_to_the_batch_of_one_machine(one_hot, make):
    """Images, mirrored and cropped alike, and labels; none twice, none missing."""
    source = one_hot("set", [0, 1, 2] * 5)
    whole = make(source, 6, seed=3, start_step=2)
    parts = [
        make(source, 6, seed=3, start_step=2, part=BatchPart(i, 3)) for i in range(3)
    ]
    assert parts[0].element_spec[0].shape[0] == 2
    for expected, *received in zip(whole.take(3), *parts, strict=False):
        for tensor, *pieces in zip(expected, *received, strict=True):
            np.testing.assert_array_equal(tensor, np.concatenate(pieces))


@pytest.mark.parametrize("part", [BatchPart(0, 4), BatchPart(3, 3), BatchPart(-1, 3)])
def test_parts_are_equal_and_numbered_from_zero(one_hot, part):
    source = one_hot("set", [0, 1, 2] * 5)
    with pytest.raises(InputError, match=r"part .* of batch_size=6"):
        training_batches(source, 6, part=part)
