"""StarGAN v2: the official keys and ours (clovaai/stargan-v2)."""

import itertools
from collections.abc import Iterator

import numpy as np

from stargan_tf.convert.table import (
    KERNEL,
    MATRIX,
    VERDICT_BIAS,
    VERDICT_KERNEL,
    Constant,
    Entry,
    Table,
)
from stargan_tf.layers.pyramid import halvings, widths

BOTTLENECK_BLOCKS = 2
LAST_SIZE = 4
HPF_KEY = "hpf.filter"


def generator(
    image_size: int, base_filters: int | None, max_filters: int, high_pass: float
) -> Table:
    """The generator's table.

    With high-pass skips the official decoder keeps 1 × 1 convolutions that nothing
    uses: checkpoints have them, so they are kept.

    Args:
        image_size: side of the images in pixels.
        base_filters: channels at full size; `None` for 2**14 / image_size.
        max_filters: cap of the channels below.
        high_pass: divisor of the high-pass skips, 0 for none.
    """
    downs = halvings(image_size, until=8 if high_pass else 16)
    filters = widths(image_size, base_filters, max_filters, downs)
    inside = [(filters[-1], filters[-1])] * BOTTLENECK_BLOCKS
    lines = [*_convolution("from_rgb", "from_rgb")]
    for i, pair in enumerate([*_steps(filters), *inside]):
        inner = i - downs
        ours = f"down_{i + 1}" if inner < 0 else f"bottleneck_{inner + 1}"
        lines += _block(f"encode.{i}", ours, pair, _norm)
    for i, pair in enumerate([*inside, *_steps(filters[::-1])]):
        inner = i - BOTTLENECK_BLOCKS
        ours = f"styled_{i + 1}" if inner < 0 else f"up_{inner + 1}"
        lines += _block(f"decode.{i}", ours, pair, _styled_norm, bool(high_pass))
    lines += [*_norm("to_rgb.0", "to_rgb_norm"), *_convolution("to_rgb.2", "to_rgb")]
    if high_pass:
        lines.append(Constant(HPF_KEY, high_pass_filter(high_pass)))
    return tuple(lines)


def mapping_network(num_domains: int) -> Table:
    """The mapping network's table.

    Args:
        num_domains: number of domains.
    """
    lines = []
    for i in range(4):
        lines += _dense(f"shared.{2 * i}", f"shared_{i + 1}")
    for head in range(num_domains):
        for i, ours in enumerate(("hidden_1", "hidden_2", "hidden_3", "style")):
            lines += _dense(f"unshared.{head}.{2 * i}", ours, head)
    return tuple(lines)


def style_encoder(
    image_size: int, base_filters: int | None, max_filters: int, num_domains: int
) -> Table:
    """The style encoder's table.

    Args:
        image_size: side of the images in pixels.
        base_filters: channels at full size; `None` for 2**14 / image_size.
        max_filters: cap of the channels below.
        num_domains: number of domains.
    """
    lines = [*_trunk("shared", image_size, base_filters, max_filters)]
    for head in range(num_domains):
        lines += _dense(f"unshared.{head}", "style", head)
    return tuple(lines)


def discriminator(image_size: int, base_filters: int | None, max_filters: int) -> Table:
    """The discriminator's table.

    Args:
        image_size: side of the images in pixels.
        base_filters: channels at full size; `None` for 2**14 / image_size.
        max_filters: cap of the channels below.
    """
    last = f"main.{halvings(image_size, LAST_SIZE) + 4}"
    return (
        *_trunk("main", image_size, base_filters, max_filters),
        Entry(f"{last}.weight", "verdict/kernel", VERDICT_KERNEL),
        Entry(f"{last}.bias", "verdict/bias", VERDICT_BIAS),
    )


def high_pass_filter(high_pass: float) -> np.ndarray:
    """The official buffer: eight times a pixel minus its neighbours, divided."""
    kernel = np.full((3, 3), -1.0, np.float32)
    kernel[1, 1] = 8.0
    return kernel / np.float32(high_pass)


def _steps(filters: list[int]) -> list[tuple[int, int]]:
    """(channels before, after) of each block."""
    return list(itertools.pairwise(filters))


def _trunk(
    prefix: str, image_size: int, base_filters: int | None, max_filters: int
) -> Iterator[Entry]:
    """What the style encoder and the discriminator share."""
    blocks = halvings(image_size, LAST_SIZE)
    filters = widths(image_size, base_filters, max_filters, blocks)
    yield from _convolution(f"{prefix}.0", "trunk/from_rgb")
    for i, pair in enumerate(_steps(filters), 1):
        yield from _block(f"{prefix}.{i}", f"trunk/down_{i}", pair)
    # An activation, which has no weights, takes a number too.
    yield from _convolution(f"{prefix}.{blocks + 2}", "trunk/last")


def _block(prefix, ours, channels, norm=None, unused_shortcut=False) -> Iterator[Entry]:
    for i in (1, 2):
        yield from _convolution(f"{prefix}.conv{i}", f"{ours}/conv_{i}")
    for i in (1, 2) if norm else ():
        yield from norm(f"{prefix}.norm{i}", f"{ours}/norm_{i}")
    before, after = channels
    if before != after:
        key, path = f"{prefix}.conv1x1.weight", f"{ours}/shortcut/kernel"
        yield Entry(key, path, KERNEL, optional=unused_shortcut)


def _convolution(key: str, path: str) -> Iterator[Entry]:
    yield Entry(f"{key}.weight", f"{path}/kernel", KERNEL)
    yield Entry(f"{key}.bias", f"{path}/bias")


def _dense(key: str, path: str, head: int | None = None) -> Iterator[Entry]:
    yield Entry(f"{key}.weight", f"{path}/kernel", MATRIX, head)
    yield Entry(f"{key}.bias", f"{path}/bias", head=head)


def _norm(key: str, path: str) -> Iterator[Entry]:
    yield Entry(f"{key}.weight", f"{path}/gamma")
    yield Entry(f"{key}.bias", f"{path}/beta")


def _styled_norm(key: str, path: str) -> Iterator[Entry]:
    yield from _dense(f"{key}.fc", f"{path}/affine")
