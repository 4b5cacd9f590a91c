"""A callback that knows the training step."""

import keras


class StepCallback(keras.callbacks.Callback):
    """Counts `model.step` along without reading it from the device each batch."""

    def __init__(self):
        super().__init__()
        self.step = 0

    def on_train_begin(self, logs=None):
        """Takes up the model's count, which a resumed run does not begin at 0."""
        self.step = int(self.model.step.numpy())

    def on_train_batch_end(self, batch, logs=None):
        """Counts, then calls `on_step`."""
        self.step += 1
        self.on_step(logs or {})

    def on_step(self, logs):
        """Called after each step.

        Args:
            logs: name → running mean since the last logged step.
        """
