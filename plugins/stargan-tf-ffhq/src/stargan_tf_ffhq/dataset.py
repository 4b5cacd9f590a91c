"""The definition of FFHQ: images without labels, for translation."""

from dataclasses import replace

from stargan_tf.plugin import (
    Dataset,
    DatasetOptions,
    FileAudit,
    IgnoredFile,
    InputError,
    LabeledImages,
    audit_folder,
    tfds_pictures,
    tree_of,
    tree_pictures,
)
from stargan_tf_ffhq.numbers import RANGES, number_of, of_split

OF_TFDS = {"train": "train", "held_out": "test"}


class FlickrFaces(Dataset):
    """Numbered faces in a folder with any subfolders, or in a zip."""

    def load(
        self, split: str, image_size: int, options: DatasetOptions
    ) -> LabeledImages:
        """Loads a split of the authors; the option `held_out` has no effect.

        Args:
            split: `"train"`, the first 60,000 images, or `"held_out"`, the last 10,000.
            image_size: side of the square images in pixels.
            options: options of the data set, of which `data_dir`, `crop_size`, and
                `fit` are used.

        Raises:
            InputError: if there are no images of the split.
        """
        if options.data_dir is None:
            from stargan_tf_ffhq.ffhq import Builder

            wanted = (OF_TFDS[split], None, image_size, options)
            return tfds_pictures(self, Builder(), *wanted)
        tree = tree_of(self, options)
        names = of_split(tree.names, split)
        if not names:
            other = "train" if split == "held_out" else "held_out"
            raise InputError(
                f"Images of '{split}' must have numbers from {RANGES[split]}, such as "
                f"00000.png. Received: {len(tree.names)} images in {tree.path}, none "
                f"in this range. If they are in the other range, use the split "
                f"'{other}'."
            )
        return tree_pictures(self, tree, names, None, image_size, options)

    def audit(self, options: DatasetOptions) -> FileAudit | None:
        """Lists the files for `stargan-tf doctor`.

        Args:
            options: options of the data set, of which `data_dir` is used.

        Returns:
            The `FileAudit`; None for a zip and without `data_dir`.
        """
        if options.data_dir is None or tree_of(self, options).zipped:
            return None
        audit = audit_folder(options.data_dir)
        others = [name for name in audit.names if number_of(name) is None]
        reason = "the name is not a number of FFHQ, 00000 to 69999"
        ignored = (IgnoredFile(name, reason) for name in others)
        return replace(
            audit,
            names=tuple(name for name in audit.names if number_of(name) is not None),
            ignored=(*audit.ignored, *ignored),
        )


FFHQ = FlickrFaces(
    api_version=1,
    name="ffhq",
    description="Faces without labels, for translation only",
    license="CC BY-NC-SA 4.0 for the data set; each image has a separate license, all "
    "of which allow noncommercial use (see the authors' ffhq-dataset-v2.json)",
    citation="T. Karras, S. Laine, T. Aila: A Style-Based Generator Architecture for "
    "Generative Adversarial Networks, CVPR 2019",
    obtain="Download thumbnails128x128 or images1024x1024 as described at "
    "https://github.com/NVlabs/ffhq-dataset and pass the folder as --data_dir.",
    homepage="https://github.com/NVlabs/ffhq-dataset",
)
