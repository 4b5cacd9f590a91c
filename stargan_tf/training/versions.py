"""Versions of what a result depends on."""

from stargan_tf.version import __version__


def versions() -> dict[str, str]:
    """Version of stargan_tf, Keras and TensorFlow; imports the latter two."""
    import keras
    import tensorflow as tf

    return {
        "stargan_tf": __version__,
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
    }
