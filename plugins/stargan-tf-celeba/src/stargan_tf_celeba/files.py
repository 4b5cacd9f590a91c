"""Where CelebA's files lie, in the layouts in which people have them.

celeba/Anno/list_attr_celeba.txt       the authors' folder
       Eval/list_eval_partition.txt
       Img/img_align_celeba/000001.jpg
celeba/list_attr_celeba.txt            StarGAN's folder
       images/000001.jpg
celeba/list_attr_celeba.csv            Kaggle's folder
       list_eval_partition.csv
       img_align_celeba/img_align_celeba/000001.jpg
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stargan_tf.plugin import Dataset, DatasetOptions, InputError

PICTURES = ("img_align_celeba", "Img/img_align_celeba", "images")
TABLES = ("list_attr_celeba.txt", "list_attr_celeba.csv")
PARTITIONS = ("list_eval_partition.txt", "list_eval_partition.csv")


@dataclass(frozen=True)
class Files:
    """The files of CelebA.

    Args:
        pictures: folder of the faces.
        labels: the table of attributes.
        partition: CelebA's own splits; None if the file is not there.
    """

    pictures: Path
    labels: Path
    partition: Path | None


def find_files(dataset: Dataset, options: DatasetOptions) -> Files:
    """Finds the files.

    Args:
        dataset: the definition.
        options: `data_dir`, the folder that holds everything or the faces alone;
            `labels`, the table of attributes, if it lies elsewhere.

    Raises:
        InputError: if there is no table.
    """
    root = dataset.folder(options)
    labels = Path(options.labels) if options.labels else None
    labels = labels or next(_existing(root, TABLES), None)
    if labels is None:
        raise InputError(
            f"{root} has none of {', '.join(TABLES)}, nor has Anno/ in it. Put one "
            f"there or give --labels. {dataset.obtain}"
        )
    folders = (root / name for name in PICTURES)
    return Files(
        next((folder for folder in folders if folder.is_dir()), root),
        labels,
        next(_existing(labels.parent, PARTITIONS), None),
    )


def _existing(folder: Path, names: tuple[str, ...]) -> Iterator[Path]:
    """Also beside the folder, where it holds the faces alone."""
    places = ("", "Anno", "Eval", "..", "../Eval", "../../Anno", "../Anno")
    paths = (folder / place / name for place in places for name in names)
    return (path for path in paths if path.is_file())
