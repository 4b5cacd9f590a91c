"""ResNets for the classification error: ResNet-18 and two smaller ones."""

import itertools

import keras
from keras import layers

from stargan_tf.errors import InputError, near_names
from stargan_tf.precision import keras_settings

# Channels of the first stage, and the blocks of each stage; every stage doubles them.
SIZES = {
    "resnet18": (64, (2, 2, 2, 2)),
    "small": (16, (2, 2, 2, 2)),
    "tiny": (8, (1, 1, 1)),
}
# Smaller images start at full size, as is usual for ResNets on such.
LARGE_IMAGE = 96


@keras_settings()
def build_residual_network(
    image_size: int, outputs: int, size: str = "small", seed: int = 0
) -> keras.Model:
    """A ResNet with new weights.

    Args:
        image_size: side of the images in pixels.
        outputs: number of logits.
        size: `"resnet18"` (11 million weights, the StarGAN paper's), `"small"`
            (0.7 million) or `"tiny"` (0.08 million).
        seed: decides the weights.

    Returns:
        A model: float images (n, s, s, 3) in [-1, 1] → logits (n, outputs).

    Raises:
        InputError: for another size.

    Reference: He et al. 2016, "Deep Residual Learning for Image Recognition", table 1.
    """
    if size not in SIZES:
        raise InputError(
            f"There is no classifier of size '{size}'. {near_names(size, SIZES)}"
        )
    filters, stages = SIZES[size]
    seeds = itertools.count(1000 * seed)
    inputs = keras.Input((image_size, image_size, 3), name="images")
    x = _stem(inputs, filters, image_size >= LARGE_IMAGE, seeds)
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
