"""How much is read of a file that somebody else made, and how long a message gets.

What is larger is refused before memory is taken for it: a file may claim any size.
"""

# Of an image: twice what Pillow starts to warn at, and where it refuses. Phones take
# images of 108 megapixels.
MAX_PIXELS = 178_956_970
# Of an image that a server decodes, for many clients at once: Pillow's own limit.
MAX_SERVED_PIXELS = 89_478_485
# Of a measured image or a volume: 4 GB in 16 bits, the most that TIFF holds without
# its 64-bit form.
MAX_VALUES = 1 << 31
# The side of a model's images. Larger ones fit into no memory, and their number of
# pixels into no tensor's.
MAX_SIDE = 1 << 14
# Weights shrink by a tenth when they are packed, with an optimizer that has not worked
# yet to a third, and scans to a tenth. Zeros shrink to a thousandth: such a file is
# made to fill a memory.
MAX_RATIO = 100
# What unpacks to less is harmless, whatever its ratio.
SMALL_BYTES = 64 << 20
# Of one image in a zip, unpacked.
MAX_MEMBER_BYTES = 256 << 20
# Of a JSON file: records of runs and evaluations have kilobytes.
MAX_JSON_BYTES = 16 << 20
# Of a table or a log: CelebA's has 26 megabytes.
MAX_TEXT_BYTES = 1 << 30
# Groups in groups of an HDF5 file; Keras nests one for each layer in a layer.
MAX_GROUPS = 64
# Channels and layers in a configuration: many times those of any network in use, and
# still built within seconds.
MAX_FILTERS, MAX_LAYERS = 4096, 100
# Characters of a line that the command line prints of an error, of what it repeats of a
# reason, and of the names that it lists.
MAX_MESSAGE, MAX_REASON, MAX_NAMES = 500, 200, 250


def is_bomb(unpacked: int, packed: int) -> bool:
    """Whether content is packed more tightly than what is packed for a purpose.

    Args:
        unpacked: bytes it has, or claims to have.
        packed: bytes in the file.
    """
    return unpacked > max(SMALL_BYTES, MAX_RATIO * packed)
