"""Exports of label models as a SavedModel and as a LiteRT file.

The model is any `models.label_model.LabelModel`. Its SavedModel contains the generator,
and the discriminator for source labels:

| signature | inputs | outputs |
|---|---|---|
| `translate`, also `serving_default` | `images` [n,s,s,3], `labels` float32 [n,c] | `images` |
| `classify` | `images` | `labels` float32 [n, all labels]: probabilities |
| `translate_encoded` | `encoded` string [n], `names` string [n] | `encoded_bytes` [n] |
| `classify_encoded` | `encoded` | `labels` |

c is the width of the label vector; for the rest, see `exporting.saved_model`. `names` are
targets as for `--to` on the command line: `Blond_Hair,-Young`; other labels keep the
discriminator's prediction.

The LiteRT file `generator` has the signature `translate`.
"""  # noqa: E501

from collections.abc import Callable, Mapping
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


def served_model(model: Any, description: Mapping[str, Any]) -> ServedModel:
    """The signatures `translate` and `classify` in every image format.

    Args:
        model: a `LabelModel` that computes in float32.
        description: of the export, with `fit` and `crop_size`.
    """
    networks = _Networks(model)
    signatures = []
    for images in image_formats(model.label_space.datasets[0], description):
        signatures += [networks.translate(images), networks.classify(images)]
    weighted = (model.translator, model.discriminator)
    return ServedModel(signatures, weighted, partial(_answers, model))


class _Networks:
    """Shared by all signatures: one function in the file for each network."""

    def __init__(self, model: Any):
        self._space = model.label_space
        self._generator, self._discriminator = model.translator, model.discriminator

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
        return tf.clip_by_value(outputs, self._space.lowest, 1.0)

    @tf.function(autograph=False)
    def _probabilities(self, images):
        """Like `LabelModel.classify`, concatenated for all data sets."""
        logits = self._discriminator(images, training=False)[1]
        space, probabilities = self._space, []
        for info, columns in zip(space.datasets, space.slices, strict=True):
            one_hot = info.label_type == ONE_HOT
            activation = tf.nn.softmax if one_hot else tf.math.sigmoid
            probabilities.append(activation(logits[:, columns]))
        return tf.concat(probabilities, axis=1)


def labels_by_name(space: LabelSpace, texts, probabilities):
    """The label vectors for targets such as `Blond_Hair,-Young`.

    The same rules as in `data.targets`, as a graph.

    Args:
        space: the label space of the model.
        texts: string (n,): targets (docs/targets.md).
        probabilities: float (n, num_domains), of the source labels.

    Returns:
        float32 (n, width of the label vector). An invalid target is INVALID_ARGUMENT.
    """
    counts = [len(info.domains) for info in space.datasets]
    owner = np.repeat(np.arange(len(counts)), counts)  # Data set of each label.
    owners = np.eye(len(counts), dtype=np.float32)[owner]
    named, shift = named_changes(space, texts)
    on, off = tf.maximum(shift, 0.0), tf.maximum(-shift, 0.0)
    excluded = tf.matmul(on, _exclusions(space))
    used = tf.matmul(tf.cast(named, tf.float32), owners) > 0  # (n, data sets)
    one_hot = np.array([info.label_type == ONE_HOT for info in space.datasets])
    chosen = tf.matmul(tf.cast(named & (shift >= 0), tf.float32), owners) > 0
    rules = (
        (
            ~((on > 0) & (excluded > 0)),
            "A target has two labels that exclude each other.",
        ),
        (
            tf.reduce_sum(tf.cast(used, tf.int32), axis=1) == 1,
            "A target must name labels of a single data set.",
        ),
        (
            chosen | ~used | ~one_hot[None],
            "Exactly one of these labels must be on: name the one to switch to.",
        ),
    )
    checks = [tf.debugging.Assert(tf.reduce_all(ok), [text]) for ok, text in rules]
    kept = tf.clip_by_value(1.0 - on - off - excluded, 0.0, 1.0)
    with tf.control_dependencies(checks):
        wanted = _binarized(space, probabilities) * kept + on
    wanted = tf.where(tf.gather(used, owner, axis=1), wanted, 0.0)
    if not space.mask_width:
        return wanted
    return tf.concat([wanted, tf.cast(used, tf.float32)], axis=1)


# Substitutes for special characters in quoted names, which have no control characters.
_HIDDEN = {'"': "\1", ",": "\2", ":": "\3", "=": "\4"}
_NUMBER = r"(\d+|\d*\.\d+)"


def _hidden(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'.translate(str.maketrans(_HIDDEN))


def named_changes(space: LabelSpace, texts):
    """Parses targets in a graph.

    Args:
        space: the label space of the model.
        texts: string (n,): targets (docs/targets.md).

    Returns:
        The labels that are named, bool (n, num_domains), and `Target.changes`, float32
        of that shape in [-1, 1]. An invalid text is INVALID_ARGUMENT.
    """
    pairs = [(info.name, name) for info in space.datasets for name in info.domains]
    known = [name for _, name in pairs]
    items = tf.strings.split(_without_quotes(texts, known), ",")  # ragged (n, ?)
    flat = tf.strings.strip(items.flat_values)
    is_name = tf.reduce_any(flat[:, None] == known, axis=1)
    is_switch = tf.strings.regex_full_match(flat, ".*=[01]") & ~is_name
    has_strength = tf.strings.regex_full_match(flat, f".*:{_NUMBER}") & ~is_name
    is_off = tf.strings.regex_full_match(flat, ".*=0|-.*") & ~is_name
    unsigned = tf.strings.regex_replace(flat, "^[+-]", "")
    name = tf.strings.regex_replace(unsigned, f":{_NUMBER}$", "")
    name = tf.where(is_switch, tf.strings.regex_replace(flat, "=[01]$", ""), name)
    name = tf.where(is_name, flat, tf.strings.strip(name))
    strength = tf.strings.regex_replace(flat, "^.*:", "")
    strength = tf.strings.to_number(tf.where(has_strength, strength, "1"))
    shift = tf.where(is_off, -strength, strength)[:, None]
    hits = tf.zeros((tf.size(name), len(pairs)), tf.bool)
    for spell in (
        lambda dataset, domain: domain,
        lambda dataset, domain: f"{dataset}.{domain}",
        lambda dataset, domain: _hidden(domain),
        lambda dataset, domain: f"{dataset}.{_hidden(domain)}",
        lambda dataset, domain: f"{_hidden(dataset)}.{domain}",
        lambda dataset, domain: f"{_hidden(dataset)}.{_hidden(domain)}",
    ):
        hits |= name[:, None] == [spell(*pair) for pair in pairs]
    count = tf.reduce_sum(tf.cast(hits, tf.int32), axis=1)
    rows, row_count = items.value_rowids(), items.nrows()
    named = tf.math.unsorted_segment_max(tf.cast(hits, tf.int32), rows, row_count) > 0
    high = tf.where(hits, shift, -np.inf)
    high = tf.math.unsorted_segment_max(high, rows, row_count)
    low = tf.where(hits, shift, np.inf)
    low = tf.math.unsorted_segment_min(low, rows, row_count)
    listed = ", ".join(known)
    checks = [
        tf.debugging.Assert(tf.reduce_all(ok), [message, texts])
        for ok, message in (
            (count > 0, f"An unknown label name. The model has {listed}. Received:"),
            (count < 2, "A name of several data sets: write DATASET.NAME. Received:"),
            (strength <= 1.0, "A strength is in [0, 1]. Received:"),
            (~named | (high == low), "A label both on and off. Keep one. Received:"),
        )
    ]
    with tf.control_dependencies(checks):
        return tf.identity(named), tf.where(named, high, 0.0)


def _without_quotes(texts, known):
    """Replaces special characters within quotes by their substitutes."""
    pieces = tf.strings.split(texts, '"')  # Ragged; every second one was quoted.
    quoted = pieces.flat_values
    for mark, code in _HIDDEN.items():
        quoted = tf.strings.regex_replace(quoted, mark, code)
    is_quoted = tf.ragged.range(pieces.row_lengths()).flat_values % 2 == 1
    hidden = tf.where(is_quoted, quoted, pieces.flat_values)
    # Each with a quote in front, since the join omits separators of empty pieces.
    hidden = tf.strings.unsorted_segment_join(
        _HIDDEN['"'] + hidden, pieces.value_rowids(), pieces.nrows()
    )
    hidden = tf.strings.regex_replace(hidden, "^" + _HIDDEN['"'], "")
    # A text that equals a name means that name.
    names = [name for name in known if not name.startswith('"')]
    if not names:
        return hidden
    hits = texts[:, None] == names
    exact = tf.gather(list(map(_hidden, names)), tf.argmax(hits, axis=1))
    return tf.where(tf.reduce_any(hits, axis=1), exact, hidden)


def _binarized(space: LabelSpace, probabilities):
    """The source labels, 0 or 1, like `data.targets.binarize`."""
    columns = tf.unstack(tf.cast(probabilities >= 0.5, tf.float32), axis=1)
    for info, labels in zip(space.datasets, space.slices, strict=True):
        if info.label_type == ONE_HOT:
            best = tf.argmax(probabilities[:, labels], axis=1)
            columns[labels] = tf.unstack(tf.one_hot(best, len(info.domains)), axis=1)
            continue
        for group in info.exclusive_groups:
            first = labels.start
            indices = [first + info.index(domain) for domain in group]
            members = tf.gather(probabilities, indices, axis=1)
            some = tf.reduce_sum(members, axis=1) >= 0.5
            best = tf.argmax(members, axis=1)
            for place, index in enumerate(indices):
                columns[index] = tf.cast(some & (best == place), tf.float32)
    return tf.stack(columns, axis=1)


def _exclusions(space: LabelSpace) -> np.ndarray:
    """(num_domains, num_domains): 1 if the row's label switches the column's off."""
    matrix = np.zeros((space.num_domains, space.num_domains), np.float32)
    for info, columns in zip(space.datasets, space.slices, strict=True):
        for domain in info.domains:
            for rival in info.rivals(domain):
                row, column = info.index(domain), info.index(rival)
                matrix[columns.start + row, columns.start + column] = 1.0
    return matrix


def _answers(model: Any, samples: SampleImages):
    """Keras' answers: each image with labels of another one, and with label names."""
    images, dataset = to_float(samples.images), samples.dataset
    info = model.label_space.datasets[dataset]
    labels = np.roll(samples.labels, 1, axis=0)
    names = [info.domains[i % len(info.domains)] for i in range(len(images))]
    targets = [model.label_space.written(dataset, name) for name in names]

    def classify():
        count = len(model.label_space.datasets)
        labels = [model.classify(images, dataset=index) for index in range(count)]
        return np.concatenate(labels, axis=1)

    inputs = {
        "images": samples.images,
        "labels": model.label_space.embed(labels, dataset),
        "names": np.array(targets, object),
    }
    return inputs, {
        "translate": lambda: model.translate(images, labels, dataset=dataset),
        "translate_encoded": lambda: model.translate(images, targets),
        "classify": classify,
    }


def litert_model(
    model: Any,
    labels_of: Callable[[SampleImages], np.ndarray] | None = None,
    details: Mapping[str, Any] | None = None,
) -> LiteRTModel:
    """The file `generator` with the signature `translate`.

    Args:
        model: a `LabelModel` that computes in float32.
        labels_of: the label vectors of samples, to measure errors. By default, each
            image is translated to the labels of another one.
        details: further entries of `model.json`.

    Returns:
        The model; inputs `images` (1, height, width, channels) and `labels` (1,
        label_width).
    """
    space = model.label_space

    def translate(images, labels):
        outputs = model.translator([images, labels], training=False)
        return {"images": tf.clip_by_value(outputs, space.lowest, 1.0)}

    def labels_of_another(source: SampleImages) -> np.ndarray:
        return space.embed(np.roll(source.labels, 1, axis=0), source.dataset)

    def samples(source: SampleImages) -> Arrays:
        labels = (labels_of or labels_of_another)(source)
        return {"images": to_float(source.images), "labels": labels}

    signature = FileSignature(
        name="translate",
        shapes={
            "images": (1, *space.image_shape),
            "labels": (1, space.width),
        },
        function=translate,
        samples=samples,
        keras=lambda **inputs: translate(**inputs)["images"].numpy(),
    )
    file = LiteRTFile("generator", [signature], [model.translator])
    return LiteRTModel([file], details or {})
