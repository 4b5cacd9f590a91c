"""The pool of earlier translations that a discriminator is trained on besides."""

from keras import ops


def exchange(pool, count, fakes, order, chance):
    """Puts the translations of a batch into a pool, and takes others out.

    While the pool has empty places, a translation is stored, and returned as well. Once
    it is full, a translation is returned as it is with probability ½; otherwise it
    takes the place of a stored one, which is returned. The translations of one batch go
    to different places.

    Args:
        pool: stored images (size, height, width, channels), in the first `count`
            places.
        count: how many are stored, an integer.
        fakes: new images (n, height, width, channels), n at most size.
        order: (size,), uniform in [0, 1): decides the places that are exchanged.
        chance: (n,), uniform in [0, 1): decides whether an image is exchanged.

    Returns:
        (the pool afterwards, how many are stored then, n images to train on).

    Reference: CycleGAN (Zhu et al. 2017), section 4 "Training details"; Shrivastava et
        al. 2017, section 2.3.
    """
    size = pool.shape[0]
    n = ops.shape(fakes)[0]
    count = ops.cast(count, "int32")
    places = ops.arange(size, dtype="int32")
    # Empty places in their order, then the others at random. As n <= size, a batch
    # that fills the pool finds enough images from before to exchange.
    rank = ops.where(places >= count, ops.cast(places - size, order.dtype), order)
    places = ops.argsort(rank)[:n]
    is_filling = ops.arange(n, dtype="int32") < size - count
    is_stored = _per_image(ops.logical_or(is_filling, chance < 0.5))
    before = ops.take(pool, places, axis=0)
    returned = ops.where(_per_image(is_filling), fakes, before)
    returned = ops.where(is_stored, returned, fakes)
    after = ops.where(is_stored, fakes, before)
    pool = ops.scatter_update(pool, ops.cast(places, "int32")[:, None], after)
    return pool, ops.minimum(count + n, size), returned


def _per_image(choice):
    return choice[:, None, None, None]
