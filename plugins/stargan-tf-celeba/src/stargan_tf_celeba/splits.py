"""Which faces are held out: as in the official code of StarGAN, or as in CelebA's own.

The official code (yunjey/stargan, data_loader.py) shuffles the rows of the attribute
file with Python's generator, seed 1234, and tests on the first 1,999.
"""

import random

from stargan_tf.plugin import HELD_OUT, InputError, read_table
from stargan_tf_celeba.files import Files

SEED, TEST_COUNT = 1234, 1999
# Values of CelebA's own partition; 1, validation, is in neither of our splits.
PARTITION = {"train": "0", "held_out": "2"}


def official_rows(count: int, split: str, held_out: float) -> set[int]:
    """The rows of one split by the rule of StarGAN's authors.

    Args:
        count: rows of the attribute file; the whole file has 202,599.
        split: `"train"` or `"held_out"`.
        held_out: share; of a short file no more are held out, so that enough remain
            to train on (the official code would hold out 1,999 of any).
    """
    order = list(range(count))
    random.Random(SEED).shuffle(order)
    tested = min(TEST_COUNT, max(1, round(held_out * count)))
    return set(order[:tested] if split == HELD_OUT else order[tested:])


def partition_rows(files: Files, split: str) -> set[str]:
    """File names of one split of CelebA's own partition.

    Args:
        files: where the partition file lies.
        split: `"train"` or `"held_out"`, which is CelebA's test split.

    Raises:
        InputError: if the file is missing or cannot be read.
    """
    path = files.partition
    if path is None:
        raise InputError(
            "CelebA's own partition is in list_eval_partition.txt (or .csv). "
            f"Received: none beside {files.labels}. Put it there, or take --dataset "
            "celeba, which is divided as StarGAN's authors do."
        )
    # The last two cells: the authors' file has no line of names.
    rows = (row[-2:] for _, row in read_table(path))
    names = {row[0] for row in rows if row[1:] == [PARTITION[split]]}
    if not names:
        raise InputError(f"{path} has no row 'NAME {PARTITION[split]}' for '{split}'.")
    return names
