"""Which part of each batch is made here, when several machines share the work."""

from dataclasses import dataclass

import tensorflow as tf

from stargan_tf.errors import InputError


@dataclass(frozen=True)
class BatchPart:
    """One of several equal parts of every batch.

    What is random is drawn for the whole batch and then cut, so that the parts,
    wherever they are made, add up to the batch that one machine would have made.

    Args:
        index: which part, from 0.
        count: how many there are.
    """

    index: int = 0
    count: int = 1

    def size(self, batch_size: int) -> int:
        """Images of the part.

        Args:
            batch_size: images of the whole batch.

        Raises:
            InputError: if the batch has no such part.
        """
        if batch_size % self.count or not 0 <= self.index < self.count:
            raise InputError(
                "A batch is made in equal parts, numbered from 0. Received: part "
                f"{self.index} of {self.count} of batch_size={batch_size}"
            )
        return batch_size // self.count

    def of(self, tensor: tf.Tensor, groups: int = 1) -> tf.Tensor:
        """The part's share of a tensor of the whole batch.

        Args:
            tensor: (groups · batch_size, …), the size known.
            groups: how many tensors of the whole batch are in it, one after another.
        """
        if self.count == 1:
            return tensor
        whole = tf.split(tensor, groups)
        return tf.concat([tf.split(one, self.count)[self.index] for one in whole], 0)


WHOLE = BatchPart()
