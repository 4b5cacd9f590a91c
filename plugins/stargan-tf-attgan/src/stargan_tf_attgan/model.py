"""AttGAN and STGAN as a Keras model: both edit only what is asked."""

import functools

import keras
import numpy as np
import tensorflow as tf

from stargan_tf.plugin import (
    BINARY,
    InputError,
    LabelModel,
    LabelSpace,
    LinearDecay,
    TorchAdam,
    at_least_float32,
    check_choice,
    check_decay,
    global_batch_size,
    global_rows,
    local_rows,
    tape_over,
    value_and_slope,
)
from stargan_tf_attgan import LOSS_WEIGHTS
from stargan_tf_attgan.networks import Discriminator, Generator, OwnLabels
from stargan_tf_attgan.objective import (
    CRITIC_TERMS,
    GENERATOR_TERMS,
    critic_terms,
    generator_terms,
)

TARGET, DIFFERENCE = CONDITIONS = ("target", "difference")
DECAYS = ("linear", "none")


@keras.saving.register_keras_serializable(package="stargan_tf_attgan")
class AttGAN(LabelModel):
    """AttGAN, or STGAN: `compile`, `fit`, `translate`, `classify`, `save`.

    `generator` takes a condition. `translator` takes the labels that the result should
    have, as in every `LabelModel`. With `condition="difference"` it subtracts the
    image's own labels, as the discriminator sees them; what a target does not name has
    a difference of 0. The discriminator takes images of one size, and so does this
    translator.

    Args:
        datasets: the `DatasetInfo` of the images; binary labels.
        condition: `"target"`, the labels asked for (AttGAN), or `"difference"`, those
            minus the image's own labels (STGAN).
        transfer_units: whether skip connections are selective transfer units (STGAN).
        shortcut_layers: number of skip connections, counted from the deepest layer.
        num_layers: strided layers of the generator's encoder.
        base_filters: width of the generator's first layer.
        upsampling: `"transposed"` as in the papers, or `"resize"` (see `Generator`).
        discriminator_filters: width of the discriminator's first layer.
        discriminator_layers: its strided layers.
        **kwargs: of `keras.Model`: `name`, `dtype`.

    Raises:
        InputError: for several data sets, one-hot labels, images whose sides the
            generator cannot halve, or an argument out of range.

    `fit` takes batches (image, label): images are float (batch, height, width,
    channels) in [-1, 1], or uint8; labels are (batch, attributes), 0 or 1.

    With `dtype="mixed_bfloat16"` the generator runs in bfloat16; the discriminator,
    all losses and the penalty stay in float32.

    Reference: AttGAN (He et al. 2019), https://arxiv.org/abs/1711.10678; STGAN (Liu et
        al. 2019), https://arxiv.org/abs/1904.09709
    """

    def __init__(
        self,
        datasets,
        condition=TARGET,
        transfer_units=False,
        shortcut_layers=1,
        num_layers=5,
        base_filters=64,
        upsampling="transposed",
        discriminator_filters=64,
        discriminator_layers=5,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_choice("condition", condition, CONDITIONS)
        self.label_space = LabelSpace(datasets)
        _check_data(self.label_space, num_layers)
        generator_options = {
            "transfer_units": transfer_units,
            "shortcut_layers": shortcut_layers,
            "num_layers": num_layers,
            "base_filters": base_filters,
            "upsampling": upsampling,
        }
        self.arguments = {
            "condition": condition,
            **generator_options,
            "discriminator_filters": discriminator_filters,
            "discriminator_layers": discriminator_layers,
        }
        shape = self.label_space.image_shape
        self.generator = Generator(
            self.label_space.num_domains,
            **generator_options,
            num_channels=shape[2],
            dtype=self.dtype_policy,
            name="generator",
        )
        full = at_least_float32(self.dtype_policy)
        self.discriminator = Discriminator(
            shape,
            self.label_space.num_domains,
            discriminator_filters,
            discriminator_layers,
            # The penalty differentiates its slope, for which bfloat16 is too coarse.
            dtype=full,
            name="discriminator",
        )
        translator = self.generator
        if condition == DIFFERENCE:
            (info,) = self.label_space.datasets
            groups = [[info.index(n) for n in g] for g in info.exclusive_groups]
            image = keras.Input(shape, dtype=full, name="image")
            label = keras.Input((len(info.domains),), dtype=full, name="label")
            _, logits = self.discriminator(image)
            own_labels = OwnLabels(groups, dtype=full, name="own_labels")(logits)
            edited = self.generator([image, label - own_labels])
            translator = keras.Model([image, label], edited, name="translator")
        # In a function, since Keras would add a network assigned to itself to the
        # model's layers, next to the two whose weights it shares.
        self._translator = lambda: translator
        self.built = True

    @property
    def translator(self):
        """[images, labels that the result should have] → images: a `keras.Model`."""
        return self._translator()

    def translate(self, images, *args, **kwargs):
        """Edits images so that they show the labels.

        Args:
            images: (n, height, width, channels), uint8 or float in [-1, 1]. Sides are
                multiples of 2**num_layers; with `condition="difference"` the model's
                own size.
            *args: as of `LabelModel.translate`: `labels`, `dataset`, `mask`,
                `batch_size`.
            **kwargs: the same by name.

        Returns:
            (n, height, width, channels), uint8 if `images` were, else float32 in
            [-1, 1].

        Raises:
            InputError: if shapes do not fit, or a target cannot be read.
        """
        sizes, own = np.shape(images)[1:3], self.label_space.image_shape[:2]
        multiple = 2 ** self.arguments["num_layers"]
        if self.arguments["condition"] == DIFFERENCE:
            expected, fits = f"{own[0]} x {own[1]} pixels", sizes == own
        else:
            expected = f"sides that are multiples of {multiple} pixels"
            fits = not any(side % multiple for side in sizes)
        if np.ndim(images) == 4 and not fits:
            raise InputError(
                f"This model edits images of {expected}. Received: {sizes[0]} x "
                f"{sizes[1]} pixels. Resize the images."
            )
        return super().translate(images, *args, **kwargs)

    # === Compilation ===

    def compile(
        self,
        *,
        learning_rate=2e-4,
        lr_decay="linear",
        total_steps=500_000,
        beta_1=0.5,
        beta_2=0.999,
        critic_steps=5,
        loss_weights=None,
        seed=0,
        **kwargs,
    ):
        """Prepares training.

        Args:
            learning_rate: rate of the default optimizers, Adam.
            lr_decay: `"linear"`, to zero over the second half of the training, or
                `"none"`.
            total_steps: length of the training in batches, for the decay.
            beta_1: decay of the default optimizers' mean gradient.
            beta_2: decay of their mean square.
            critic_steps: discriminator updates per generator update.
            loss_weights: {term: weight} in place of those of `LOSS_WEIGHTS`.
            seed: of everything random in training.
            **kwargs: `optimizer`, `generator_optimizer`, `discriminator_optimizer` and
                arguments of `keras.Model.compile`.

        Raises:
            InputError: for an unknown loss weight or decay, or a value out of range.
        """
        check_choice("lr_decay", lr_decay, DECAYS)
        check_decay("beta_1", beta_1)
        check_decay("beta_2", beta_2)
        if critic_steps < 1:
            raise InputError(
                f"critic_steps must be at least 1. Received: {critic_steps}. Use 1 to "
                "train both networks in every step."
            )
        self.critic_steps = critic_steps
        self.total_steps = None if lr_decay == "none" else total_steps

        def adam(steps_per_update):
            rate = learning_rate
            if lr_decay == "linear":
                rate = LinearDecay(rate, total_steps, steps_per_update=steps_per_update)
            return TorchAdam(rate, beta_1=beta_1, beta_2=beta_2)

        self.compile_training(
            optimizers={"generator": adam(critic_steps), "discriminator": adam(1)},
            options={
                "learning_rate": learning_rate,
                "lr_decay": lr_decay,
                "total_steps": total_steps,
                "beta_1": beta_1,
                "beta_2": beta_2,
                "critic_steps": critic_steps,
            },
            loss_weights=loss_weights,
            default_weights={weight.name: weight.default for weight in LOSS_WEIGHTS},
            seed=seed,
            log_names=(
                *(f"d_{term}" for term in ("loss", *CRITIC_TERMS)),
                *(f"g_{term}" for term in ("loss", *GENERATOR_TERMS)),
            ),
            **kwargs,
        )

    # === Training ===

    def train_step(self, data, update=None):
        """One critic update and, every `critic_steps`-th time, one of the generator.

        Args:
            data: image and label.
            update: `_train_critic` or `_train_both`; by default by the step.
        """
        image, label = self.unpack_batch(data)
        if update is not None:
            update(image, label)
        elif self.critic_steps == 1:
            self._train_both(image, label)
        else:
            tf.cond(
                self._is_generators_turn(),
                lambda: self._train_both(image, label),
                lambda: self._train_critic(image, label),
            )
        self.step.assign_add(1)
        return self.get_metrics_result()

    def _train_variants(self, data):
        """Train steps and whose turn it is, where a replica must not decide."""
        if self.critic_steps == 1:
            return super()._train_variants(data)
        updates = (self._train_critic, self._train_both)
        steps = [functools.partial(self.train_step, update=u) for u in updates]
        return steps, tf.cast(self._is_generators_turn(), tf.int32)

    def _is_generators_turn(self):
        return (tf.convert_to_tensor(self.step.value) + 1) % self.critic_steps == 0

    def _train_critic(self, image, label):
        target, alpha = self._draw(label)
        fake = self.generator([image, self._condition(label, target)])
        self._update_critic(image, label, fake, alpha)

    def _train_both(self, image, label):
        """One update of each network, the discriminator first."""
        target, alpha = self._draw(label)
        with tape_over(self.generator) as tape:
            fake, unedited = self._edit(image, label, target)
            with tape.stop_recording():
                self._update_critic(image, label, fake, alpha)
            loss = self._generator_loss(image, target, fake, unedited)
        gradients = tape.gradient(loss, self.generator.trainable_variables)
        self.apply_gradients("generator", gradients)

    def _update_critic(self, image, label, fake, alpha):
        with tape_over(self.discriminator) as tape:
            loss = self._critic_loss(image, label, fake, alpha)
        gradients = tape.gradient(loss, self.discriminator.trainable_variables)
        self.apply_gradients("discriminator", gradients)

    def test_step(self, data):
        """The losses, without an update; each evaluation draws the same numbers."""
        image, label = self.unpack_batch(data)
        target, alpha = self._draw(label, self.evaluation_number())
        fake, unedited = self._edit(image, label, target)
        self._critic_loss(image, label, fake, alpha)
        self._generator_loss(image, target, fake, unedited)
        return self.get_metrics_result()

    def _draw(self, label, number=None):
        """Target labels and the penalty's positions for a batch; see `random_seed`.

        Targets are the labels of other images. Both are drawn for the whole batch, that
        of all replicas.
        """
        count = global_batch_size(label)
        order = tf.random.stateless_uniform([count], self.random_seed(0, number))
        target = tf.gather(global_rows(label), local_rows(tf.argsort(order)))
        seed = self.random_seed(1, number)
        alpha = tf.random.stateless_uniform((count, 1, 1, 1), seed)
        return target, local_rows(alpha)

    def _condition(self, label, target):
        difference = self.arguments["condition"] == DIFFERENCE
        return target - label if difference else target

    def _edit(self, image, label, target):
        """The images with the target labels, and with their own, in one pass."""
        conditions = [self._condition(label, wanted) for wanted in (target, label)]
        outputs = self.generator(
            [tf.concat([image, image], axis=0), tf.concat(conditions, axis=0)]
        )
        return tf.split(outputs, 2)

    def _critic_loss(self, image, label, fake, alpha):
        terms = critic_terms(
            self.discriminator, value_and_slope, image, label, fake, alpha
        )
        return self.weigh("d", terms, CRITIC_TERMS, self.loss_weights)

    def _generator_loss(self, image, target, fake, unedited):
        terms = generator_terms(self.discriminator, image, target, fake, unedited)
        return self.weigh("g", terms, GENERATOR_TERMS, self.loss_weights)


def _check_data(space, num_layers):
    """Refuses data that the model cannot be trained on."""
    info, *others = space.datasets
    if others:
        names = ", ".join(info.name for info in space.datasets)
        raise InputError(
            f"attgan trains on one data set. Received: {names}. Choose one of them, or "
            "use --family stargan."
        )
    if info.label_type != BINARY:
        raise InputError(
            "attgan edits binary attributes, of which an image shows any number. "
            f"Received: '{info.name}', which has one-hot labels without attributes. "
            "Use --family stargan, or a data set such as toon_attributes."
        )
    if space.has_gaps:
        raise InputError(
            "attgan needs a value in every pixel. Received: pixels without data in "
            f"'{info.name}'. Use --family stargan."
        )
    # An instance norm over a single pixel would leave nothing.
    height, width, _ = space.image_shape
    multiple = 2**num_layers
    if height % multiple or width % multiple or min(height, width) < 2 * multiple:
        raise InputError(
            f"With num_layers={num_layers} the sides of images must be multiples of "
            f"{multiple}, at least {2 * multiple}. Received: {height} x {width} "
            "pixels. Change image_size, or use fewer num_layers."
        )
