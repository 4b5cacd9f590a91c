"""A classifier that is trained on real images, to evaluate translations."""

import hashlib
import itertools
import sys

import keras
import numpy as np
from absl import logging
from keras import layers

from stargan_tf.data.cache import cache_folder
from stargan_tf.data.info import ONE_HOT, DatasetInfo
from stargan_tf.data.pictures import to_float
from stargan_tf.data.sampling import training_batches
from stargan_tf.data.source import LabeledImages
from stargan_tf.errors import InputError
from stargan_tf.evaluation.fid import FeatureSummary
from stargan_tf.evaluation.options import (
    CLASSIFIER_STEPS,
    EvaluationOptions,
    check_known,
)
from stargan_tf.files import new_file
from stargan_tf.layers.precision import keras_settings
from stargan_tf.native_output import is_quiet, note
from stargan_tf.progress import Interval

# Size → channels of the first stage, doubled by each stage, and blocks of each stage.
SIZES = {
    "resnet18": (64, (2, 2, 2, 2)),
    "small": (16, (2, 2, 2, 2)),
    "tiny": (8, (1, 1, 1)),
}
# Networks for smaller images do not downsample in the stem, as is usual for ResNets.
LARGE_IMAGE = 96
# In the cache key: increment when training or the networks change.
VERSION = 1


class LabelClassifier:
    """A classifier of a data set's labels.

    Args:
        network: Keras model from float images in [-1, 1] to logits (n, number of
            domains).
        info: the `DatasetInfo` of the images.
    """

    def __init__(self, network: keras.Model, info: DatasetInfo):
        self.network, self.info = network, info

    def logits(self, images: np.ndarray) -> np.ndarray:
        """Computes the logits of a batch.

        Args:
            images: (n, height, width, channels), uint8 or float in [-1, 1].

        Returns:
            float32 array (n, number of domains).

        Raises:
            InputError: if the images have another shape.
        """
        if images.shape[1:] != self.info.shape:
            raise InputError(
                f"The classifier needs images of shape {self.info.shape}. "
                f"Received: shape {images.shape}"
            )
        return self.network.predict_on_batch(to_float(images))


class ClassifierFeatures:
    """The features before the last layer of a classifier, for KID of any images.

    It replaces `FeatureExtractor`, whose network needs RGB images.

    Args:
        classifier: the classifier of the data set.
        size: size of the classifier, which names the protocol.
    """

    def __init__(self, classifier: LabelClassifier, size: str):
        self.protocol = f"classifier_{size}"
        network = classifier.network
        self.network = keras.Model(network.inputs, network.layers[-1].input)

    def summary(self, seed: int = 0) -> FeatureSummary:
        """Returns an empty summary for these features; see `FeatureSummary`."""
        width = self.network.output_shape[-1]
        return FeatureSummary(self.protocol, width, seed=seed)

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Computes features, float32 (n, width), of images (n, height, width, c)."""
        return self.network.predict_on_batch(to_float(images))


def cached_classifier(
    images: LabeledImages, size: str = "small", **options
) -> LabelClassifier:
    """Returns a classifier from the cache, or trains it with `train_classifier`.

    Args:
        images: the training images.
        size: size of the classifier.
        **options: further arguments of `train_classifier`.
    """
    # The fingerprint does not depend on the labels, which users may correct.
    labels = hashlib.sha256(images.labels.tobytes()).hexdigest()
    what = (images.fingerprint, labels, images.info.to_dict())
    how = (VERSION, size, sorted(options.items()))
    key = hashlib.sha256(repr((what, how)).encode()).hexdigest()[:32]
    stored = cache_folder() / "classifiers" / f"{key}.keras"
    if stored.exists():
        try:
            network = keras.saving.load_model(stored, compile=False)
            return LabelClassifier(network, images.info)
        # A damaged file can raise any exception.
        except Exception as error:
            name = type(error).__name__
            logging.warning("Cannot read %s (%s). Training again.", stored, name)
    classifier = train_classifier(images, size, **options)
    with new_file(stored, "classifier") as temporary:
        classifier.network.save(temporary)
    return classifier


def classifier_of(images: LabeledImages, options: EvaluationOptions) -> LabelClassifier:
    """Returns the classifier of an evaluation, trained on real images."""
    return cached_classifier(
        images,
        options.classifier,
        steps=options.classifier_steps or CLASSIFIER_STEPS[options.classifier],
        seed=options.seed,
    )


@keras_settings()
def train_classifier(
    images: LabeledImages,
    size: str = "small",
    *,
    steps: int = 2000,
    batch_size: int = 64,
    learning_rate: float = 1e-3,
    seed: int = 0,
) -> LabelClassifier:
    """Trains a classifier, with a progress bar.

    Args:
        images: the training images.
        size: size of the classifier: `"tiny"`, `"small"`, or `"resnet18"`.
        steps: number of training steps.
        batch_size: number of images per step.
        learning_rate: initial learning rate of Adam, with cosine decay to 0.
        seed: seed of the initial weights and of the batches.

    Returns:
        The `LabelClassifier`.

    Reference: StarGAN (Choi et al. 2018), section 5.4: classification error of a
        ResNet-18 trained on real images.
    """
    info = images.info
    network = build_residual_network(info.shape, len(info.domains), size, seed)
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    one_hot = info.label_type == ONE_HOT
    losses = keras.losses
    loss = losses.CategoricalCrossentropy if one_hot else losses.BinaryCrossentropy
    network.compile(keras.optimizers.Adam(schedule), loss(from_logits=True))
    batches = training_batches(images, batch_size, seed=seed)
    note(f"Training a classifier on {len(images)} real images, {steps} steps.")
    # In a log file, lines are readable and a progress bar is not.
    on_screen = sys.stdout.isatty() and not is_quiet()
    interval = Interval()

    def print_line(batch: int, logs: dict[str, float]) -> None:
        done = batch + 1
        if not on_screen and (interval.is_over() or done == steps):
            text = f"Classifier: step {done} of {steps}, loss {logs['loss']:.3f}"
            note(text)

    network.fit(
        batches,
        steps_per_epoch=steps,
        shuffle=False,
        verbose=int(on_screen),
        callbacks=[keras.callbacks.LambdaCallback(on_train_batch_end=print_line)],
    )
    return LabelClassifier(network, info)


@keras_settings()
def build_residual_network(
    image_shape: tuple[int, int, int],
    outputs: int,
    size: str = "small",
    seed: int = 0,
) -> keras.Model:
    """Builds a ResNet with initial weights.

    Args:
        image_shape: height, width, and channels.
        outputs: number of logits.
        size: a key of `SIZES`.
        seed: seed of the initial weights.

    Returns:
        Keras model from float images (n, height, width, channels) in [-1, 1] to logits
        (n, outputs).

    Reference: He et al. 2016, "Deep Residual Learning for Image Recognition", table 1.
    """
    check_known(size, SIZES, "classifier of size")
    filters, stages = SIZES[size]
    seeds = itertools.count(1000 * seed)
    inputs = keras.Input(image_shape, name="images")
    x = _stem(inputs, filters, min(image_shape[:2]) >= LARGE_IMAGE, seeds)
    for stage, depth in enumerate(stages):
        for block in range(depth):
            strides = 2 if stage and not block else 1
            x = _block(x, filters * 2**stage, strides, seeds)
    x = layers.GlobalAveragePooling2D()(x)
    initializer = keras.initializers.GlorotUniform(next(seeds))
    logits = layers.Dense(outputs, kernel_initializer=initializer, name="logits")(x)
    return keras.Model(inputs, logits, name=f"classifier_{size}")


def _stem(x, filters, large, seeds):
    if not large:
        return layers.ReLU()(_convolution(x, filters, 3, 1, seeds))
    x = layers.ReLU()(_convolution(x, filters, 7, 2, seeds))
    return layers.MaxPooling2D(3, 2, "same")(x)


def _block(x, filters, strides, seeds):
    shortcut = x
    if strides != 1 or x.shape[-1] != filters:
        # Every second pixel, then a 1 × 1 convolution: equals a 1 × 1 convolution with
        # strides, whose gradient crashes TensorFlow 2.21 with oneDNN on CPUs.
        shortcut = layers.MaxPooling2D(1, strides)(x) if strides != 1 else x
        shortcut = _convolution(shortcut, filters, 1, 1, seeds)
    x = layers.ReLU()(_convolution(x, filters, 3, strides, seeds))
    x = _convolution(x, filters, 3, 1, seeds)
    return layers.ReLU()(layers.Add()([x, shortcut]))


def _convolution(x, filters, kernel, strides, seeds):
    x = layers.Conv2D(
        filters,
        kernel,
        strides,
        "same",
        use_bias=False,
        kernel_initializer=keras.initializers.HeNormal(next(seeds)),
    )(x)
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)
