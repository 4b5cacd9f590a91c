"""The splits of CelebA: those of StarGAN's official code, and those of CelebA.

The official code (yunjey/stargan, data_loader.py) shuffles the rows of the attribute
file with Python's random generator, seed 1234, and tests on the first 1,999.
"""

import random

from stargan_tf.plugin import HELD_OUT, InputError, read_table
from stargan_tf_celeba.files import Files

SEED, TEST_COUNT = 1234, 1999
# Values in the partition file; 1, the validation split, is not used.
PARTITION = {"train": "0", "held_out": "2"}


def official_rows(count: int, split: str, held_out: float) -> set[int]:
    """Returns the rows of a split by the rule of StarGAN's authors.

    Args:
        count: number of rows of the attribute file; the complete file has 202,599.
        split: `"train"` or `"held_out"`.
        held_out: maximum held-out fraction of a short file, so that enough rows remain
            for training. The official code holds out 1,999 rows of any file.

    Returns:
        Indices of the rows.
    """
    order = list(range(count))
    random.Random(SEED).shuffle(order)
    tested = min(TEST_COUNT, max(1, round(held_out * count)))
    return set(order[:tested] if split == HELD_OUT else order[tested:])


def partition_rows(files: Files, split: str) -> set[str]:
    """Returns the file names of a split of CelebA.

    Args:
        files: the files of CelebA.
        split: `"train"`, or `"held_out"`, the test split of CelebA.

    Raises:
        InputError: if the partition file is missing or cannot be read.
    """
    path = files.partition
    if path is None:
        raise InputError(
            "The splits of CelebA need list_eval_partition.txt (or .csv). "
            f"Received: no such file next to {files.labels}. Copy it there, or use "
            "--dataset celeba, which has the splits of StarGAN's authors."
        )
    # The last two cells, because the authors' file has no header.
    rows = (row[-2:] for _, row in read_table(path))
    names = {row[0] for row in rows if row[1:] == [PARTITION[split]]}
    if not names:
        raise InputError(
            f"The split '{split}' needs rows 'NAME {PARTITION[split]}'. Received: "
            f"{path} without such rows. Download the file again."
        )
    return names
