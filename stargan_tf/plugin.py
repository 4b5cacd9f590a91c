'''Write a data set for `--dataset NAME`, or a model for `--model NAME`: all one needs.

A data set is one object, named by an entry point of the group `stargan_tf.datasets`.
`stargan-tf new-plugin my_dataset` writes such a package. The whole of one, for pictures
named `0001_rose.jpg`, `0002_tulip.jpg` in one folder:

    # my_flowers.py
    from stargan_tf.plugin import Dataset, list_pictures, one_hot
    from stargan_tf.plugin import picture_files, split_positions

    KINDS = ("rose", "tulip")

    class Flowers(Dataset):
        """Each picture's kind is the last part of its name."""

        def load(self, split, image_size, options):
            root = self.folder(options)                     # --data_dir
            names = list_pictures(root).names
            kinds = [KINDS.index(name.split("_")[-1].split(".")[0]) for name in names]
            kept = split_positions(names, split, options.held_out, kinds)
            return picture_files(
                self,
                root,
                [names[k] for k in kept],
                [kinds[k] for k in kept],
                image_size,
                options,
            )

    FLOWERS = Flowers(
        api_version=1,
        name="flowers",
        description="Two kinds of flowers; one-hot",
        license="CC BY 4.0",
        citation="A. Gardener: Two Flowers, 2026",
        obtain="Download flowers.zip from https://example.org and unpack it.",
        labels=one_hot(*KINDS),
    )

    # pyproject.toml
    [project.entry-points."stargan_tf.datasets"]
    flowers = "my_flowers:FLOWERS"

    # tests/test_my_flowers.py
    from stargan_tf.testing import check_dataset

    def test_it(tmp_path):
        ...                                                 # write some pictures
        check_dataset("flowers", data_dir=tmp_path)

What each name is for:

| name | use |
|---|---|
| `Dataset` | derive from it: `load`, and `labels_in` where files decide the labels |
| `one_hot`, `binary`, `Labels` | what the pictures are labeled with |
| `DatasetOptions` | what the user said: `data_dir`, `held_out`, `labels` (a file) … |
| `picture_files` | labeled picture files → `LabeledImages` |
| `pictures` | labeled pictures read by number (an archive, arrays) → the same |
| `tf_data_pictures` | a finite `tf.data.Dataset` of (image, label) → the same |
| `tfds_builder`, `tfds_pictures` | TensorFlow Datasets → the same |
| `choose_domains`, `subset` | some labels or some pictures of a `LabeledImages` |
| `tree_of`, `tree_pictures` | pictures of a folder or a zip → the same |
| `SplitFolders` | a `Dataset` in folders `train/DOMAIN/…`, `val/DOMAIN/…` |
| `FileAudit`, `audit_folder`, `IgnoredFile` | what `audit` tells the doctor |
| `read_attribute_file`, `match_rows`, `audit_attributes` | a table of attributes |
| `read_table` | the cells of any other table of text |
| `list_pictures`, `split_positions` | files of a folder; a split that never changes |
| `InputError`, `near_names` | say what was expected, what came, how to mend it |

A model family (`--model NAME`) is a `ModelFamily` in the group `stargan_tf.models`; its
options are `Option`s under the headings `NETWORKS`, `OPTIMIZATION`, `WEIGHTS`, `DATA`,
its named configurations `Preset`s.
See `stargan_tf/models/stargan/__init__.py`, which is found in the same way.

A builder for TensorFlow Datasets over files got by hand: `stargan_tf.plugin_tfds`.

The functions crop and resize as the user said, decode when a picture is used, and let
`--attributes` choose among the labels. This module is stable: within one `API_VERSION`
names are added, never changed or removed.
'''

import warnings
from typing import Any

from stargan_tf.data.attribute_file import match_rows, read_attribute_file, read_table
from stargan_tf.data.attributes import audit_attributes
from stargan_tf.data.dataset import Dataset
from stargan_tf.data.files import (
    FileAudit,
    IgnoredFile,
    audit_folder,
    list_pictures,
    split_positions,
)
from stargan_tf.data.folder import SplitFolders
from stargan_tf.data.info import BINARY, ONE_HOT, DatasetInfo
from stargan_tf.data.labels import Labels, binary, one_hot
from stargan_tf.data.options import HELD_OUT, TRAIN, DatasetOptions
from stargan_tf.data.picture_sources import picture_files, pictures
from stargan_tf.data.picture_tree import PictureTree, tree_of, tree_pictures
from stargan_tf.data.source import (
    LabeledImages,
    UnreadableImage,
    choose_domains,
    subset,
)
from stargan_tf.data.streams import tf_data_pictures, tfds_builder, tfds_pictures
from stargan_tf.discovery import API_VERSION
from stargan_tf.errors import InputError, near_names
from stargan_tf.models.family import (
    DATA,
    NETWORKS,
    OPTIMIZATION,
    WEIGHTS,
    ModelFamily,
    Option,
    Preset,
)


def __getattr__(name: str) -> Any:
    if name != "LabelledImages":
        raise AttributeError(f"module 'stargan_tf.plugin' has no attribute {name!r}")
    text = "stargan_tf.plugin.LabelledImages is called LabeledImages now."
    warnings.warn(text, DeprecationWarning, stacklevel=2)
    return LabeledImages
