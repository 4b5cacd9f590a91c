"""Sizes and widths of StarGAN v2's networks."""

from stargan_tf.errors import InputError

SMALLEST, LARGEST = 64, 1024


def check_image_size(image_size):
    """Raises InputError unless `image_size` is a power of two in 64…1024.

    Args:
        image_size: side of the square images in pixels.
    """
    if image_size in _sizes():
        return
    nearest = min(_sizes(), key=lambda size: abs(size - image_size))
    raise InputError(
        f"StarGAN v2's image_size is a power of two from {SMALLEST} to {LARGEST}. "
        f"Received: image_size={image_size}. Resize the data, for example to {nearest}."
    )


def _sizes():
    return [2**k for k in range(SMALLEST.bit_length() - 1, LARGEST.bit_length())]


def halvings(image_size, until):
    """How often `image_size` is halved until it is `until` (both powers of two)."""
    return image_size.bit_length() - until.bit_length()


def official_filters(image_size):
    """The official code's channels at full size.

    Args:
        image_size: side of the images in pixels.
    """
    return 2**14 // image_size


def widths(image_size, base_filters, max_filters, blocks):
    """Channels at full size and after each block: doubled, up to a cap.

    Args:
        image_size: side of the images in pixels.
        base_filters: channels at full size, which the cap does not touch; `None`
            for the official 2**14 / image_size.
        max_filters: the cap.
        blocks: number of blocks.

    Returns:
        List of `blocks` + 1 integers.
    """
    channels = [base_filters or official_filters(image_size)]
    for _ in range(blocks):
        channels.append(min(2 * channels[-1], max_filters))
    return channels
