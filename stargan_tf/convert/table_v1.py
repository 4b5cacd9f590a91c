"""StarGAN v1: the official keys and ours (yunjey/stargan)."""

from collections.abc import Iterator

import numpy as np

from stargan_tf.convert.table import AS_IS, KERNEL, Constant, Entry, Table

DOWNS = UPS = 2


def generator(base_filters: int, num_residual_blocks: int) -> Table:
    """The generator's table.

    Args:
        base_filters: channels of the first convolution.
        num_residual_blocks: bottleneck depth.
    """
    # One number per layer of the official nn.Sequential; an activation takes one.
    number, filters = 0, base_filters
    lines = [*_normalised(0, 1, "main", "stem", "stem_norm", filters)]
    for i in range(1, DOWNS + 1):
        number, filters = number + 3, filters * 2
        name = f"down_{i}"
        lines += _normalised(number, number + 1, "main", name, f"{name}_norm", filters)
    number += 3
    for i in range(num_residual_blocks):
        inner, ours = f"main.{number}.main", f"residual_{i + 1}"
        lines += _normalised(0, 1, inner, f"{ours}/conv_1", f"{ours}/norm_1", filters)
        lines += _normalised(3, 4, inner, f"{ours}/conv_2", f"{ours}/norm_2", filters)
        number += 1
    for i in range(1, UPS + 1):
        name, filters = f"up_{i}", filters // 2
        lines += _normalised(number, number + 1, "main", name, f"{name}_norm", filters)
        number += 3
    return (*lines, Entry(f"main.{number}.weight", "to_rgb/kernel", KERNEL))


def discriminator(num_layers: int) -> Table:
    """The discriminator's table.

    Args:
        num_layers: number of halving convolutions.
    """
    halvings = [
        (
            Entry(f"main.{2 * i}.weight", f"halve_{i + 1}/kernel", KERNEL),
            Entry(f"main.{2 * i}.bias", f"halve_{i + 1}/bias", AS_IS),
        )
        for i in range(num_layers)
    ]
    return (
        *(entry for pair in halvings for entry in pair),
        Entry("conv1.weight", "patches/kernel", KERNEL),
        Entry("conv2.weight", "classes/kernel", KERNEL),
    )


def _normalised(
    convolution: int, norm: int, prefix: str, ours: str, our_norm: str, filters: int
) -> Iterator[Entry | Constant]:
    """A convolution without bias and its instance norm.

    The official norm also counts running statistics, which the official code never
    uses: they are dropped, and written as a fresh norm has them.
    """
    yield Entry(f"{prefix}.{convolution}.weight", f"{ours}/kernel", KERNEL)
    yield Entry(f"{prefix}.{norm}.weight", f"{our_norm}/gamma")
    yield Entry(f"{prefix}.{norm}.bias", f"{our_norm}/beta")
    yield Constant(f"{prefix}.{norm}.running_mean", np.zeros(filters, np.float32))
    yield Constant(f"{prefix}.{norm}.running_var", np.ones(filters, np.float32))
    yield Constant(f"{prefix}.{norm}.num_batches_tracked", np.zeros((), np.int64))
