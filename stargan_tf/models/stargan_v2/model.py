"""StarGAN v2: diverse images of several domains from one generator."""

import functools
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from stargan_tf.data.info import ONE_HOT
from stargan_tf.distribution.replicas import (
    check_equal_batches,
    global_batch_size,
    local_rows,
)
from stargan_tf.errors import InputError
from stargan_tf.layers.precision import at_least_float32
from stargan_tf.models.base import (
    StarGANBase,
    make_label_space,
    tape_over,
    untrained_copy,
    value_and_slope,
    weighted_sum,
)
from stargan_tf.models.inputs import check_domains, check_images, check_masks, unpack
from stargan_tf.models.stargan_v2 import (
    AVERAGED,
    DIFFERENCE,
    MODE_SEEKING,
    STARGAN_V2,
    check_image_size,
    official_filters,
    styles,
)
from stargan_tf.models.stargan_v2.memory import (
    dense,
    mean_over_micro_batches,
    rematerialized,
)
from stargan_tf.models.stargan_v2.networks import (
    DiscriminatorV2,
    GeneratorV2,
    LatentInjection,
    MappingNetwork,
    StyleEncoder,
)
from stargan_tf.models.stargan_v2.objective import (
    DISCRIMINATOR_TERMS,
    discriminator_terms,
    diversity_weight,
    generator_table,
    generator_terms,
    mean_absolute_difference,
)
from stargan_tf.optimizers import TorchAdam

LATENT, REFERENCE = SOURCES = ("latent", "reference")
# Networks updated together with the generator. With references, E and F are fixed.
LEARNERS = {LATENT: AVERAGED, REFERENCE: ("generator",)}
FIELDS = ("image", "domain", "reference", "reference_2", "reference_domain")


class Batch(NamedTuple):
    """A training batch, with its random latent codes and its masks.

    Args:
        image: x, float32 (batch, height, width, channels) in [-1, 1].
        domain: y, the images' domains, int32 (batch,).
        reference: images of the target domains, like `image`.
        reference_2: other images of the target domains.
        target: ỹ, the references' domains, int32 (batch,).
        latent: z, float32 (batch, latent_dim).
        latent_2: z₂, like `latent`.
        masks: the images' high-pass masks (batch, height, width, 2), or None.
    """

    image: Any
    domain: Any
    reference: Any
    reference_2: Any
    target: Any
    latent: Any
    latent_2: Any
    masks: Any


@keras.saving.register_keras_serializable(package="stargan_tf")
class StarGANV2(StarGANBase):
    """StarGAN v2 as a Keras model: `compile`, `fit`, `translate`, `save`.

    `fit` takes batches (image, domain, reference, reference_2, reference_domain), or
    dictionaries with these keys. Images and references are (batch, height, width,
    channels), float in [-1, 1] or uint8; domains are int (batch,). Both references
    belong to `reference_domain`, the domain to which the image is translated. Models
    with high-pass skips also take `masks`, float (batch, height, width, 2) in [0, 1],
    and otherwise compute them in each step.

    Args:
        datasets: a `DatasetInfo` with two or more one-hot domains; describes the
            domains and the images. Alternatives: `domains` or `num_domains`.
        style_dim: width of the style code s.
        latent_dim: width of the latent code z.
        hidden_dim: width of the mapping network's hidden layers.
        base_filters: channels of G, E, and D at full resolution; `None` for the
            official 2**14 / image_size.
        max_filters: maximum number of channels at lower resolutions (`max_conv_dim`).
        high_pass: divisor of the high-pass skips (`w_hpf`): 1 for faces, 0 for no
            skips.
        mask_provider: function that computes the masks of the high-pass skips; see
            `set_mask_provider`.
        generator_filters: channels of G at full resolution if they differ from
            `base_filters`; `max_filters` of G is scaled in proportion.
        upsampling: `"nearest"`, as in the paper, or `"bilinear"` (see `GeneratorV2`).
        latent_injection: whether the generator takes the latent code and the domain
            directly, without a mapping network (configuration D of the paper's
            ablation). The width of style codes is then `latent_dim` + the number of
            domains, and `style_dim` is ignored.
        num_domains: number of domains, which are then named `domain_0`, ….
        domains: names of the domains, in the order of their indices.
        image_size: side of the square images in pixels, or (height, width). Defaults to
            256. The shorter side must have 64 to 1024 pixels; both sides must be
            divisible by 2 as often as it takes to halve the shorter side to 4 to 7.
        num_channels: number of channels of the images, from 1 to 64. Defaults to 3,
            RGB.

    Raises:
        InputError: if the domains are given in no way or in more than one, or an
            argument is out of range.

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

    With `dtype="mixed_bfloat16"` generator, mapping network, and style encoder run in
    bfloat16; the discriminator, all losses, and R1 stay in float32.

    Reference: StarGAN v2 (Choi et al. 2020), https://arxiv.org/abs/1912.01865
    """

    # Name of the model family, recorded in style files.
    family = "stargan_v2"

    def __init__(
        self,
        datasets=None,
        style_dim=64,
        latent_dim=16,
        hidden_dim=512,
        base_filters=None,
        max_filters=512,
        high_pass=0.0,
        mask_provider=None,
        generator_filters=None,
        upsampling="nearest",
        latent_injection=False,
        *,
        num_domains=None,
        domains=None,
        image_size=None,
        num_channels=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.label_space = make_label_space(
            datasets,
            num_domains=num_domains,
            domains=domains,
            image_size=image_size,
            num_channels=num_channels,
            default_type=ONE_HOT,
            default_size=256,
        )
        _check_domains(self.label_space)
        check_image_size(self.image_size)
        self.arguments = {
            "style_dim": style_dim,
            "latent_dim": latent_dim,
            "hidden_dim": hidden_dim,
            "base_filters": base_filters,
            "max_filters": max_filters,
            "high_pass": high_pass,
            "generator_filters": generator_filters,
            "upsampling": upsampling,
            "latent_injection": latent_injection,
        }
        STARGAN_V2.checked(**self.arguments)
        side = self.image_size
        # The skips are at 32, 64, and 128 pixels.
        if high_pass and (not isinstance(side, int) or side & (side - 1)):
            raise InputError(
                "High-pass skips require square images whose side is a power of two. "
                f"Received: high_pass={high_pass}, image_size={side}. Remove "
                "high_pass, or use such images."
            )
        if latent_injection:
            style_dim = latent_dim + self.num_domains
        self.style_dim, self.latent_dim = style_dim, latent_dim
        self.high_pass = high_pass
        self.set_mask_provider(mask_provider)
        style = {"style_dim": style_dim, "dtype": self.dtype_policy}
        domains = {"num_domains": self.num_domains}
        sizes = {
            "image_size": self.image_size,
            "base_filters": base_filters,
            "max_filters": max_filters,
            "num_channels": self.label_space.image_shape[2],
            "has_gaps": self.label_space.has_gaps,
        }
        generator_sizes = sizes
        if generator_filters:
            widest = base_filters or official_filters(self.image_size)
            generator_sizes = {
                **sizes,
                "base_filters": generator_filters,
                "max_filters": max_filters * generator_filters // widest,
            }
        self.generator = GeneratorV2(
            **generator_sizes,
            **style,
            high_pass=high_pass,
            upsampling=upsampling,
            name="generator",
        )
        if latent_injection:
            self.mapping_network = LatentInjection(
                **domains, dtype=self.dtype_policy, name="mapping_network"
            )
        else:
            self.mapping_network = MappingNetwork(
                **domains,
                **style,
                latent_dim=latent_dim,
                hidden_dim=hidden_dim,
                name="mapping_network",
            )
        self.style_encoder = StyleEncoder(
            **sizes,
            **domains,
            **style,
            latent_injection=latent_injection,
            name="style_encoder",
        )
        self.discriminator = DiscriminatorV2(
            **sizes,
            **domains,
            # R1 differentiates its gradient, which is off by 8 % in bfloat16.
            dtype=at_least_float32(self.dtype_policy),
            name="discriminator",
        )
        for name in AVERAGED:
            setattr(self, f"{name}_ema", untrained_copy(getattr(self, name)))
        self.built = True

    @property
    def info(self):
        """The `DatasetInfo` with domain names and image size."""
        return self.label_space.datasets[0]

    @property
    def image_size(self):
        """Side of the square images in pixels, or (height, width)."""
        return self.label_space.image_size

    @property
    def num_domains(self):
        """Number of domains."""
        return self.label_space.num_domains

    def set_mask_provider(self, mask_provider):
        """Sets the function that computes masks for the high-pass skips.

        The function is not saved with the model; set it again after
        `keras.saving.load_model`. `stargan_tf.load_model` imports the function that
        the run's configuration names.

        Args:
            mask_provider: callable from images, float32 (batch, size, size, channels)
                in [-1, 1], to masks, float (batch, size, size, 2) in [0, 1]: the areas
                whose edges are kept at 32 pixels (mask 0), and at 64 and 128 pixels
                (mask 1). In training it is traced into the graph, without gradient.
                `None` removes the function.
        """
        # Wrapped, because Keras would track and save a network that is an attribute.
        self._mask_provider = mask_provider and functools.partial(mask_provider)

    @property
    def mask_provider(self):
        """The function set by `set_mask_provider`, or None."""
        return self._mask_provider and self._mask_provider.func

    def _masks(self, image, given=None):
        """Computes high-pass masks of images; None if the model takes none."""
        if not self.high_pass:
            return None
        if given is None and self._mask_provider is None:
            raise InputError(
                f"A model with high_pass={self.high_pass} needs masks of the images. "
                "Received: no masks. Call model.set_mask_provider(…), pass "
                "translate(masks=…), or build the model with high_pass=0."
            )
        masks = self._mask_provider(image) if given is None else given
        masks = tf.convert_to_tensor(masks)
        shape = (None, *self.info.shape[:2], 2)
        if not masks.shape.is_compatible_with(shape):
            raise InputError(
                f"The mask provider must return shape {('batch', *shape[1:])}. "
                f"Received: shape {masks.shape} for images of shape {image.shape}"
            )
        # The output of Python code in the graph has no static shape.
        return tf.stop_gradient(tf.ensure_shape(masks, shape))

    def _generator_inputs(self, image, style, masks):
        return [image, style, masks] if self.high_pass else [image, style]

    def call(self, inputs):
        """Computes G(x, s) with the EMA generator; inputs as for `GeneratorV2`."""
        return self.generator_ema(inputs)

    # === Compilation ===

    def compile(
        self,
        optimizer=None,
        *,
        generator_optimizer=None,
        mapping_network_optimizer=None,
        style_encoder_optimizer=None,
        discriminator_optimizer=None,
        learning_rate=1e-4,
        mapping_learning_rate=1e-6,
        beta_1=0.0,
        beta_2=0.99,
        l2=1e-4,
        loss_weights=None,
        diversity_term=DIFFERENCE,
        diversity_steps=100_000,
        ema_decay=0.999,
        accumulate=1,
        remat=False,
        seed=0,
        jit_compile=False,
        **kwargs,
    ):
        """Configures training. The defaults are those of the paper.

        Args:
            optimizer: a Keras optimizer, its name, or its config; each network gets a
                copy. Defaults to Adam as in the paper.
            generator_optimizer: optimizer of the generator only.
            mapping_network_optimizer: optimizer of the mapping network only.
            style_encoder_optimizer: optimizer of the style encoder only.
            discriminator_optimizer: optimizer of the discriminator only.
            learning_rate: learning rate of the default optimizers of G, E, and D.
            mapping_learning_rate: learning rate of the default optimizer of F.
            beta_1: β₁ of the default optimizers.
            beta_2: β₂ of the default optimizers.
            l2: L2 regularization in the gradients of the default optimizers; see
                `TorchAdam`.
            loss_weights: {name: weight} of loss weights that differ from the paper,
                such as `{"cycle": 10.0}`. `STARGAN_V2.weights()` returns all names and
                defaults.
            diversity_term: `"difference"`, as in the paper, or `"mode_seeking"`, as in
                MSGAN. Both have the weight `diversity`; with `"mode_seeking"` it is
                constant.
            diversity_steps: number of steps over which λ_ds decays to zero.
            ema_decay: decay of the EMA networks' weights per step, in [0, 1).
            accumulate: number of micro-batches into which each update splits its batch:
                less memory, the same result.
            remat: whether to recompute activations in the backward pass instead of
                storing them (rematerialization; not for the discriminator's update,
                because R1 needs second derivatives): less memory, about a third more
                time, the same result.
            seed: integer seed of all random numbers in training.
            jit_compile: whether to compile with XLA. It makes training on a CPU several
                times slower.
            **kwargs: further arguments of `keras.Model.compile`, such as
                `run_eagerly` and `steps_per_execution`.

        Raises:
            InputError: if a loss weight or choice is unknown, an argument is out of
                range, or two arguments contradict each other.
        """
        options = STARGAN_V2.checked(
            learning_rate=learning_rate,
            mapping_learning_rate=mapping_learning_rate,
            beta_1=beta_1,
            beta_2=beta_2,
            l2=l2,
            diversity_term=diversity_term,
            diversity_steps=diversity_steps,
            ema_decay=ema_decay,
            accumulate=accumulate,
            remat=remat,
        )
        replicas = self.distribute_strategy.num_replicas_in_sync
        if diversity_term == MODE_SEEKING and (accumulate > 1 or replicas > 1):
            raise InputError(
                "diversity_term='mode_seeking' needs the whole batch at once, on one "
                f"device. Received: accumulate={accumulate}, {replicas} devices."
            )
        self.diversity_term = diversity_term
        self.diversity_steps = diversity_steps
        self._generator_table = generator_table(diversity_term)
        self.ema_decay = ema_decay
        self.accumulate = accumulate
        self.remat = remat

        def adam(rate):
            return TorchAdam(rate, beta_1=beta_1, beta_2=beta_2, l2=l2)

        optimizers = {
            "generator": adam(learning_rate),
            "mapping_network": adam(mapping_learning_rate),
            "style_encoder": adam(learning_rate),
            "discriminator": adam(learning_rate),
        }
        given = {
            "generator_optimizer": generator_optimizer,
            "mapping_network_optimizer": mapping_network_optimizer,
            "style_encoder_optimizer": style_encoder_optimizer,
            "discriminator_optimizer": discriminator_optimizer,
        }
        if not self.mapping_network.trainable_variables:
            del optimizers["mapping_network"], given["mapping_network_optimizer"]
        self.compile_training(
            optimizers=optimizers,
            optimizer=optimizer,
            **given,
            options=options,
            loss_weights=STARGAN_V2.weights(loss_weights),
            seed=seed,
            log_names=(
                *(
                    f"d_{s}_{t}"
                    for s in SOURCES
                    for t in ("loss", *DISCRIMINATOR_TERMS)
                ),
                *(
                    f"g_{s}_{t}"
                    for s in SOURCES
                    for t in ("loss", *self._generator_table)
                ),
                "diversity_weight",
            ),
            jit_compile=jit_compile,
            **kwargs,
        )

    # === Training ===

    def train_step(self, data):
        """Updates D and G with latents and with references, then the EMA networks.

        The four updates are in the order of the official code; each one uses the
        weights after the previous update.

        Args:
            data: a batch as `fit` takes it.

        Returns:
            {name: running mean} of the losses and their terms.
        """
        batch = self._unpack(data)
        gradients = self._discriminator_gradients, self._generator_gradients
        if tf.inside_function():
            # One graph for both sources of styles shortens tracing.
            gradients = (tf.function(f, autograph=False) for f in gradients)
        discriminator_gradients, generator_gradients = gradients
        for source in SOURCES:
            self._update_discriminator(batch, source, discriminator_gradients)
        for source in SOURCES:
            self._update_generator(batch, source, generator_gradients)
        self.update_averages(AVERAGED, self.ema_decay)
        self.step.assign_add(1)
        return self.get_metrics_result()

    def test_step(self, data):
        """Computes the losses with the same random numbers in every evaluation."""
        batch = self._unpack(data, self.evaluation_number())
        for source in SOURCES:
            terms = self._discriminator_terms(batch, self._fake(batch, source))
            self._log_discriminator(source, terms)
            other = self._fake(batch, source, second=True)
            style = self._style(batch, source)
            distance = self._distance(batch, source)
            terms = self._generator_terms(batch, style, other, distance)
            self._log_generator(source, terms)
        return self.get_metrics_result()

    def _unpack(self, data, number=None):
        fields = unpack(data, FIELDS, self._optional_fields())
        image, domain, reference, reference_2, target, *masks = fields
        image = check_equal_batches(self._float_images(image))
        return Batch(
            image=image,
            domain=tf.cast(domain, tf.int32),
            reference=self._float_images(reference),
            reference_2=self._float_images(reference_2),
            target=tf.cast(target, tf.int32),
            latent=self._draw_latents(image, 0, number),
            latent_2=self._draw_latents(image, 1, number),
            masks=self._masks(image, *masks),
        )

    def _optional_fields(self):
        return ("masks",) if self.high_pass else ()

    def _check_batch(self, data):
        fields = unpack(data, FIELDS, self._optional_fields())
        # As one list: masks that are None have no values of replicas.
        for of_replica in self.distribute_strategy.experimental_local_results(fields):
            image, domain, reference, reference_2, target, *masks = of_replica
            check_masks(self.info, *masks)
            check_images(
                self.label_space,
                image=image,
                reference=reference,
                reference_2=reference_2,
            )
            check_domains(self.num_domains, domain=domain, reference_domain=target)

    def _draw_latents(self, image, purpose, number):
        shape = (global_batch_size(image), self.latent_dim)
        seed = self.random_seed(purpose, number)
        return local_rows(tf.random.stateless_normal(shape, seed))

    def _update_discriminator(self, batch, source, gradients=None):
        """Updates D; returns {"discriminator": dense gradients}.

        Args:
            batch: a `Batch`.
            source: source of the styles, one of `SOURCES`.
            gradients: compiled `_discriminator_gradients`, if any.
        """
        gradients = gradients or self._discriminator_gradients

        def compute(batch):
            by_network, terms = gradients(batch, self._fake(batch, source))
            self._log_discriminator(source, terms)
            return by_network

        return self._update(("discriminator",), compute, batch)

    def _update_generator(self, batch, source, gradients=None):
        """Updates G and, with latents, F and E.

        Args:
            batch: a `Batch`.
            source: source of the styles, one of `SOURCES`.
            gradients: compiled `_generator_gradients`, if any.

        Returns:
            {network: dense gradients}.
        """
        gradients = gradients or self._generator_gradients
        learners = [n for n in LEARNERS[source] if n in self.trained_networks]

        def compute(batch):
            other = self._fake(batch, source, second=True)
            distance = self._distance(batch, source)
            with tape_over(self.mapping_network) as tape:
                style = self._style(batch, source)
            by_network, upstream, terms = gradients(batch, style, other, distance)
            self._log_generator(source, terms)
            if "mapping_network" in learners:
                variables = self.mapping_network.trainable_variables
                through_style = tape.gradient(style, variables, upstream)
                by_network["mapping_network"] = [*map(dense, through_style, variables)]
            return {name: by_network[name] for name in learners}

        return self._update(learners, compute, batch)

    def _update(self, learners, gradients, batch):
        """Applies gradients (function: batch → {network: gradients}); returns them."""
        variables = {name: getattr(self, name).trainable_variables for name in learners}
        means = mean_over_micro_batches(gradients, batch, self.accumulate, variables)
        for name in learners:
            self.apply_gradients(name, means[name])
        return means

    def _discriminator_gradients(self, batch, fake):
        """Returns {"discriminator": gradients}, and the terms of the loss.

        Args:
            batch: a `Batch`.
            fake: G(x, s̃), without gradient.
        """
        with tape_over(self.discriminator) as tape:
            terms = self._discriminator_terms(batch, fake)
            loss = weighted_sum(terms, DISCRIMINATOR_TERMS, self.loss_weights)
        variables = {"discriminator": self.discriminator.trainable_variables}
        gradients = tape.gradient(loss, variables)
        return tf.nest.map_structure(dense, gradients, variables), terms

    def _generator_gradients(self, batch, style, other, distance):
        """Returns {network: gradients} of G and E, that of `style`, and the loss terms.

        Args:
            batch: a `Batch`.
            style: s̃, (batch, style_dim).
            other: G(x, s̃₂), without gradient.
            distance: see `_distance`.
        """
        networks = {
            name: getattr(self, name) for name in ("generator", "style_encoder")
        }
        variables = {name: net.trainable_variables for name, net in networks.items()}
        with tape_over(*networks.values()) as tape:
            tape.watch(style)
            terms = self._generator_terms(batch, style, other, distance)
            weights = self._generator_weights(terms)
            loss = weighted_sum(terms, self._generator_table, weights)
        gradients, of_style = tape.gradient(loss, (variables, style))
        return tf.nest.map_structure(dense, gradients, variables), of_style, terms

    def _discriminator_terms(self, batch, fake):
        return discriminator_terms(
            lambda image, domain: self.discriminator([image, domain]),
            value_and_slope,
            batch,
            fake,
        )

    def _generator_terms(self, batch, style, other, distance):
        """Computes the terms of the loss of G, F, and E (equation 5)."""

        def discriminator(image, domain):
            return self._maybe_remat(lambda x: self.discriminator([x, domain]), image)

        return generator_terms(
            self._generate,
            discriminator,
            self._encode_style,
            self._masks,
            batch,
            style,
            other,
            self._generator_table,
            distance,
        )

    def _generator_weights(self, terms):
        if self.diversity_term == MODE_SEEKING:
            return self.loss_weights
        weight = diversity_weight(
            self.loss_weights["diversity"], self.step.value, self.diversity_steps
        )
        maximized = -tf.cast(weight, terms["diversity"].dtype)
        return {**self.loss_weights, "diversity": maximized}

    def _log_discriminator(self, source, terms):
        self.weigh(f"d_{source}", terms, DISCRIMINATOR_TERMS, self.loss_weights)

    def _log_generator(self, source, terms):
        weights = self._generator_weights(terms)
        self.log({"diversity_weight": abs(weights["diversity"])})
        self.weigh(f"g_{source}", terms, self._generator_table, weights)

    def _style(self, batch, source, second=False):
        """Returns s̃ (or s̃₂), the target style from a latent code or a reference."""
        if source == LATENT:
            latent = batch.latent_2 if second else batch.latent
            return self.mapping_network([latent, batch.target])
        reference = batch.reference_2 if second else batch.reference
        return self._encode_style(reference, batch.target)

    def _distance(self, batch, source):
        """Distance between the codes of both styles; None if no term needs it."""
        if self.diversity_term != MODE_SEEKING:
            return None
        codes = batch.latent, batch.latent_2
        if source == REFERENCE:
            codes = (self._style(batch, source, second) for second in (False, True))
        return mean_absolute_difference(*codes)

    def _fake(self, batch, source, second=False):
        style = self._style(batch, source, second)
        return self._generate(batch.image, style, batch.masks)

    def _generate(self, image, style, masks):
        def generate(image, style):
            return self.generator(self._generator_inputs(image, style, masks))

        return self._maybe_remat(generate, image, style)

    def _encode_style(self, image, domain):
        return self._maybe_remat(lambda x: self.style_encoder([x, domain]), image)

    def _maybe_remat(self, function, *tensors):
        # Not used where R1 needs second derivatives, which `rematerialized` lacks.
        return (rematerialized(function) if self.remat else function)(*tensors)

    # === Use ===

    translate = styles.translate
    encode_style = styles.encode_style
    map_latents = styles.map_latents
    mean_style = styles.mean_style

    @tf.function(reduce_retracing=True, autograph=False)
    def _translate(self, images, styles, masks):
        return self.generator_ema(self._generator_inputs(images, styles, masks))

    @tf.function(reduce_retracing=True, autograph=False)
    def _encode(self, images, domain):
        return self.style_encoder_ema([images, domain])

    @tf.function(reduce_retracing=True, autograph=False)
    def _map(self, latents, domain):
        # Latents are always (b, n, latent_dim), so that the rank is constant.
        return self.mapping_network_ema([latents, domain])


def _check_domains(label_space):
    infos = label_space.datasets
    if len(infos) == 1 and infos[0].label_type == ONE_HOT and len(infos[0].domains) > 1:
        return
    given = [(info.name, info.label_type, len(info.domains)) for info in infos]
    raise InputError(
        "StarGAN v2 requires a single data set with two or more one_hot domains. "
        f"Received: {given}. Use the values of one attribute as domains, or train "
        "StarGAN."
    )
