"""Sample grids, evaluation, SavedModel, and LiteRT export of RelGAN.

Inputs of exported models called `labels` are changes: -1 to 1 per attribute, 0 for no
change.
"""

from dataclasses import replace

import numpy as np
import tensorflow as tf

from stargan_tf.plugin import (
    LabelSamples,
    ServedModel,
    Signature,
    image_formats,
    label_tasks,
    litert_model,
    named_changes,
    row_spec,
    to_float,
)

from .objective import change_between


def _change(model, labels, targets):
    return np.asarray(change_between(labels, targets, model._groups))


class ChangeSamples(LabelSamples):
    """Sample grids with every attribute of every image changed.

    Args:
        held_out: the held-out split of each data set.
    """

    def translate(self, model, images, known, labels, dataset):
        """Translates images by the change from the `known` to the target labels."""
        return model.translate(images, _change(model, known, labels))

    def score(self, model, images):
        """Returns the mean real/fake score of each image, (n,)."""
        features = model.discriminator.features(to_float(images))
        return np.asarray(model.discriminator.real(features)).mean(axis=(1, 2, 3))


def change_tasks(subject, options):
    """Returns StarGAN's evaluation tasks, with changes from the images' true labels.

    Args:
        subject: model and data.
        options: options of the evaluation.
    """

    def relative(task):
        true_labels = subject.held_out.labels[task.rows]

        def changed(images, labels, targets):
            changes = _change(subject.model, labels, targets)
            return np.asarray(subject.model.translate(images, changes))

        def translate(places, images):
            outputs = changed(images, true_labels[places], task.labels[places])
            return outputs[:, np.newaxis]

        def back(places, images, outputs):
            return changed(outputs, task.labels[places], true_labels[places])

        return replace(task, translate=translate, back=task.back and back)

    return [relative(task) for task in label_tasks(subject, options)]


def served_model(model, description):
    """Returns the signatures `translate` and `translate_encoded`.

    The input `names` of `translate_encoded` has target texts, like `--to` on the
    command line.

    Args:
        model: a `RelGAN` that computes in float32.
        description: description of the model.
    """
    space = model.label_space

    @tf.function(autograph=False)
    def generate(images, changes):
        outputs = model.generator([images, changes], training=False)
        return tf.clip_by_value(outputs, space.lowest, 1.0)

    def signature(images):
        def translate(sources, changes):
            if images.encoded:
                _, changes = named_changes(space, changes)
            return images.result(generate(images.to_float(sources), changes))

        changes = row_spec("labels", space.width, tf.float32)
        if images.encoded:
            changes = row_spec("names", None, tf.string)
        return Signature("translate", translate, (images.spec(), changes), images)

    formats = image_formats(space.datasets[0], description)

    def answers(samples):
        domains = space.datasets[0].domains
        texts = [
            f"{'-' if i % 2 else ''}{domains[i % len(domains)]}:0.5"
            for i in range(len(samples.images))
        ]
        changes = np.stack([model.change_of(text) for text in texts])

        def translate():
            return model.translate(to_float(samples.images), changes)

        inputs = {
            "images": samples.images,
            "labels": changes,
            "names": np.array(texts, object),
        }
        return inputs, {"translate": translate, "translate_encoded": translate}

    signatures = [signature(images) for images in formats]
    return ServedModel(signatures, (model.generator,), answers)


def litert_files(model):
    """Returns the LiteRT file `generator` with the signature `translate`.

    Args:
        model: a `RelGAN` that computes in float32.
    """

    def changes(source):
        return _change(model, source.labels, np.roll(source.labels, 1, axis=0))

    # The demo page shows a slider from -100 % to 100 % per attribute.
    return litert_model(model, changes, {"changes": True})
