"""StarGAN v2: diverse pictures of many domains from one generator."""

import functools

import keras
import tensorflow as tf

from stargan_tf.data.info import ONE_HOT
from stargan_tf.data.label_space import LabelSpace
from stargan_tf.errors import InputError
from stargan_tf.layers.pyramid import check_image_size
from stargan_tf.models.base import StarGANBase
from stargan_tf.models.compilation_v2 import CompilationV2
from stargan_tf.models.networks_v2 import averaged_copy, make_networks
from stargan_tf.models.training_v2 import TrainingV2
from stargan_tf.models.translation_v2 import TranslationV2


@keras.saving.register_keras_serializable(package="stargan_tf")
class StarGANV2(CompilationV2, TrainingV2, TranslationV2, StarGANBase):
    """StarGAN v2 as a Keras model: `compile`, `fit`, `translate`, `save`.

    Args:
        datasets: one `DatasetInfo` with one-hot domains, two or more; it gives the
            image size, a power of two in 64…1024.
        style_dim: width of the style code s.
        latent_dim: width of the latent code z.
        hidden_dim: width of the mapping network.
        base_filters: channels of G, E and D at full size; `None` for the official
            2**14 / image_size.
        max_filters: cap of the channels below (`max_conv_dim`).
        high_pass: divisor of the high-pass skips (`w_hpf`), 1 for faces; 0 for none.
        mask_provider: for `high_pass`: see `set_mask_provider`.
        generator_filters: channels of G at full size if they are not `base_filters`;
            its `max_filters` changes in proportion.
        separable: a light generator of depthwise-separable convolutions (not in the
            paper; see `GeneratorV2`).

    `fit` takes batches (image, domain, reference, reference_2, reference_domain), or
    dictionaries with these keys: images are float32 (batch, size, size, 3) in
    [-1, 1], domains int (batch,); both references show `reference_domain`, which is
    also the domain that the image is translated to.

    Example:

    ```python
    import stargan_tf

    people = stargan_tf.load_dataset("toon_people", image_size=64)
    model = stargan_tf.StarGANV2(people.info, base_filters=16, max_filters=64)
    model.compile()
    batches = stargan_tf.reference_batches(people, batch_size=4)
    model.fit(batches, steps_per_epoch=100, epochs=10)
    image, domain, *_ = next(iter(batches))
    model.translate(image.numpy(), people.info.domains[0], seed=7)
    ```

    With `dtype="mixed_bfloat16"` generator, mapping network and style encoder run in
    bfloat16; the discriminator, all losses and R1 stay in float32.

    Reference: StarGAN v2 (Choi et al. 2020), https://arxiv.org/abs/1912.01865
    """

    def __init__(
        self,
        datasets,
        style_dim=64,
        latent_dim=16,
        hidden_dim=512,
        base_filters=None,
        max_filters=512,
        high_pass=0.0,
        mask_provider=None,
        generator_filters=None,
        separable=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.label_space = LabelSpace(datasets)
        _check_domains(self.label_space)
        check_image_size(self.image_size)
        if high_pass < 0:
            raise InputError(
                f"high_pass is 0 (off) or positive (1 for faces). Received: {high_pass}"
            )
        self._config = {
            "style_dim": style_dim,
            "latent_dim": latent_dim,
            "hidden_dim": hidden_dim,
            "base_filters": base_filters,
            "max_filters": max_filters,
            "high_pass": high_pass,
            "generator_filters": generator_filters,
            "separable": separable,
        }
        self.style_dim, self.latent_dim = style_dim, latent_dim
        self.high_pass = high_pass
        self.set_mask_provider(mask_provider)
        networks = make_networks(
            image_size=self.image_size,
            num_domains=self.num_domains,
            dtype=self.dtype_policy,
            **self._config,
        )
        self.generator = networks.generator
        self.mapping_network = networks.mapping_network
        self.style_encoder = networks.style_encoder
        self.discriminator = networks.discriminator
        self.generator_ema = averaged_copy(self.generator)
        self.mapping_network_ema = averaged_copy(self.mapping_network)
        self.style_encoder_ema = averaged_copy(self.style_encoder)
        self.built = True

    @property
    def info(self):
        """The `DatasetInfo`: domain names and image size."""
        return self.label_space.datasets[0]

    @property
    def image_size(self):
        """Side of the square images in pixels."""
        return self.label_space.image_size

    @property
    def num_domains(self):
        """Number of domains."""
        return self.label_space.num_domains

    def set_mask_provider(self, mask_provider):
        """Sets where the high-pass masks come from.

        It is code and not saved with the model: after `keras.saving.load_model` set
        it again. (`stargan_tf.load_model` imports the one that the run's
        configuration names.)

        Args:
            mask_provider: callable from images, float32 (batch, size, size, 3) in
                [-1, 1], to masks, float (batch, size, size, 2) in [0, 1]: what to
                keep of the source at 32 pixels, and at 64 and 128. In training it is
                traced into the graph; no gradient passes. `None` for none.
        """
        # Wrapped, since Keras would adopt and save a network assigned to itself.
        self._mask_provider = mask_provider and functools.partial(mask_provider)

    @property
    def mask_provider(self):
        """What `set_mask_provider` was given, or None."""
        return self._mask_provider and self._mask_provider.func

    def _masks(self, image):
        """The high-pass masks of images, or None where the model takes none."""
        if not self.high_pass:
            return None
        if self._mask_provider is None:
            raise InputError(
                f"A model with high_pass={self.high_pass} needs masks of the images. "
                "Received none. Set a source of them with model.set_mask_provider(…), "
                "give translate(masks=…), or build the model with high_pass=0."
            )
        masks = tf.convert_to_tensor(self._mask_provider(image))
        shape = (None, self.image_size, self.image_size, 2)
        if not masks.shape.is_compatible_with(shape):
            raise InputError(
                f"A mask provider returns {('batch', *shape[1:])}. Received: shape "
                f"{masks.shape} for images {image.shape}"
            )
        # What Python code inside of the graph returns has no shape by itself.
        return tf.stop_gradient(tf.ensure_shape(masks, shape))

    def call(self, inputs):
        """G(x, s) with the averaged weights; see `GeneratorV2`."""
        return self.generator_ema(inputs)


def _check_domains(label_space):
    infos = label_space.datasets
    if len(infos) == 1 and infos[0].label_type == ONE_HOT and len(infos[0].domains) > 1:
        return
    found = ", ".join(
        f"'{info.name}' ({info.label_type}, {len(info.domains)} domains)"
        for info in infos
    )
    raise InputError(
        "StarGAN v2 takes one data set with two or more one_hot domains. Received: "
        f"{found}. Choose one attribute's values as domains, or use StarGAN."
    )
