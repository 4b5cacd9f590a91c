"""A data set's pictures as files, to look at or to translate."""

import os
from pathlib import Path

from PIL import Image
from tqdm import tqdm

from stargan_tf.data.labelled_images import LabelledImages
from stargan_tf.errors import InputError
from stargan_tf.translation.picture_file import write_picture


def save_pictures(
    source: LabelledImages, folder: str | os.PathLike, count: int
) -> list[Path]:
    """Writes the first pictures of a data set as PNG files.

    Args:
        source: the data set.
        folder: where to; made if missing.
        count: how many, at least 1; all if there are fewer.

    Returns:
        The files, named as the data set names its images.

    Raises:
        InputError: if `count` is below 1, or a file cannot be read or written.
    """
    if count < 1:
        raise InputError(f"count must be at least 1. Received: count={count}")
    files: dict[Path, None] = {}
    for index in tqdm(range(min(count, len(source))), "Saving", disable=None):
        path = Path(folder, source.names[index])
        # a.jpg beside a.png: the second one becomes a.png.png.
        free = path.with_suffix(".png") not in files
        path = path.with_suffix(".png") if free else path.with_name(f"{path.name}.png")
        files[write_picture(Image.fromarray(source.load(index)), path)] = None
    return list(files)
