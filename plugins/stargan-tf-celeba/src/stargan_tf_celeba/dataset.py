"""The definitions of CelebA, which differ in the held-out faces."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stargan_tf.plugin import (
    Dataset,
    DatasetOptions,
    FileAudit,
    LabeledImages,
    Labels,
    audit_attributes,
    list_pictures,
    match_rows,
    picture_files,
    read_attribute_file,
    tfds_builder,
    tfds_pictures,
)
from stargan_tf_celeba.attributes import labels_of
from stargan_tf_celeba.files import Files, find_files
from stargan_tf_celeba.splits import official_rows, partition_rows

OF_TFDS = {"train": "train", "held_out": "test"}


@dataclass(frozen=True, kw_only=True)
class CelebA(Dataset):
    """Faces with 40 attributes; by default the five of the paper are used.

    The aligned faces are 178 pixels wide and 218 pixels high, so the default crop, the
    largest centered square, is the paper's center crop of 178.

    Args:
        own_partition: whether to use the splits of CelebA instead of those of
            StarGAN's authors.
    """

    own_partition: bool = False

    def labels_in(self, options: DatasetOptions) -> Labels:
        """Returns the labels of the selected attributes, or of those of the paper.

        Args:
            options: options of the data set, of which `attributes` is used.
        """
        return labels_of(options.attributes)

    def load(
        self, split: str, image_size: int, options: DatasetOptions
    ) -> LabeledImages:
        """Loads a split.

        Args:
            split: `"train"` or `"held_out"`.
            image_size: side of the square images in pixels.
            options: options of the data set, of which `data_dir` and `labels` (see
                `files`), `attributes`, `crop_size`, `fit`, and `held_out` are used.
                Without `data_dir`, images come from `celeb_a` of TensorFlow Datasets,
                with the splits of CelebA.

        Raises:
            InputError: if files are missing, or the table has no row for a face.
        """
        if options.data_dir is None:
            return self._of_tfds(OF_TFDS[split], image_size, options)
        files = find_files(self, options)
        chosen = self.labels_in(options).names
        table = read_attribute_file(files.labels, chosen)
        names = list_pictures(files.pictures).names
        rows = match_rows(names, table.files, files.pictures, str(files.labels))
        wanted = self._rows(split, files, table.files, options)
        kept = [k for k, row in enumerate(rows.tolist()) if row in wanted]
        return picture_files(
            self,
            files.pictures,
            [names[k] for k in kept],
            table.values[rows[kept]],
            image_size,
            options,
        )

    def audit(self, options: DatasetOptions) -> FileAudit | None:
        """Lists files and rows for `stargan-tf doctor`.

        Args:
            options: options of the data set, of which `data_dir`, `labels`, and
                `attributes` are used.

        Returns:
            The `FileAudit`; None without `data_dir`.
        """
        if options.data_dir is None:
            return None
        files, chosen = find_files(self, options), self.labels_in(options).names
        return audit_attributes(files.pictures, files.labels, chosen)

    def _rows(
        self, split: str, files: Files, names: tuple[str, ...], options: DatasetOptions
    ) -> set[int]:
        if not self.own_partition:
            return official_rows(len(names), split, options.held_out)
        wanted = partition_rows(files, split)
        return {row for row, name in enumerate(names) if name in wanted}

    def _of_tfds(
        self, split: str, image_size: int, options: DatasetOptions
    ) -> LabeledImages:
        chosen = self.labels_in(options).names

        def values(example: Mapping[str, Any]) -> list[bool]:
            return [bool(example["attributes"][name]) for name in chosen]

        builder = tfds_builder("celeb_a")
        return tfds_pictures(self, builder, split, values, image_size, options)


_TEXTS = {
    "api_version": 1,
    "license": "noncommercial research only, as requested by the authors of CelebA",
    "citation": "Z. Liu, P. Luo, X. Wang, X. Tang: Deep Learning Face Attributes in "
    "the Wild, ICCV 2015",
    "obtain": "Download img_align_celeba.zip and list_attr_celeba.txt from "
    "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html (or Kaggle's jessicali9530/"
    "celeba-dataset), unpack them into a folder, and pass it as --data_dir.",
    "homepage": "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html",
    "labels": labels_of(()),
}

CELEBA = CelebA(
    name="celeba",
    description="Faces; 5 of 40 attributes, others with --attributes; binary",
    **_TEXTS,
)
CELEBA_PARTITION = CelebA(
    name="celeba_partition",
    description="CelebA with its official train and test splits; binary",
    own_partition=True,
    **_TEXTS,
)
