"""The definition of FFHQ: pictures without labels, to be translated."""

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
    """Numbered faces in a folder with any sub-folders, or in a zip."""

    def load(
        self, split: str, image_size: int, options: DatasetOptions
    ) -> LabeledImages:
        """Opens one split; the authors' division, `held_out` has no effect.

        Args:
            split: `"train"`, the first 60,000, or `"held_out"`, the last 10,000.
            image_size: side of the square images in pixels.
            options: uses `data_dir`, `crop_size`, `fit`.

        Raises:
            InputError: if there is no picture of the split.
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
                f"The pictures of '{split}' are {RANGES[split]}, such as 00000.png; "
                f"{tree.path} has none of its {len(tree.names)} in that range. If you "
                f"have others, take the split '{other}'."
            )
        return tree_pictures(self, tree, names, None, image_size, options)

    def audit(self, options: DatasetOptions) -> FileAudit | None:
        """Lists the files, for `stargan-tf doctor`.

        Args:
            options: uses `data_dir`.

        Returns:
            The files; None for a zip and without `data_dir`.
        """
        if options.data_dir is None or tree_of(self, options).zipped:
            return None
        audit = audit_folder(options.data_dir)
        others = [name for name in audit.names if number_of(name) is None]
        reason = "not named by a number of FFHQ, 00000 to 69999"
        ignored = (IgnoredFile(name, reason) for name in others)
        return replace(
            audit,
            names=tuple(name for name in audit.names if number_of(name) is not None),
            ignored=(*audit.ignored, *ignored),
        )


FFHQ = FlickrFaces(
    api_version=1,
    name="ffhq",
    description="Faces without labels, to be translated; not for training",
    license="CC BY-NC-SA 4.0 as a whole; each picture under its own license, all of "
    "which allow non-commercial use (see the authors' ffhq-dataset-v2.json)",
    citation="T. Karras, S. Laine, T. Aila: A Style-Based Generator Architecture for "
    "Generative Adversarial Networks, CVPR 2019",
    obtain="Get thumbnails128x128 or images1024x1024 as "
    "https://github.com/NVlabs/ffhq-dataset says and pass the folder as --data_dir.",
    homepage="https://github.com/NVlabs/ffhq-dataset",
)
