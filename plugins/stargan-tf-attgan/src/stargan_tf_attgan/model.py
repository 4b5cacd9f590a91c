"""AttGAN and STGAN: editing of binary attributes."""

import functools

import keras
import numpy as np
import tensorflow as tf

from stargan_tf.plugin import (
    BINARY,
    InputError,
    LabelModel,
    LabelSamples,
    LabelSpace,
    at_least_float32,
    decaying_adam,
    global_batch_size,
    global_rows,
    in_batches,
    local_rows,
    tape_over,
    to_float,
    to_uint8,
    value_and_slope,
)
from stargan_tf_attgan import ATTGAN, DIFFERENCE, TARGET
from stargan_tf_attgan.networks import Discriminator, Generator, PredictedLabels
from stargan_tf_attgan.objective import (
    CRITIC_TERMS,
    GENERATOR_TERMS,
    critic_terms,
    generator_terms,
)


@keras.saving.register_keras_serializable(package="stargan_tf_attgan")
class AttGAN(LabelModel):
    """AttGAN or STGAN as a Keras model: `compile`, `fit`, `translate`, `save`.

    `fit` takes batches (image, label). Images are (batch, height, width, channels),
    float in [-1, 1] or uint8; labels are (batch, attributes), 0 or 1.

    The inputs of `generator` are an image and a condition. The inputs of `translator`
    are an image and its target labels, as in every `LabelModel`. With
    `condition="difference"`, `translator` subtracts the labels that the discriminator
    predicts for the image, so attributes that a target does not name have a difference
    of 0. As the discriminator requires images of a fixed size, so does this translator.
    `translate` takes the true labels of the image instead, as in the paper, if they are
    known: `source`.

    Args:
        datasets: `DatasetInfo` of a data set with binary labels.
        condition: input of the generator: `"target"`, the target labels (AttGAN), or
            `"difference"`, the target labels minus the image's labels (STGAN).
        transfer_units: whether skip connections are selective transfer units (STGAN).
        shortcut_layers: number of skip connections, starting at the deepest layer.
        num_layers: strided layers of the generator's encoder.
        base_filters: channels of the generator's first layer.
        upsampling: `"transposed"`, as in the papers, or `"resize"` (see `Generator`).
        discriminator_filters: channels of the discriminator's first layer.
        discriminator_layers: strided layers of the discriminator.
        **kwargs: `name` and `dtype` of `keras.Model`.

    Raises:
        InputError: if there is more than one data set, labels are one-hot, the height
            or width is not a multiple of 2**num_layers, or an argument is out of range.

    Example:

    ```python
    import stargan_tf
    from stargan_tf_attgan.model import AttGAN

    faces = stargan_tf.load_dataset("toon_attributes", image_size=64)
    model = AttGAN(
        faces.info, num_layers=3, base_filters=16, discriminator_layers=4
    )
    model.compile(total_steps=1000)
    model.fit(stargan_tf.training_batches(faces), steps_per_epoch=100, epochs=10)
    ```

    With `dtype="mixed_bfloat16"` the generator runs in bfloat16; the discriminator,
    all losses, and the penalty stay in float32.

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
        ATTGAN.checked(**self.arguments)
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
            # bfloat16 is too imprecise for the gradient of the gradient penalty.
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
            predicted = PredictedLabels(groups, dtype=full, name="predicted_labels")
            edited = self.generator([image, label - predicted(logits)])
            translator = keras.Model([image, label], edited, name="translator")
        # A function, because Keras would track a network attribute as a layer of the
        # model, in addition to the two networks whose weights it shares.
        self._translator = lambda: translator
        self.built = True

    # The commands pass `source` if they know it.
    takes_source = True

    @property
    def side_multiple(self):
        """Sides of images are multiples of it; None if only one size is possible."""
        if self.arguments["condition"] == DIFFERENCE:
            return None
        return 2 ** self.arguments["num_layers"]

    @property
    def translator(self):
        """`keras.Model` that computes edited images from [images, target labels]."""
        return self._translator()

    def translate(
        self, images, labels, dataset=None, mask=None, batch_size=16, source=None
    ):
        """Translates images to target labels.

        Args:
            images: (n, height, width, channels), uint8 or float in [-1, 1]. Height and
                width are multiples of 2**num_layers; with `condition="difference"`
                they are those of the model.
            labels: as in `LabelModel.translate`.
            dataset: as in `LabelModel.translate`.
            mask: as in `LabelModel.translate`.
            batch_size: as in `LabelModel.translate`.
            source: the labels of the images, like label vectors; only
                `condition="difference"` uses it. Defaults to the labels that the
                discriminator predicts.

        Returns:
            Array (n, height, width, channels): uint8 if `images` is uint8, otherwise
            float32 in [-1, 1].

        Raises:
            InputError: if a shape is wrong or a target is invalid.
        """
        sizes, model_size = np.shape(images)[1:3], self.label_space.image_shape[:2]
        multiple = self.side_multiple
        if multiple is None:
            expected = f"{model_size[0]} x {model_size[1]} pixels"
            fits = sizes == model_size
        else:
            expected = f"sides that are multiples of {multiple} pixels"
            fits = not any(side % multiple for side in sizes)
        if np.ndim(images) == 4 and not fits:
            raise InputError(
                f"This model edits images of {expected}. Received: {sizes[0]} x "
                f"{sizes[1]} pixels. Resize the images."
            )
        if source is None or multiple is not None:
            return super().translate(images, labels, dataset, mask, batch_size)
        images = self._checked(images)
        shape = (len(images), self.label_space.width)
        try:
            change = np.asarray(labels, np.float32) - np.asarray(source, np.float32)
            change = np.broadcast_to(change, shape)
        except ValueError as error:
            raise InputError(
                "With source, pass label vectors: one for each image, or one for all. "
                f"Received: {labels!r} and source={source!r} for {shape[0]} images."
            ) from error

        def edit(rows):
            return self._edit_by(to_float(images[rows]), change[rows])

        outputs = in_batches(edit, len(images), batch_size, images.shape[1:])
        return to_uint8(outputs) if images.dtype == np.uint8 else outputs

    @tf.function(reduce_retracing=True, autograph=False)
    def _edit_by(self, images, change):
        return self.generator([images, change], training=False)

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
        """Configures training. The defaults are those of AttGAN's paper.

        Args:
            learning_rate: initial learning rate of Adam, the default optimizer.
            lr_decay: schedule of the learning rate: `"linear"`, a linear decay to zero
                over the second half of the training, or `"none"`.
            total_steps: length of the training in batches, for the schedule.
            beta_1: β₁ of the default optimizers.
            beta_2: β₂ of the default optimizers.
            critic_steps: discriminator updates per generator update.
            loss_weights: {name: weight} of weights that differ from the defaults, which
                `ATTGAN.weights()` returns.
            seed: integer seed of all random numbers in training.
            **kwargs: `optimizer`, `generator_optimizer`, `discriminator_optimizer`, and
                arguments of `keras.Model.compile`.

        Raises:
            InputError: if a loss weight or `lr_decay` is unknown, or a value is out of
                range.
        """
        options = ATTGAN.checked(
            learning_rate=learning_rate,
            lr_decay=lr_decay,
            total_steps=total_steps,
            beta_1=beta_1,
            beta_2=beta_2,
            critic_steps=critic_steps,
        )
        self.critic_steps = critic_steps
        self.total_steps = None if lr_decay == "none" else total_steps
        adam = functools.partial(
            decaying_adam,
            learning_rate,
            "paper" if lr_decay == "linear" else lr_decay,
            total_steps,
            beta_1=beta_1,
            beta_2=beta_2,
        )
        self.compile_training(
            optimizers={"generator": adam(critic_steps), "discriminator": adam()},
            options=options,
            loss_weights=ATTGAN.weights(loss_weights),
            seed=seed,
            log_names=(
                *(f"d_{term}" for term in ("loss", *CRITIC_TERMS)),
                *(f"g_{term}" for term in ("loss", *GENERATOR_TERMS)),
            ),
            **kwargs,
        )

    # === Training ===

    def train_step(self, data, update=None):
        """Updates the discriminator and, every `critic_steps` steps, the generator.

        Args:
            data: a batch (image, label).
            update: `_train_critic` or `_train_both`. Defaults to the update that is due
                at this step.

        Returns:
            {name: value} of the logs.
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
        """Returns the train steps and the index of the one that is due.

        They are separate functions because replicas cannot synchronize inside `cond`.
        """
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
        """Updates the discriminator, then the generator."""
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
        """Computes the losses; all evaluations use the same random numbers."""
        image, label = self.unpack_batch(data)
        target, alpha = self._draw(label, self.evaluation_number())
        fake, unedited = self._edit(image, label, target)
        self._critic_loss(image, label, fake, alpha)
        self._generator_loss(image, target, fake, unedited)
        return self.get_metrics_result()

    def _draw(self, label, number=None):
        """Returns target labels and the gradient penalty's α for a batch.

        Targets are the labels of the global batch in random order.
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
        """Returns the images with target labels and with unchanged labels."""
        conditions = [
            self._condition(label, new_label) for new_label in (target, label)
        ]
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


class EditSamples(LabelSamples):
    """Sample grids; images are edited from their true labels.

    Args:
        held_out: the held-out split of each data set.
    """

    def translate(self, model, images, known, labels, dataset):
        """Translates images from their labels `known` to `labels`, both (n, c)."""
        return model.translate(images, labels, source=known)


def _check_data(space, num_layers):
    """Raises InputError for data that the model does not support."""
    info, *others = space.datasets
    if others:
        names = ", ".join(info.name for info in space.datasets)
        raise InputError(
            f"attgan requires one data set. Received: {names}. Choose one of them or "
            "use --family stargan."
        )
    if info.label_type != BINARY:
        raise InputError(
            f"attgan requires binary attributes. Received: '{info.name}', which has "
            "one-hot labels. Use --family stargan or a data set such as "
            "toon_attributes."
        )
    if space.has_gaps:
        raise InputError(
            "attgan does not support pixels without data. Received: "
            f"'{info.name}' with invalid_value. Use --family stargan."
        )
    # Instance normalization of a single pixel would give 0.
    height, width, _ = space.image_shape
    multiple = 2**num_layers
    if height % multiple or width % multiple or min(height, width) < 2 * multiple:
        raise InputError(
            f"With num_layers={num_layers}, image height and width must be multiples "
            f"of {multiple}, at least {2 * multiple}. Received: {height} x {width} "
            "pixels. Change image_size or decrease num_layers."
        )
