"""A classifier trained on a data set's real images, which judges translated ones."""

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
from stargan_tf.evaluation.fid import SAMPLE_LIMIT, FeatureSummary
from stargan_tf.evaluation.options import (
    CLASSIFIER_STEPS,
    EvaluationOptions,
    check_known,
)
from stargan_tf.files import new_file
from stargan_tf.layers.precision import keras_settings
from stargan_tf.native_output import is_quiet, note
from stargan_tf.progress import Interval

# Channels of the first stage, and the blocks of each stage; every stage doubles them.
SIZES = {
    "resnet18": (64, (2, 2, 2, 2)),
    "small": (16, (2, 2, 2, 2)),
    "tiny": (8, (1, 1, 1)),
}
# Smaller images start at full size, as is usual for ResNets on such.
LARGE_IMAGE = 96
# Part of the cache key: raise it when training or the networks change.
VERSION = 1


class LabelClassifier:
    """Images → logits of a data set's labels.

    Args:
        network: float images in [-1, 1] → logits (n, number of domains).
        info: the data set's labels and image size.
    """

    def __init__(self, network: keras.Model, info: DatasetInfo):
        self.network, self.info = network, info

    def logits(self, images: np.ndarray) -> np.ndarray:
        """Logits of a batch.

        Args:
            images: (n, s, s, 3): uint8, or float in [-1, 1].

        Returns:
            float32 array (n, number of domains).
        """
        if images.shape[1:] != self.info.shape:
            raise InputError(
                f"The classifier takes images of shape {self.info.shape}. "
                f"Received: shape {images.shape}"
            )
        return self.network.predict_on_batch(to_float(images))


class ClassifierFeatures:
    """What a classifier sees before it decides: features for KID of any images.

    It stands in for `FeatureExtractor`, whose network knows RGB pictures only.

    Args:
        classifier: of the data set.
        size: its size, which names the protocol.
    """

    def __init__(self, classifier: LabelClassifier, size: str):
        self.protocol = f"classifier_{size}"
        network = classifier.network
        self.network = keras.Model(network.inputs, network.layers[-1].input)

    def summary(
        self, sample_limit: int = SAMPLE_LIMIT, seed: int = 0
    ) -> FeatureSummary:
        """An empty summary for these features."""
        width = self.network.output_shape[-1]
        return FeatureSummary(self.protocol, width, sample_limit, seed)

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Features of a batch, as of `LabelClassifier.logits`: float32 (n, width)."""
        return self.network.predict_on_batch(to_float(images))


def cached_classifier(
    images: LabeledImages, size: str = "small", **options
) -> LabelClassifier:
    """`train_classifier`, but from the cache where it was trained before."""
    # The fingerprint tells pixels; whoever mends labels needs another classifier.
    labels = hashlib.sha256(images.labels.tobytes()).hexdigest()
    what = (images.fingerprint, labels, images.info.to_dict())
    how = (VERSION, size, sorted(options.items()))
    key = hashlib.sha256(repr((what, how)).encode()).hexdigest()[:32]
    stored = cache_folder() / "classifiers" / f"{key}.keras"
    if stored.exists():
        try:
            network = keras.saving.load_model(stored, compile=False)
            return LabelClassifier(network, images.info)
        # Which error a damaged file raises depends on the byte.
        except Exception as error:
            name = type(error).__name__
            logging.warning("Cannot read %s (%s): made again.", stored, name)
    classifier = train_classifier(images, size, **options)
    with new_file(stored, "classifier") as temporary:
        classifier.network.save(temporary)
    return classifier


def classifier_of(images: LabeledImages, options: EvaluationOptions) -> LabelClassifier:
    """The classifier that an evaluation asks for, trained on real images."""
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

    Reference: StarGAN (Choi et al. 2018), section 5.4: a ResNet-18 trained on real
        images gives the classification error.
    """
    info = images.info
    network = build_residual_network(info.shape, len(info.domains), size, seed)
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    one_hot = info.label_type == ONE_HOT
    losses = keras.losses
    loss = losses.CategoricalCrossentropy if one_hot else losses.BinaryCrossentropy
    network.compile(keras.optimizers.Adam(schedule), loss(from_logits=True))
    batches = training_batches(images, batch_size, seed=seed)
    note(f"Training a classifier on {len(images)} real images, {steps} batches.")
    # A bar that is redrawn is unreadable in a file: lines there.
    on_screen = sys.stdout.isatty() and not is_quiet()
    interval = Interval()

    def print_line(batch: int, logs: dict[str, float]) -> None:
        done = batch + 1
        if not on_screen and (interval.is_over() or done == steps):
            text = f"Classifier: batch {done} of {steps}, loss {logs['loss']:.3f}"
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
    """A ResNet with new weights.

    Args:
        image_shape: height, width, and channels.

    Returns:
        A model: float images (n, *image_shape) in [-1, 1] → logits (n, outputs).

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
        # Every other pixel, then 1 × 1: what a 1 × 1 convolution with strides computes,
        # whose gradient crashes the process in TensorFlow 2.21 with oneDNN on CPUs.
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
