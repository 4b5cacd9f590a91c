"""What every StarGAN shares: several optimizers, a step counter, their storage."""

import contextlib

import keras
import tensorflow as tf


class StarGANBase(keras.Model):
    """A `keras.Model` trained by one optimizer per network.

    It keeps what Keras' own `compile` would not: optimizers that are built at once
    (an unbuilt one is silently restarted when a saved model is loaded), the compile
    arguments, and `step`, the number of training batches seen. Everything random is
    a function of (seed, step), so a resumed run repeats the uninterrupted one.

    Subclasses call `_compile_optimizers` and `_track` from their `compile`, and give
    `get_compile_config`.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.step = self.add_weight(
            name="step", shape=(), dtype="int64", initializer="zeros", trainable=False
        )

    def _compile_optimizers(self, optimizers, **kwargs):
        """Builds and attaches optimizers: {network attribute: optimizer}."""
        # None: Keras would attach an RMSprop that nothing uses and that then warns
        # when the model is loaded.
        super().compile(optimizer=None, **kwargs)
        for network, optimizer in optimizers.items():
            optimizer.build(getattr(self, network).trainable_variables)
            setattr(self, f"{network}_optimizer", optimizer)

    def _track(self, names):
        """Creates the running means behind the logs of that name."""
        self._means = {name: keras.metrics.Mean(name=name) for name in names}

    def _log(self, values):
        """Adds {name: scalar} to the running means."""
        for name, value in values.items():
            self._means[name].update_state(value)

    def _results(self):
        return {name: mean.result() for name, mean in self._means.items()}

    @property
    def metrics(self):
        """The running means, which Keras resets each epoch."""
        return list(getattr(self, "_means", {}).values())

    def _random_seed(self, purpose):
        """Seed for `tf.random.stateless_*`; another for each step and purpose.

        (XLA draws other numbers from it: `jit_compile` changes the random stream.)
        """
        step = tf.convert_to_tensor(self.step.value)
        return tf.stack([tf.constant(self.seed, tf.int64), step * 16 + purpose])

    def _apply(self, network, gradients):
        """One update of a network by its optimizer."""
        variables = getattr(self, network).trainable_variables
        getattr(self, f"{network}_optimizer").apply(gradients, variables)

    def compile_from_config(self, config):
        """Compiles as `get_compile_config` described it (used by `load_model`)."""
        self.compile(**keras.saving.deserialize_keras_object(config))


@contextlib.contextmanager
def watching(*networks):
    """A tape that records these networks' weights only.

    Args:
        *networks: Keras models.

    Yields:
        The `tf.GradientTape`.
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        for network in networks:
            tape.watch([variable.value for variable in network.trainable_variables])
        yield tape
