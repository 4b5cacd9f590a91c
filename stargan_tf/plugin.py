'''The stable interface for plugins: data sets and model families.

A data set is one object, named by an entry point of the group `stargan_tf.datasets`.
`stargan-tf new-plugin my_dataset` writes such a package. A complete one, for images
named `0001_rose.jpg`, `0002_tulip.jpg` in one folder:

    # my_flowers.py
    from stargan_tf.plugin import Dataset, list_pictures, one_hot
    from stargan_tf.plugin import picture_files, split_positions

    KINDS = ("rose", "tulip")

    class Flowers(Dataset):
        """Each image's kind is the last part of its name."""

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
        ...                                                 # write some images
        check_dataset("flowers", data_dir=tmp_path)

The names for data sets:

| name | use |
|---|---|
| `Dataset` | base class: `load`, and `labels_in` if files determine the labels |
| `one_hot`, `binary`, `Labels` | the labels of the images |
| `DatasetOptions` | the user's options: `data_dir`, `held_out`, `labels` (a file) … |
| `picture_files` | labeled image files → `LabeledImages` |
| `pictures` | labeled images read by index (an archive, arrays) → the same |
| `tf_data_pictures` | a finite `tf.data.Dataset` of (image, label) → the same |
| `tfds_builder`, `tfds_pictures` | TensorFlow Datasets → the same |
| `choose_domains`, `subset` | some labels or some images of `LabeledImages` |
| `Known` | groups, true translations, and lesions of images: `LabeledImages.known` |
| `tree_of`, `tree_pictures` | images of a folder or a zip file → the same |
| `LabeledImages`, `UnreadableImage`, `PictureTree` | what these return and raise |
| `SplitFolders` | a `Dataset` in folders `train/DOMAIN/…`, `val/DOMAIN/…` |
| `FileAudit`, `audit_folder`, `IgnoredFile` | what `audit` returns to the doctor |
| `read_attribute_file`, `match_rows`, `audit_attributes` | a table of attributes |
| `read_table` | the cells of any other text table |
| `list_pictures`, `split_positions` | files of a folder; a reproducible split |
| `InputError`, `near_names` | errors: what was expected, received, and how to fix it |

A model family (`stargan-tf train --family NAME`) is an object of the group
`stargan_tf.models`, with a Keras model class. A minimal one:

    # my_gan.py
    from stargan_tf.plugin import ModelFamily

    MY_GAN = ModelFamily(api_version=1, name="my_gan", target="my_gan_model:MyGAN")

`MyGAN` is a `LabelModel` with a `generator`, a `discriminator`, `compile` and
`train_step`; `stargan_tf/models/family.py` has the contract, and
`stargan_tf.testing.check_model("my_gan")` checks it. The names for families; those that
need TensorFlow or Keras are imported on first use:

| name | use |
|---|---|
| `ModelFamily`, `Preset` | the description of a family, named configurations |
| `Option`, `make_option`, `loss_weight` | options of constructor, `compile`, losses |
| `NETWORKS`, `OPTIMIZATION`, `WEIGHTS`, `DATA` | headings of options in the help |
| `StarGANBase`, `LabelModel` | base classes of models: all, and label models |
| `LabelSpace` | the layout of the label vector |
| `InstanceNormalization`, `AdaIN` | layers that StarGANs share |
| `TorchAdam`, `LinearDecay` | the papers' optimizer, and StarGAN's learning rate |
| `decaying_adam` | the first with the second |
| `tape_over`, `value_and_slope`, `in_batches` | gradients; a function in batches |
| `weighted_sum` | the total loss |
| `unpack` | the values of a batch, in all formats that `fit` takes |
| `global_batch_size`, `local_rows`, `global_rows`, `update_copies` | several GPUs |
| `at_least_float32`, `configurable` | precision of layers; networks as classes |
| `uniform_fan_in`, `DoublingConv2D` | PyTorch's initial weights; sharp upsampling |
| `to_float`, `to_uint8` | pixels: uint8 to [-1, 1] and back |
| `training_batches` | the default of `ModelFamily.batches` |
| `Samples` | what `ModelFamily.sampler` returns |
| `ServedModel`, `Signature`, `image_formats`, `row_spec` | `ModelFamily.served` |
| `LiteRTModel`, `LiteRTFile`, `FileSignature` | `ModelFamily.litert` |
| `litert_model` | the default of `ModelFamily.litert` |
| `OfficialCode`, `Entry`, `Sizes`, `NetworkState` | `ModelFamily.official` |
| `Steering`, `LabelSteering`, `Plan` | ways of steering (`stargan_tf.steerings`) |
| `Target`, `parse_target`, `named_changes` | targets as text: in Python, in a graph |
| `Heading`, `LabelSamples` | grids of images; the default of `ModelFamily.sampler` |
| `heat_maps_of`, `face_masks` | facial landmarks → masks for high-pass skips |
| `Subject`, `Task`, `label_tasks` | what a steering evaluates |
| `RemoteLabelModel` | a model on a server, for a steering |

A builder for TensorFlow Datasets from local files: `stargan_tf.plugin_tfds`.

The functions crop and resize by the user's options, decode images on use, and apply
`--attributes`. This module is stable: within one `API_VERSION`, names are added, never
changed or removed.
'''

import warnings
from importlib import import_module
from typing import Any

from stargan_tf.data.info import BINARY, ONE_HOT, DatasetInfo
from stargan_tf.data.labels import Labels, LabelSpace, binary, one_hot
from stargan_tf.data.options import HELD_OUT, TRAIN, DatasetOptions
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
    loss_weight,
    make_option,
)
from stargan_tf.steering import LabelSteering, Plan, Steering

# Module → names that are imported from it on first use: the command line's help imports
# steerings, which must not load NumPy or TensorFlow.
_LAZY = {
    "stargan_tf.data.attribute_file": (
        "match_rows",
        "read_attribute_file",
        "read_table",
    ),
    "stargan_tf.data.attributes": ("audit_attributes",),
    "stargan_tf.data.dataset": ("Dataset",),
    "stargan_tf.data.files": (
        "FileAudit",
        "IgnoredFile",
        "audit_folder",
        "list_pictures",
        "split_positions",
    ),
    "stargan_tf.data.folder": ("SplitFolders",),
    "stargan_tf.data.picture_sources": ("picture_files", "pictures"),
    "stargan_tf.data.picture_tree": ("PictureTree", "tree_of", "tree_pictures"),
    "stargan_tf.data.source": (
        "Known",
        "LabeledImages",
        "UnreadableImage",
        "choose_domains",
        "subset",
    ),
    "stargan_tf.data.streams": (
        "tf_data_pictures",
        "tfds_builder",
        "tfds_pictures",
    ),
    "stargan_tf.convert.mapping": ("Entry", "NetworkState", "OfficialCode", "Sizes"),
    "stargan_tf.data.pictures": ("to_float", "to_uint8"),
    "stargan_tf.data.sampling": ("training_batches",),
    "stargan_tf.data.targets": ("Target", "parse_target"),
    "stargan_tf.evaluation.tasks": ("Subject", "Task"),
    "stargan_tf.exporting.label_model": ("litert_model", "named_changes"),
    "stargan_tf.faces.masks": ("face_masks", "heat_maps_of"),
    "stargan_tf.exporting.litert": ("FileSignature", "LiteRTFile", "LiteRTModel"),
    "stargan_tf.exporting.saved_model": (
        "ServedModel",
        "Signature",
        "image_formats",
        "row_spec",
    ),
    "stargan_tf.distribution.replicas": (
        "global_batch_size",
        "global_rows",
        "local_rows",
        "update_copies",
    ),
    "stargan_tf.layers.convolution": ("DoublingConv2D", "uniform_fan_in"),
    "stargan_tf.layers.normalization": ("AdaIN", "InstanceNormalization"),
    "stargan_tf.layers.precision": ("at_least_float32", "configurable"),
    "stargan_tf.models.base": (
        "StarGANBase",
        "in_batches",
        "tape_over",
        "value_and_slope",
        "weighted_sum",
    ),
    "stargan_tf.models.inputs": ("unpack",),
    "stargan_tf.models.label_model": ("LabelModel",),
    "stargan_tf.serving.remote_models": ("RemoteLabelModel",),
    "stargan_tf.steering.tasks": ("label_tasks",),
    "stargan_tf.optimizers": ("LinearDecay", "TorchAdam", "decaying_adam"),
    "stargan_tf.training.watching": ("LabelSamples", "Samples"),
    "stargan_tf.translation.grid": ("Heading",),
}
_HOMES = {name: home for home, names in _LAZY.items() for name in names}


def __getattr__(name: str) -> Any:
    if name == "LabelledImages":
        text = "stargan_tf.plugin.LabelledImages has been renamed to LabeledImages."
        warnings.warn(text, DeprecationWarning, stacklevel=2)
        name = "LabeledImages"
    if name not in _HOMES:
        raise AttributeError(f"module 'stargan_tf.plugin' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
