"""StarGAN v1: one generator for all domains."""

import keras
import numpy as np

from stargan_tf.data.label_space import LabelSpace
from stargan_tf.models.base import StarGANBase
from stargan_tf.models.compilation_v1 import CompilationV1
from stargan_tf.models.discriminator_v1 import DiscriminatorV1
from stargan_tf.models.generator_v1 import GeneratorV1
from stargan_tf.models.training_v1 import TrainingV1
from stargan_tf.models.translation_v1 import TranslationV1
from stargan_tf.precision import at_least_float32


@keras.saving.register_keras_serializable(package="stargan_tf")
class StarGAN(CompilationV1, TrainingV1, TranslationV1, StarGANBase):
    """StarGAN v1 as a Keras model: `compile`, `fit`, `translate`, `save`.

    Args:
        datasets: one `DatasetInfo`, or several for joint training with the mask
            vector; they give the image size and the labels.
        base_filters: first width of the generator (`g_conv_dim`).
        num_residual_blocks: bottleneck depth of the generator (`g_repeat_num`).
        discriminator_filters: first width of the discriminator (`d_conv_dim`).
        discriminator_layers: its number of halvings (`d_repeat_num`).
        attention: whether the generator blends its drawing into the input by a
            learned mask (not in the paper; see `GeneratorV1`).
        conditioning: `"input"` as in the paper, or `"blocks"` (see `GeneratorV1`).
        separable: a light generator of depthwise-separable convolutions (not in the
            paper; see `GeneratorV1`).

    `fit` takes batches (image, label): float32 (batch, size, size, 3) in [-1, 1] and
    float32 (batch, `label_space.width`).

    Example:

    ```python
    import stargan_tf

    faces = stargan_tf.load_dataset("toon_attributes", image_size=64)
    model = stargan_tf.StarGAN(faces.info, base_filters=16, discriminator_layers=4)
    model.compile(total_steps=1000)
    model.fit(stargan_tf.training_batches(faces), steps_per_epoch=100, epochs=10)
    ```

    With `dtype="mixed_bfloat16"` the generator runs in bfloat16; the discriminator,
    all losses and the penalty stay in float32.

    Reference: StarGAN (Choi et al. 2018), https://arxiv.org/abs/1711.09020
    """

    def __init__(
        self,
        datasets,
        base_filters=64,
        num_residual_blocks=6,
        discriminator_filters=64,
        discriminator_layers=6,
        attention=False,
        conditioning="input",
        separable=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.label_space = LabelSpace(datasets)
        self._config = {
            "base_filters": base_filters,
            "num_residual_blocks": num_residual_blocks,
            "discriminator_filters": discriminator_filters,
            "discriminator_layers": discriminator_layers,
            "attention": attention,
            "conditioning": conditioning,
            "separable": separable,
        }
        self.generator = GeneratorV1(
            self.label_space.width,
            base_filters,
            num_residual_blocks,
            attention,
            conditioning,
            separable,
            dtype=self.dtype_policy,
            name="generator",
        )
        self.discriminator = DiscriminatorV1(
            self.label_space.image_size,
            self.label_space.num_domains,
            discriminator_filters,
            discriminator_layers,
            # Its slope is what the penalty differentiates: bfloat16 would put that
            # off by a tenth, for a small share of the work.
            dtype=at_least_float32(self.dtype_policy),
            name="discriminator",
        )
        self._parts = tuple(
            (part, info.label_type)
            for part, info in zip(
                self.label_space.slices, self.label_space.datasets, strict=True
            )
        )
        # Of each data set, in joint training: whose batch it is says when G learns.
        self.batches_seen = None
        if self.label_space.mask_width:
            self.batches_seen = self.add_weight(
                name="batches_seen",
                shape=(self.label_space.mask_width,),
                dtype="int64",
                initializer="zeros",
                trainable=False,
                aggregation="only_first_replica",
            )
        self.built = True

    def load_own_variables(self, store):
        """Loads the step and the counts, which files of version 0.1.0 may lack.

        Args:
            store: what Keras stored of this model itself.
        """
        # The list of names, as older Keras' stores (seen with 3.6) answer no `in`.
        if self.batches_seen is None or "1" in list(store.keys()):
            super().load_own_variables(store)
            return
        # The data sets took turns: the first of them was the first of each round.
        self.step.assign(store["0"])
        sets = self.batches_seen.shape[0]
        self.batches_seen.assign((int(self.step) + np.arange(sets)[::-1]) // sets)

    def call(self, inputs):
        """G(x, c): inputs [image, label] → image, float32 in [-1, 1]."""
        return self.generator(inputs)
