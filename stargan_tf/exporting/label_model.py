"""Models that labels steer, as a SavedModel and as a LiteRT file.

The model is any `models.label_model.LabelModel`. Its SavedModel holds the generator, and
the discriminator for source labels:

| signature | inputs | outputs |
|---|---|---|
| `translate`, also `serving_default` | `images` [n,s,s,3], `labels` float32 [n,c] | `images` |
| `classify` | `images` | `labels` float32 [n, all labels]: probabilities |
| `translate_encoded` | `encoded` string [n], `names` string [n] | `encoded_bytes` [n] |
| `classify_encoded` | `encoded` | `labels` |

c is the width of the label vector; `exporting.saved_model` explains the rest. `names` are
target labels as after `--to` on the command line: `Blond_Hair,Young`, `Male=0`; what they
do not name stays as the discriminator sees it.

The LiteRT file `generator` has the signature `translate`.
"""  # noqa: E501

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from stargan_tf.data.info import ONE_HOT
from stargan_tf.data.labels import LabelSpace
from stargan_tf.data.pictures import to_float
from stargan_tf.exporting.agreement import Arrays, SampleImages
from stargan_tf.exporting.litert import FileSignature, LiteRTFile, LiteRTModel
from stargan_tf.exporting.saved_model import (
    ImageFormat,
    ServedModel,
    Signature,
    image_formats,
    row_spec,
)
from stargan_tf.steering.labels import apply_target, source_labels


def served_model(model: Any, description: Mapping[str, Any]) -> ServedModel:
    """The signatures `translate` and `classify` in every image format.

    Args:
        model: a `LabelModel` that computes in float32.
    """
    networks = _Networks(model)
    signatures = []
    for images in image_formats(model.label_space.image_size, description):
        signatures += [networks.translate(images), networks.classify(images)]
    weighted = (model.generator, model.discriminator)
    return ServedModel(signatures, weighted, partial(_answers, model))


class _Networks:
    """What the signatures share: one function in the file for each network."""

    def __init__(self, model: Any):
        self._space = model.label_space
        self._generator, self._discriminator = model.generator, model.discriminator

    def translate(self, images: ImageFormat) -> Signature:
        def translate(sources, target):
            sources = images.to_float(sources)
            if images.encoded:
                probabilities = self._probabilities(sources)
                target = labels_by_name(self._space, target, probabilities)
            return images.result(self._generate(sources, target))

        target = row_spec("labels", self._space.width, tf.float32)
        if images.encoded:
            target = row_spec("names", None, tf.string)
        return Signature("translate", translate, (images.spec(), target), images)

    def classify(self, images: ImageFormat) -> Signature:
        def classify(sources):
            return {"labels": self._probabilities(images.to_float(sources))}

        return Signature("classify", classify, (images.spec(),), images)

    @tf.function(autograph=False)
    def _generate(self, images, labels):
        outputs = self._generator([images, labels], training=False)
        return tf.clip_by_value(outputs, -1.0, 1.0)

    @tf.function(autograph=False)
    def _probabilities(self, images):
        """As `LabelModel.classify`, for all data sets side by side."""
        logits = self._discriminator(images, training=False)[1]
        space, parts = self._space, []
        for info, columns in zip(space.datasets, space.slices, strict=True):
            one_hot = info.label_type == ONE_HOT
            activation = tf.nn.softmax if one_hot else tf.math.sigmoid
            parts.append(activation(logits[:, columns]))
        return tf.concat(parts, axis=1)


def labels_by_name(space: LabelSpace, names, probabilities):
    """The label vectors that targets such as `Blond_Hair,Young=0` stand for.

    The same rules as `steering.labels`, which has them in words, as a graph.

    Args:
        names: string (n,): `NAME`, `NAME=0` or `NAME=1`, several with commas.
        probabilities: float (n, num_domains), of the source's own labels.

    Returns:
        float32 (n, width of the label vector). A target that makes no sense is
        INVALID_ARGUMENT.
    """
    counts = [len(info.domains) for info in space.datasets]
    owner = np.repeat(np.arange(len(counts)), counts)  # each label's data set
    owners = np.eye(len(counts), dtype=np.float32)[owner]
    on, off = _switched(space, names)
    used = tf.matmul(tf.cast(on | off, tf.float32), owners) > 0  # (n, data sets)
    excluded = tf.matmul(tf.cast(on, tf.float32), _exclusions(space)) > 0
    wanted = tf.where(off, 0.0, _binarized(space, probabilities))
    wanted = tf.where(on, 1.0, tf.where(excluded, 0.0, wanted))
    one_hot = np.array([info.label_type == ONE_HOT for info in space.datasets])
    chosen = tf.matmul(tf.cast(on, tf.float32), owners) > 0
    rules = (
        (~(on & off), "A target wants a label both on and off. Keep one."),
        (~(on & excluded), "A target wants two labels that exclude each other."),
        (
            tf.reduce_sum(tf.cast(used, tf.int32), axis=1) == 1,
            "A target names labels of one data set at a time.",
        ),
        (
            chosen | ~used | ~one_hot[None],
            "Exactly one of these labels is on: name the one to switch to.",
        ),
    )
    checks = [tf.debugging.Assert(tf.reduce_all(ok), [text]) for ok, text in rules]
    with tf.control_dependencies(checks):
        wanted = tf.where(tf.gather(used, owner, axis=1), wanted, 0.0)
    if not space.mask_width:
        return wanted
    return tf.concat([wanted, tf.cast(used, tf.float32)], axis=1)


def _switched(space: LabelSpace, names):
    """Which labels are switched on, and which off: two bool (n, num_domains)."""
    short = [name for info in space.datasets for name in info.domains]
    full = [f"{info.name}.{name}" for info in space.datasets for name in info.domains]
    items = tf.strings.split(names, ",")  # ragged (n, ?)
    flat = tf.strings.strip(items.flat_values)
    label = tf.strings.regex_replace(flat, "=[01]$", "")
    is_off = tf.strings.regex_full_match(flat, ".*=0")
    hits = (label[:, None] == short) | (label[:, None] == full)
    count = tf.reduce_sum(tf.cast(hits, tf.int32), axis=1)
    known = f"An unknown label name. The model has {', '.join(short)}. Received:"
    unclear = "A name of several data sets: write DATASET.NAME. Received:"
    checks = [
        tf.debugging.Assert(tf.reduce_all(count > 0), [known, names]),
        tf.debugging.Assert(tf.reduce_all(count < 2), [unclear, names]),
    ]
    with tf.control_dependencies(checks):
        hits = tf.identity(hits)
    rows, row_count = items.value_rowids(), items.nrows()

    def any_in_row(flags):
        flags = tf.cast(flags, tf.int32)
        return tf.math.unsorted_segment_sum(flags, rows, row_count) > 0

    return any_in_row(hits & ~is_off[:, None]), any_in_row(hits & is_off[:, None])


def _binarized(space: LabelSpace, probabilities):
    """The source's own labels, 0 or 1, as `steering.labels` does it with NumPy."""
    columns = tf.unstack(tf.cast(probabilities >= 0.5, tf.float32), axis=1)
    for info, part in zip(space.datasets, space.slices, strict=True):
        if info.label_type == ONE_HOT:
            # The target says everything.
            columns[part] = [tf.zeros_like(column) for column in columns[part]]
            continue
        for group in info.exclusive_groups:
            indices = [part.start + info.index(domain) for domain in group]
            members = tf.gather(probabilities, indices, axis=1)
            some = tf.reduce_sum(members, axis=1) >= 0.5
            best = tf.argmax(members, axis=1)
            for place, index in enumerate(indices):
                columns[index] = tf.cast(some & (best == place), tf.float32)
    return tf.stack(columns, axis=1)


def _exclusions(space: LabelSpace) -> np.ndarray:
    """(num_domains, num_domains): 1 where the row's label switches the column's off."""
    matrix = np.zeros((space.num_domains, space.num_domains), np.float32)
    for info, part in zip(space.datasets, space.slices, strict=True):
        for domain in info.domains:
            for rival in info.rivals(domain):
                row, column = info.index(domain), info.index(rival)
                matrix[part.start + row, part.start + column] = 1.0
    return matrix


def _answers(model: Any, samples: SampleImages):
    """Each image with the labels of another, and with every label name in turn."""
    images, dataset = to_float(samples.images), samples.dataset
    info = model.label_space.datasets[dataset]
    labels = np.roll(samples.labels, 1, axis=0)
    names = [info.domains[i % len(info.domains)] for i in range(len(images))]

    def by_name():
        sources = source_labels(model, samples.images, dataset, None)
        targets = [
            apply_target(info, source, {name: 1.0})
            for source, name in zip(sources, names, strict=True)
        ]
        return model.translate(images, np.stack(targets), dataset=dataset)

    def classify():
        count = len(model.label_space.datasets)
        parts = [model.classify(images, dataset=number) for number in range(count)]
        return np.concatenate(parts, axis=1)

    inputs = {
        "images": samples.images,
        "labels": model.label_space.embed(labels, dataset),
        "names": np.array([f"{info.name}.{name}" for name in names], object),
    }
    return inputs, {
        "translate": lambda: model.translate(images, labels, dataset=dataset),
        "translate_encoded": by_name,
        "classify": classify,
    }


def litert_model(model: Any) -> LiteRTModel:
    """The file `generator` with the signature `translate`.

    Args:
        model: a `LabelModel` that computes in float32.

    Returns:
        The model; inputs `images` (1, size, size, 3), `labels` (1, label_width).
    """
    space = model.label_space

    def translate(images, labels):
        outputs = model.generator([images, labels], training=False)
        return {"images": tf.clip_by_value(outputs, -1.0, 1.0)}

    def samples(source: SampleImages) -> Arrays:
        # Each image is translated to the labels of another one.
        labels = space.embed(np.roll(source.labels, 1, axis=0), source.dataset)
        return {"images": to_float(source.images), "labels": labels}

    signature = FileSignature(
        name="translate",
        shapes={
            "images": (1, space.image_size, space.image_size, 3),
            "labels": (1, space.width),
        },
        function=translate,
        samples=samples,
        keras=lambda **inputs: translate(**inputs)["images"].numpy(),
    )
    return LiteRTModel([LiteRTFile("generator", [signature], [model.generator])])
