"""StarGAN v2: diverse pictures of many domains from one generator."""

import functools
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from stargan_tf.data.info import ONE_HOT
from stargan_tf.data.labels import LabelSpace
from stargan_tf.distribution.replicas import (
    check_equal_parts,
    global_size,
    own_part,
    update_everywhere,
)
from stargan_tf.errors import InputError
from stargan_tf.layers.precision import at_least_float32
from stargan_tf.models.base import (
    StarGANBase,
    check_at_least_one,
    check_share,
    complete_weights,
    watching,
)
from stargan_tf.models.memory import dense, mean_over_parts, rematerialised
from stargan_tf.models.stargan_v2.networks import (
    DiscriminatorV2,
    GeneratorV2,
    MappingNetwork,
    StyleEncoder,
)
from stargan_tf.models.stargan_v2.objective import (
    discriminator_terms,
    diversity_weight,
    generator_terms,
)
from stargan_tf.models.stargan_v2.pyramid import check_image_size, official_filters
from stargan_tf.models.stargan_v2.styles import TranslationV2
from stargan_tf.optimizers import TorchAdam

# The networks that make up a StarGAN v2.

AVERAGED = ("generator", "mapping_network", "style_encoder")


class NetworksV2(NamedTuple):
    """The four networks of a StarGAN v2.

    Args:
        generator: G.
        mapping_network: F.
        style_encoder: E.
        discriminator: D.
    """

    generator: Any
    mapping_network: Any
    style_encoder: Any
    discriminator: Any


def make_networks(
    *,
    image_size,
    num_domains,
    style_dim,
    latent_dim,
    hidden_dim,
    base_filters,
    max_filters,
    high_pass,
    generator_filters,
    separable,
    dtype,
):
    """Builds the networks for each other.

    Args:
        image_size: side of the square images in pixels.
        num_domains: number of domains.
        style_dim: see `StarGANV2`, as all that follow.
        latent_dim: likewise.
        hidden_dim: likewise.
        base_filters: likewise.
        max_filters: likewise.
        high_pass: likewise.
        generator_filters: likewise.
        separable: likewise.
        dtype: their dtype policy; the discriminator computes in float32 at least.

    Returns:
        `NetworksV2`.
    """
    style = {"style_dim": style_dim, "dtype": dtype}
    domains = {"num_domains": num_domains}
    images = {
        "image_size": image_size,
        "base_filters": base_filters,
        "max_filters": max_filters,
    }
    widths = _generator_widths(generator_filters, **images)
    return NetworksV2(
        GeneratorV2(
            **widths,
            **style,
            high_pass=high_pass,
            separable=separable,
            name="generator",
        ),
        MappingNetwork(
            **domains,
            **style,
            latent_dim=latent_dim,
            hidden_dim=hidden_dim,
            name="mapping_network",
        ),
        StyleEncoder(**images, **domains, **style, name="style_encoder"),
        DiscriminatorV2(
            **images,
            **domains,
            # Its slope is what R1 differentiates: bfloat16 puts that off by 8 %.
            dtype=at_least_float32(dtype),
            name="discriminator",
        ),
    )


def _generator_widths(generator_filters, image_size, base_filters, max_filters):
    """The generator's widths: those of the others, or all in another proportion."""
    if generator_filters:
        widest = base_filters or official_filters(image_size)
        max_filters = max_filters * generator_filters // widest
    return {
        "image_size": image_size,
        "base_filters": generator_filters or base_filters,
        "max_filters": max_filters,
    }


def averaged_copy(network):
    """A copy that follows a network's weights and is not trained.

    Args:
        network: one of `AVERAGED`.
    """
    config = {**network.get_config(), "name": f"{network.name}_ema"}
    copy = type(network).from_config(config)
    copy.set_weights(network.get_weights())
    copy.trainable = False
    return copy


# One training batch of a StarGAN v2.

FIELDS = ("image", "domain", "reference", "reference_2", "reference_domain")


class Batch(NamedTuple):
    """One training batch, with what is drawn for it.

    Args:
        image: x, float32 (batch, size, size, 3) in [-1, 1].
        domain: y, the images' domains, int32 (batch,).
        reference: images of the target domains, like `image`.
        reference_2: other images of the target domains.
        target: ỹ, the references' domains, int32 (batch,).
        latent: z, float32 (batch, latent_dim).
        latent_2: z₂, likewise.
        masks: the images' high-pass masks (batch, size, size, 2), or None.
    """

    image: Any
    domain: Any
    reference: Any
    reference_2: Any
    target: Any
    latent: Any
    latent_2: Any
    masks: Any


def parts_of(data):
    """What `StarGANV2.fit` is given for a step, in order.

    Args:
        data: a tuple, or a dictionary, of `FIELDS`.

    Returns:
        The five tensors.

    Raises:
        InputError: if some are missing.
    """
    if isinstance(data, dict):
        data = tuple(data.get(name) for name in FIELDS)
    if len(data) != len(FIELDS) or any(part is None for part in data):
        raise InputError(
            f"StarGAN v2 trains on tuples or dictionaries of {', '.join(FIELDS)}. "
            f"Received: {len([part for part in data if part is not None])} of them."
        )
    return data


# What the phases of a StarGAN v2 iteration compute: styles, fakes and losses.

LATENT, REFERENCE = SOURCES = ("latent", "reference")


class PhasesV2:
    """The losses of the four phases, on the trained networks; a part of `StarGANV2`."""

    def _style(self, batch, source, second=False):
        """s̃ (or s̃₂): the target's style, from a latent code or from a reference."""
        if source == LATENT:
            latent = batch.latent_2 if second else batch.latent
            return self.mapping_network([latent, batch.target])
        reference = batch.reference_2 if second else batch.reference
        return self._encode_style(reference, batch.target)

    def _fake(self, batch, source, second=False):
        style = self._style(batch, source, second)
        return self._generate(batch.image, style, batch.masks)

    def _generate(self, image, style, masks):
        def generate(image, style):
            return self.generator(self._generator_inputs(image, style, masks))

        return self._frugal(generate)(image, style)

    def _encode_style(self, image, domain):
        return self._frugal(lambda image: self.style_encoder([image, domain]))(image)

    def _discriminate(self, image, domain):
        return self.discriminator([image, domain])

    def _judge(self, image, domain):
        """As `_discriminate`, for losses that are differentiated only once."""
        return self._frugal(lambda image: self._discriminate(image, domain))(image)

    def _frugal(self, function):
        return rematerialised(function) if self.remat else function

    def _discriminator_loss(self, batch, source, fake):
        """The discriminator's loss, logged; `fake` carries no gradient."""
        terms = discriminator_terms(
            self._discriminate, batch.image, batch.domain, fake, batch.target
        )
        loss = terms["real"] + terms["fake"] + self.loss_weights["r1"] * terms["r1"]
        self._log_phase(f"d_{source}", loss, terms)
        return loss

    def _generator_loss(self, batch, source, other):
        """The loss of G, F and E (equation 5), logged; `other`: without gradient."""
        terms = generator_terms(
            self._generate,
            self._judge,
            self._encode_style,
            self._masks,
            batch.image,
            batch.masks,
            batch.domain,
            batch.target,
            self._style(batch, source),
            other,
        )
        weights = self.loss_weights
        diversity = diversity_weight(
            weights["diversity"], self.step.value, self.diversity_steps
        )
        loss = (
            terms["adversarial"]
            + weights["style"] * terms["style"]
            - tf.cast(diversity, terms["diversity"].dtype) * terms["diversity"]
            + weights["cycle"] * terms["cycle"]
        )
        self._log_phase(f"g_{source}", loss, terms)
        self._log({"diversity_weight": diversity})
        return loss

    def _log_phase(self, prefix, loss, terms):
        values = {"loss": loss, **terms}
        self._log({f"{prefix}_{name}": value for name, value in values.items()})


# How a StarGAN v2 is set up for training.

LOSS_WEIGHTS = {"style": 1.0, "diversity": 1.0, "cycle": 1.0, "r1": 1.0}
DISCRIMINATOR_TERMS = ("loss", "real", "fake", "r1")
GENERATOR_TERMS = ("loss", "adversarial", "style", "diversity", "cycle")
LOGS = (
    *(f"d_{source}_{term}" for source in SOURCES for term in DISCRIMINATOR_TERMS),
    *(f"g_{source}_{term}" for source in SOURCES for term in GENERATOR_TERMS),
    "diversity_weight",
)
NO_DIVERSITY = "For no diversity term use loss_weights={'diversity': 0.0}."


class CompilationV2:
    """The `compile` of `StarGANV2`."""

    def compile(
        self,
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
        diversity_steps=100_000,
        ema_decay=0.999,
        accumulate=1,
        remat=False,
        seed=0,
        jit_compile=False,
        **kwargs,
    ):
        """Prepares training; without arguments, as the paper trains.

        Args:
            generator_optimizer: a Keras optimizer; defaults to the paper's Adam.
            mapping_network_optimizer: likewise.
            style_encoder_optimizer: likewise.
            discriminator_optimizer: likewise.
            learning_rate: rate of the default optimizers of G, E and D.
            mapping_learning_rate: rate of F's.
            beta_1: of the default optimizers.
            beta_2: likewise.
            l2: L2 in the gradients of the default optimizers; see `TorchAdam`.
            loss_weights: any of `style` (λ_sty, 1), `diversity` (λ_ds, 1), `cycle`
                (λ_cyc, 1), `r1` (λ_reg, 1).
            diversity_steps: the step at which λ_ds has fallen to zero.
            ema_decay: of the averaged networks (0.999), once per step.
            accumulate: parts in which each update computes its batch, one after
                another: less memory, the same result.
            remat: whether the networks' inner values are computed again instead of
                stored (not where R1 needs a second derivative): less memory, about
                a third more time, the same result.
            seed: of everything random in training.
            jit_compile: XLA; it makes a CPU several times slower.
            **kwargs: further arguments of `keras.Model.compile`, such as
                `run_eagerly` and `steps_per_execution`.

        Raises:
            InputError: unknown loss weight, `diversity_steps` or `accumulate` below
                1, `ema_decay`, `beta_1` or `beta_2` outside of [0, 1).
        """
        loss_weights = complete_weights(loss_weights, LOSS_WEIGHTS)
        check_at_least_one("diversity_steps", diversity_steps, NO_DIVERSITY)
        check_at_least_one("accumulate", accumulate)
        moments = {"beta_1": beta_1, "beta_2": beta_2}
        for name, share in {"ema_decay": ema_decay, **moments}.items():
            check_share(name, share)
        self.diversity_steps = diversity_steps
        self.ema_decay = ema_decay
        self.accumulate = accumulate
        self.remat = remat
        adam = functools.partial(TorchAdam, **moments, l2=l2)
        self._compile_training(
            {
                "generator": generator_optimizer or adam(learning_rate),
                "mapping_network": mapping_network_optimizer
                or adam(mapping_learning_rate),
                "style_encoder": style_encoder_optimizer or adam(learning_rate),
                "discriminator": discriminator_optimizer or adam(learning_rate),
            },
            {
                "learning_rate": learning_rate,
                "mapping_learning_rate": mapping_learning_rate,
                **moments,
                "l2": l2,
                "diversity_steps": diversity_steps,
                "ema_decay": ema_decay,
                "accumulate": accumulate,
                "remat": remat,
            },
            loss_weights,
            seed,
            LOGS,
            jit_compile=jit_compile,
            **kwargs,
        )


# How a StarGAN v2 learns: four updates and the averages, for each batch.

# Who learns in the generator's phase: from references, E and F only lend styles.
LEARNERS = {LATENT: AVERAGED, REFERENCE: ("generator",)}


class TrainingV2(PhasesV2):
    """The training and evaluation step; a part of `StarGANV2`."""

    def train_step(self, data):
        """Four updates, D and G with latents and with references; then the averages.

        The order is the official one; each update sees those before it.
        """
        batch = self._unpack(data)
        self._update_discriminator(batch, LATENT)
        self._update_discriminator(batch, REFERENCE)
        self._update_generator(batch, LATENT)
        self._update_generator(batch, REFERENCE)
        self._update_averages()
        self.step.assign_add(1)
        return self._results()

    def test_step(self, data):
        """The losses, without an update; each evaluation draws the same numbers."""
        batch = self._unpack(data, self._evaluation_number())
        for source in SOURCES:
            self._discriminator_loss(batch, source, self._fake(batch, source))
            other = self._fake(batch, source, second=True)
            self._generator_loss(batch, source, other)
        return self._results()

    def _unpack(self, data, number=None):
        image, domain, reference, reference_2, target = parts_of(data)
        return Batch(
            check_equal_parts(image),
            tf.cast(domain, tf.int32),
            reference,
            reference_2,
            tf.cast(target, tf.int32),
            self._draw_latents(image, 0, number),
            self._draw_latents(image, 1, number),
            self._masks(image),
        )

    def _draw_latents(self, image, purpose, number):
        shape = (global_size(image), self.latent_dim)
        seed = self._random_seed(purpose, number)
        return own_part(tf.random.stateless_normal(shape, seed))

    def _update_discriminator(self, batch, source):
        """One update of D; returns its gradients."""
        learners = ("discriminator",)

        def gradients(part):
            fake = self._fake(part, source)
            with watching(self.discriminator) as tape:
                loss = self._discriminator_loss(part, source, fake)
            return self._gradients(tape, loss, learners)

        return self._descend(gradients, batch, learners)

    def _update_generator(self, batch, source):
        """One update of G and, with latents, of F and E; returns their gradients."""
        learners = LEARNERS[source]

        def gradients(part):
            # Outside of the tape: the second image has no gradient.
            other = self._fake(part, source, second=True)
            with watching(*(getattr(self, name) for name in learners)) as tape:
                loss = self._generator_loss(part, source, other)
            return self._gradients(tape, loss, learners)

        return self._descend(gradients, batch, learners)

    def _learned_by(self, learners):
        return {name: getattr(self, name).trainable_variables for name in learners}

    def _gradients(self, tape, loss, learners):
        """{learner: gradients}, dense."""
        variables = self._learned_by(learners)
        gradients = tape.gradient(loss, variables)
        return tf.nest.map_structure(dense, gradients, variables)

    def _descend(self, gradients, batch, learners):
        """One update of each learner; returns {learner: gradients}."""
        variables = self._learned_by(learners)
        found = mean_over_parts(gradients, batch, self.accumulate, variables)
        for name in learners:
            self._apply(name, found[name])
        return found

    def _update_averages(self):
        """Moves the averaged networks towards the trained ones."""

        def move(average, weight):
            average.assign_add((weight - average) * (1.0 - self.ema_decay))

        for name in AVERAGED:
            averages = getattr(self, f"{name}_ema").weights
            update_everywhere(averages, move, getattr(self, name).weights)


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
