"""Limits for files from elsewhere, and for messages.

Larger files are refused before memory is allocated, since a file may claim any size.
"""

# Of an image: twice the size at which Pillow starts to warn, where it refuses. Phones
# take images of 108 megapixels.
MAX_PIXELS = 178_956_970
# Of an image that a server decodes, for many clients: where Pillow starts to warn.
MAX_SERVED_PIXELS = 89_478_485
# Of a measured image or a volume: 4 GB in 16 bits, the limit of TIFF (not BigTIFF).
MAX_VALUES = 1 << 31
# Side of a model's images. Larger images exceed memory and the size of tensors.
MAX_SIDE = 1 << 14
# Compression shrinks weights by a tenth, weights with a new optimizer to a third, and
# scans to a tenth. Zeros shrink to a thousandth, as in a decompression bomb.
MAX_RATIO = 100
# Smaller content is harmless, whatever its ratio.
SMALL_BYTES = 64 << 20
# The same for a measured image: volumes of labels are mostly zeros.
SMALL_SCAN_BYTES = 512 << 20
# Of an image in a zip file, unpacked.
MAX_MEMBER_BYTES = 256 << 20
# Of a JSON file; records of runs and evaluations have kilobytes.
MAX_JSON_BYTES = 16 << 20
# Of a table or a log; CelebA's attribute file has 26 megabytes.
MAX_TEXT_BYTES = 1 << 30
# Depth of nested groups in an HDF5 file; Keras nests a group for each nested layer.
MAX_GROUPS = 64
# Channels and layers in a configuration: far above those of real networks, but still
# built within seconds.
MAX_FILTERS, MAX_LAYERS = 4096, 100
# Maximum characters of an error message, of a reason in it, and of a list of names.
MAX_MESSAGE, MAX_REASON, MAX_NAMES = 500, 200, 250


def is_bomb(unpacked: int, packed: int, harmless: int = SMALL_BYTES) -> bool:
    """Whether content has a compression ratio that only decompression bombs have.

    Args:
        unpacked: size of the content in bytes, actual or claimed.
        packed: size in the file in bytes.
        harmless: size of content that is no bomb, whatever its ratio.
    """
    return unpacked > max(harmless, MAX_RATIO * packed)
