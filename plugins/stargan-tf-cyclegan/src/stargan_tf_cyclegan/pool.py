"""The image pool: earlier translations that also train a discriminator."""

from keras import ops


def exchange(pool, count, fakes, order, chance):
    """Exchanges the translations of a batch with those in a pool.

    Until the pool is full, every translation is stored and returned. Then a translation
    is returned with probability ½; otherwise it replaces a stored translation, which is
    returned. The translations of a batch are stored in different slots.

    Args:
        pool: stored images (size, height, width, channels), in the first `count` slots.
        count: number of stored images, an integer.
        fakes: new images (n, height, width, channels), with n ≤ size.
        order: (size,), uniform in [0, 1); determines the slots of the exchange.
        chance: (n,), uniform in [0, 1); determines which images are exchanged.

    Returns:
        (new pool, new number of stored images, n images to train the discriminator).

    Reference: CycleGAN (Zhu et al. 2017), section 4 "Training details"; SimGAN
        (Shrivastava et al. 2017), section 2.3.
    """
    size = pool.shape[0]
    n = ops.shape(fakes)[0]
    count = ops.cast(count, "int32")
    slots = ops.arange(size, dtype="int32")
    # Empty slots in ascending order, then the others in random order. As n <= size, a
    # batch that fills the pool exchanges only images of earlier batches.
    rank = ops.where(slots >= count, ops.cast(slots - size, order.dtype), order)
    slots = ops.argsort(rank)[:n]
    is_filling = ops.arange(n, dtype="int32") < size - count
    is_stored = _per_image(ops.logical_or(is_filling, chance < 0.5))
    before = ops.take(pool, slots, axis=0)
    returned = ops.where(_per_image(is_filling), fakes, before)
    returned = ops.where(is_stored, returned, fakes)
    after = ops.where(is_stored, fakes, before)
    pool = ops.scatter_update(pool, ops.cast(slots, "int32")[:, None], after)
    return pool, ops.minimum(count + n, size), returned


def _per_image(choice):
    return choice[:, None, None, None]
