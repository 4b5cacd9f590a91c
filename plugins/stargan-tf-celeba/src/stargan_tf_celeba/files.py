"""Finds the files of CelebA in its common folder layouts.

celeba/Anno/list_attr_celeba.txt       layout of the authors
       Eval/list_eval_partition.txt
       Img/img_align_celeba/000001.jpg
celeba/list_attr_celeba.txt            layout of StarGAN
       images/000001.jpg
celeba/list_attr_celeba.csv            layout of Kaggle
       list_eval_partition.csv
       img_align_celeba/img_align_celeba/000001.jpg
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stargan_tf.plugin import Dataset, DatasetOptions, InputError

IMAGE_FOLDERS = ("img_align_celeba", "Img/img_align_celeba", "images")
TABLES = ("list_attr_celeba.txt", "list_attr_celeba.csv")
PARTITIONS = ("list_eval_partition.txt", "list_eval_partition.csv")


@dataclass(frozen=True)
class Files:
    """The files of CelebA.

    Args:
        pictures: folder of the images.
        labels: table of attributes.
        partition: file with the splits of CelebA; None if it does not exist.
    """

    pictures: Path
    labels: Path
    partition: Path | None


def find_files(dataset: Dataset, options: DatasetOptions) -> Files:
    """Finds the files.

    Args:
        dataset: the data set.
        options: options of the data set, of which `data_dir`, the folder with all files
            or with the images only, and `labels`, a table of attributes in another
            place, are used.

    Raises:
        InputError: if there is no table of attributes.
    """
    root = dataset.folder(options)
    labels = Path(options.labels) if options.labels else None
    labels = labels or next(_existing(root, TABLES), None)
    if labels is None:
        raise InputError(
            f"{root} and {root / 'Anno'} have none of {', '.join(TABLES)}. Copy one "
            f"there, or pass --labels. {dataset.obtain}"
        )
    folders = (root / name for name in IMAGE_FOLDERS)
    return Files(
        next((folder for folder in folders if folder.is_dir()), root),
        labels,
        next(_existing(labels.parent, PARTITIONS), None),
    )


def _existing(folder: Path, names: tuple[str, ...]) -> Iterator[Path]:
    """Existing files in the folder, and next to it if it has only images."""
    places = ("", "Anno", "Eval", "..", "../Eval", "../../Anno", "../Anno")
    paths = (folder / place / name for place in places for name in names)
    return (path for path in paths if path.is_file())
