"""CycleGAN and DiscoGAN: translation between two domains."""

import keras
import numpy as np
import tensorflow as tf

from stargan_tf.plugin import (
    InputError,
    LabelModel,
    LabelSpace,
    at_least_float32,
    decaying_adam,
    global_rows,
    local_rows,
    tape_over,
    unpack,
)
from stargan_tf_cyclegan import CYCLEGAN as FAMILY
from stargan_tf_cyclegan import check_image_size, check_pool, check_two_domains
from stargan_tf_cyclegan.networks import DiscriminatorPair, GeneratorPair
from stargan_tf_cyclegan.objective import (
    CYCLEGAN,
    DISCOGAN,
    discogan_weights,
    discriminator_loss,
    generator_table,
    generator_terms,
)
from stargan_tf_cyclegan.pool import exchange

# Images of the first domain, and of the second.
FIELDS = ("image", "reference")
MAX_PIXEL = 1.01


@keras.saving.register_keras_serializable(package="stargan_tf_cyclegan")
class CycleGAN(LabelModel):
    """CycleGAN as a Keras model: `compile`, `fit`, `translate`, `save`.

    `fit` takes batches (image, reference), or dictionaries with these keys: unpaired
    images of the first and the second domain, each (batch, height, width, channels),
    float in [-1, 1] or uint8.

    `generator` and `discriminator` each contain a network per domain, so all commands
    of stargan_tf work as for StarGAN, with two differences:

    - `generator` computes both translations of an image and returns the one that the
      label selects, which doubles the computation of a single direction.
    - The model has no classifier. `classify` compares the mean scores of the two
      discriminators, which are not trained to classify.

    Args:
        datasets: `DatasetInfo` of a data set with two one-hot domains.
        base_filters: channels of the first convolution of each generator.
        num_residual_blocks: residual blocks of each generator.
        discriminator_filters: channels of the first convolution of each discriminator.
        discriminator_layers: strided convolutions of each discriminator. With 3, the
            receptive field is 70 × 70 pixels.
        pool_size: number of earlier translations per domain that are stored to train
            its discriminator; 0 for none. They are saved with the model.
        **kwargs: `name` and `dtype` of `keras.Model`.

    Raises:
        InputError: if there are not exactly two one-hot domains, the images are too
            small, or they can have pixels without data.

    Example:

    ```python
    import stargan_tf
    from stargan_tf_cyclegan.batches import unpaired_batches
    from stargan_tf_cyclegan.model import CycleGAN

    faces = stargan_tf.load_dataset(
        "toon_attributes",
        image_size=64,
        attributes=("Black_Hair", "Blond_Hair"),
        one_hot=True,
    )
    model = CycleGAN(faces.info, base_filters=16, num_residual_blocks=3)
    model.compile(total_steps=1000)
    model.fit(unpaired_batches(faces, 4), steps_per_epoch=100, epochs=10)
    ```

    Reference: CycleGAN (Zhu et al. 2017), https://arxiv.org/abs/1703.10593; DiscoGAN
        (Kim et al. 2017), https://arxiv.org/abs/1703.05192
    """

    def __init__(
        self,
        datasets,
        base_filters=64,
        num_residual_blocks=6,
        discriminator_filters=64,
        discriminator_layers=3,
        pool_size=50,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.label_space = LabelSpace(datasets)
        info, *others = self.label_space.datasets
        if others:
            raise InputError(
                f"CycleGAN requires one data set. Received: {1 + len(others)}. Pass "
                "one of them."
            )
        check_two_domains(info)
        check_image_size(info.image_size, discriminator_layers)
        if self.label_space.has_gaps:
            raise InputError(
                "CycleGAN does not support pixels without data. Received: "
                f"'{info.name}' with invalid_value. Omit it or train StarGAN."
            )
        self.arguments = {
            "base_filters": base_filters,
            "num_residual_blocks": num_residual_blocks,
            "discriminator_filters": discriminator_filters,
            "discriminator_layers": discriminator_layers,
            "pool_size": pool_size,
        }
        FAMILY.checked(**self.arguments)
        images = {"num_channels": info.num_channels, "dtype": self.dtype_policy}
        self.generator = GeneratorPair(
            base_filters, num_residual_blocks, **images, name="generator"
        )
        self.discriminator = DiscriminatorPair(
            discriminator_filters, discriminator_layers, **images, name="discriminator"
        )
        self.pool_size = pool_size
        if pool_size:
            self.first_pool, self.second_pool = (
                self._state(name, (pool_size, *info.shape), self._full_precision)
                for name in ("first_pool", "second_pool")
            )
            self.pooled = self._state("pooled", (), "int64")
        self.built = True

    @property
    def _full_precision(self):
        return at_least_float32(self.dtype_policy)

    def _state(self, name, shape, dtype):
        return self.add_weight(
            name=name,
            shape=shape,
            dtype=dtype,
            initializer="zeros",
            trainable=False,
            autocast=False,
            # All replicas compute the same value.
            aggregation="only_first_replica",
        )

    @property
    def generators(self):
        """The `CycleGenerator`s of the first and the second domain."""
        return self.generator.to_first, self.generator.to_second

    @property
    def discriminators(self):
        """The `PatchDiscriminator`s of the first and the second domain."""
        return self.discriminator.of_first, self.discriminator.of_second

    def compile(
        self,
        optimizer=None,
        *,
        generator_optimizer=None,
        discriminator_optimizer=None,
        objective=CYCLEGAN,
        learning_rate=2e-4,
        lr_decay="paper",
        reconstruction_delay=10_000,
        total_steps=200_000,
        loss_weights=None,
        seed=0,
        **kwargs,
    ):
        """Configures training. The defaults are those of CycleGAN's paper.

        Args:
            optimizer: a Keras optimizer, its name, or its config; generators and
                discriminators get a copy each. Defaults to Adam with β₁ = 0.5.
            generator_optimizer: optimizer of the generators only.
            discriminator_optimizer: optimizer of the discriminators only.
            objective: `"cyclegan"` or `"discogan"`, which uses CycleGAN's networks with
                DiscoGAN's adversarial loss, cycle term, and feature matching.
            learning_rate: initial learning rate of the default optimizers.
            lr_decay: schedule of the learning rate: `"paper"`, a linear decay to zero
                over the second half of the training, or `"none"`.
            reconstruction_delay: number of steps with `"discogan"` until the share of
                the cycle term in the loss increases from 1 % to 50 %.
            total_steps: length of the training in batches, for the schedule.
            loss_weights: {name: weight} of CycleGAN's terms, `"cycle"` (default 10) and
                `"identity"` (default 5). DiscoGAN's weights are fixed.
            seed: integer seed of all random numbers in training.
            **kwargs: arguments of `keras.Model.compile`, such as `jit_compile`.

        Raises:
            InputError: if `objective` or `lr_decay` is unknown, or the objective does
                not have a loss weight.
        """
        options = FAMILY.checked(
            objective=objective,
            learning_rate=learning_rate,
            lr_decay=lr_decay,
            reconstruction_delay=reconstruction_delay,
            total_steps=total_steps,
        )
        weights = FAMILY.weights(loss_weights)
        if objective == DISCOGAN and weights != FAMILY.weights():
            raise InputError(
                "loss_weights require objective='cyclegan'; DiscoGAN's are fixed. "
                f"Received: {loss_weights} with objective='discogan'. Omit "
                "loss_weights."
            )
        self.objective = objective
        self.reconstruction_delay = reconstruction_delay
        self.total_steps = None if lr_decay == "none" else total_steps
        self._table = generator_table(objective, weights)

        def adam():
            return decaying_adam(learning_rate, lr_decay, total_steps)

        self.compile_training(
            optimizers={"generator": adam(), "discriminator": adam()},
            optimizer=optimizer,
            generator_optimizer=generator_optimizer,
            discriminator_optimizer=discriminator_optimizer,
            options=options,
            loss_weights=weights,
            seed=seed,
            log_names=(
                *("d_loss", "d_first", "d_second"),
                *(f"g_{term}" for term in ("loss", *self._table)),
            ),
            **kwargs,
        )

    # === Training ===

    def unpack_batch(self, data):
        """Unpacks a batch.

        Args:
            data: the argument of `train_step` or `test_step`.

        Returns:
            Images of the first and the second domain, float (batch, height, width,
            channels) in [-1, 1].
        """
        return [self._float_images(images) for images in unpack(data, FIELDS)]

    def _check_batch(self, data):
        shape, rows = self.label_space.image_shape, []
        for name, images in zip(FIELDS, unpack(data, FIELDS), strict=True):
            per_replica = self.distribute_strategy.experimental_local_results(images)
            rows.append(sum(len(batch) for batch in per_replica))
            for batch in map(np.asarray, per_replica):
                if batch.shape[1:] != shape:
                    raise InputError(
                        f"{name} must be (batch, {', '.join(map(str, shape))}). "
                        f"Received: shape {batch.shape}. Resize the images."
                    )
                if batch.dtype != np.uint8 and not (np.abs(batch) <= MAX_PIXEL).all():
                    raise InputError(
                        f"{name} must be float in [-1, 1] or uint8. Received: "
                        f"{batch.dtype} from {batch.min():g} to {batch.max():g}. Scale "
                        "pixels by x / 127.5 - 1."
                    )
        if len(set(rows)) > 1:
            raise InputError(
                "A batch must have the same number of images of both domains. "
                f"Received: {rows[0]} and {rows[1]}. Remove the surplus images."
            )
        check_pool(self.pool_size, rows[0])

    def train_step(self, data):
        """Updates both generators, then both discriminators. Returns the logs."""
        real = self.unpack_batch(data)
        with tape_over(self.generator) as tape:
            loss, fake = self._generator_loss(real)
        variables = self.generator.trainable_variables
        self.apply_gradients("generator", tape.gradient(loss, variables))
        fake = self._from_pool(fake)
        with tape_over(self.discriminator) as tape:
            loss = self._discriminator_loss(real, fake)
        variables = self.discriminator.trainable_variables
        self.apply_gradients("discriminator", tape.gradient(loss, variables))
        self.step.assign_add(1)
        return self.get_metrics_result()

    def test_step(self, data):
        """Computes the losses for Keras' `evaluate`, without the image pools."""
        real = self.unpack_batch(data)
        _, fake = self._generator_loss(real)
        self._discriminator_loss(real, fake)
        return self.get_metrics_result()

    def _generator_loss(self, real):
        """Logs and returns the loss; also returns the translations to both domains."""
        pairs = zip(self.generators, real[::-1], strict=True)
        fake = [generator(image) for generator, image in pairs]
        terms = generator_terms(
            self.generators, self.discriminators, real, fake, self._table
        )
        weights = self.loss_weights
        if self.objective == DISCOGAN:
            step = tf.convert_to_tensor(self.step.value)
            weights = discogan_weights(
                step, self.reconstruction_delay, self._full_precision
            )
        return self.weigh("g", terms, self._table, weights), fake

    def _discriminator_loss(self, real, fake):
        losses = [
            discriminator_loss(self.objective, network(x)[0], network(y)[0])
            for network, x, y in zip(self.discriminators, real, fake, strict=True)
        ]
        total = sum(losses)
        self.log({"d_loss": total, "d_first": losses[0], "d_second": losses[1]})
        return total

    def _from_pool(self, fake):
        """Updates the pools and returns the translations for the discriminators."""
        if not self.pool_size:
            return fake
        count, exchanged = tf.convert_to_tensor(self.pooled.value), []
        for number, pool in enumerate((self.first_pool, self.second_pool)):
            # Every replica has the complete pool and the global batch.
            images = global_rows(fake[number])
            order, chance = (
                tf.random.stateless_uniform(shape, self.random_seed(purpose))
                for purpose, shape in (
                    (2 * number, [self.pool_size]),
                    (2 * number + 1, tf.shape(images)[:1]),
                )
            )
            contents, stored, images = exchange(
                tf.convert_to_tensor(pool.value), count, images, order, chance
            )
            pool.assign(contents)
            exchanged.append(local_rows(images))
        self.pooled.assign(tf.cast(stored, count.dtype))
        return exchanged
