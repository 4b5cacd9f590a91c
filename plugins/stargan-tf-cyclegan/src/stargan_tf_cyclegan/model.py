"""CycleGAN and DiscoGAN: two generators, two discriminators, two domains."""

import keras
import numpy as np
import tensorflow as tf

from stargan_tf.plugin import (
    InputError,
    LabelModel,
    LabelSpace,
    LinearDecay,
    TorchAdam,
    at_least_float32,
    check_choice,
    global_rows,
    local_rows,
    tape_over,
    unpack,
)
from stargan_tf_cyclegan import check_image_size, check_pool, check_two_domains
from stargan_tf_cyclegan.networks import DiscriminatorPair, GeneratorPair
from stargan_tf_cyclegan.objective import (
    CYCLEGAN,
    DISCOGAN,
    LOSS_WEIGHTS,
    OBJECTIVES,
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

    `generator` and `discriminator` hold a network for each domain, so every command of
    stargan_tf works as for StarGAN, with these differences:

    - `generator` computes both translations of an image and keeps the one that the
      label chooses: twice the work of one direction.
    - There is no classifier. `classify` compares the mean scores of both
      discriminators, which is a guess and not trained.

    Args:
        datasets: the `DatasetInfo` of two one-hot domains.
        base_filters: first width of each generator.
        num_residual_blocks: residual blocks of each generator.
        discriminator_filters: first width of each discriminator.
        discriminator_layers: its number of halvings; with 3 a score depends on 70 × 70
            pixels.
        pool_size: earlier translations of each domain that are kept to train its
            discriminator; 0 for none. They are saved with the model.
        **kwargs: of `keras.Model`: `name`, `dtype`.

    Raises:
        InputError: if there are not exactly two one-hot domains, the images are too
            small, or they may have pixels without data.

    `fit` takes batches (image, reference), or dictionaries with these keys: unpaired
    images of the first domain and of the second, float (batch, height, width, channels)
    in [-1, 1], or uint8.

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
                f"CycleGAN takes one data set. Received: {1 + len(others)}. Give one."
            )
        check_two_domains(info)
        check_image_size(info.image_size, discriminator_layers)
        if self.label_space.has_gaps:
            raise InputError(
                "CycleGAN takes images whose pixels all have data. Received: "
                f"'{info.name}' with invalid_value. Leave that out, or train StarGAN."
            )
        self.arguments = {
            "base_filters": base_filters,
            "num_residual_blocks": num_residual_blocks,
            "discriminator_filters": discriminator_filters,
            "discriminator_layers": discriminator_layers,
            "pool_size": pool_size,
        }
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
            # With several replicas: each computes the same.
            aggregation="only_first_replica",
        )

    @property
    def generators(self):
        """The networks that translate to the first domain and to the second."""
        return self.generator.to_first, self.generator.to_second

    @property
    def discriminators(self):
        """The discriminators of the first domain and of the second."""
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
        """Prepares training; without arguments, as CycleGAN's paper trains.

        Args:
            optimizer: a Keras optimizer, its name or its config, of which generators
                and discriminators get a copy each; defaults to Adam with β₁ = 0.5.
            generator_optimizer: for the generators only.
            discriminator_optimizer: for the discriminators only.
            objective: `"cyclegan"` or `"discogan"`, whose adversarial loss, cycle
                term and feature matching are computed with CycleGAN's networks.
            learning_rate: initial rate of the default optimizers.
            lr_decay: `"paper"`, linear to zero over the second half, or `"none"`.
            reconstruction_delay: with `"discogan"`, the steps before the cycle term has
                half of the weight; it has a hundredth until then.
            total_steps: length of the training, for the learning rate.
            loss_weights: {name: weight} of CycleGAN's terms, in place of 10 for
                `"cycle"` and 5 for `"identity"`. DiscoGAN's weights are fixed.
            seed: of everything random in training.
            **kwargs: of `keras.Model.compile`, such as `jit_compile`.

        Raises:
            InputError: for an unknown `objective` or `lr_decay`, or loss weights that
                the objective does not have.
        """
        check_choice("objective", objective, OBJECTIVES)
        check_choice("lr_decay", lr_decay, ("paper", "none"))
        weights = LOSS_WEIGHTS | (loss_weights or {})
        if objective == DISCOGAN and weights != LOSS_WEIGHTS:
            raise InputError(
                "loss_weights are those of objective='cyclegan'; DiscoGAN's are fixed. "
                f"Received: {loss_weights} with objective='discogan'. Leave them out."
            )
        self.objective = objective
        self.reconstruction_delay = reconstruction_delay
        self.total_steps = None if lr_decay == "none" else total_steps
        self._table = generator_table(objective, weights)

        def adam():
            rate = learning_rate
            if lr_decay != "none":
                rate = LinearDecay(rate, total_steps, lr_decay)
            return TorchAdam(rate)

        self.compile_training(
            optimizers={"generator": adam(), "discriminator": adam()},
            optimizer=optimizer,
            generator_optimizer=generator_optimizer,
            discriminator_optimizer=discriminator_optimizer,
            options={
                "objective": objective,
                "learning_rate": learning_rate,
                "lr_decay": lr_decay,
                "reconstruction_delay": reconstruction_delay,
                "total_steps": total_steps,
            },
            loss_weights=loss_weights,
            default_weights=LOSS_WEIGHTS,
            seed=seed,
            log_names=(
                *("d_loss", "d_first", "d_second"),
                *(f"g_{term}" for term in ("loss", *self._table)),
            ),
            **kwargs,
        )

    # === Training ===

    def unpack_batch(self, data):
        """Images of the first domain and of the second, float in [-1, 1].

        Args:
            data: what `train_step` and `test_step` are given.
        """
        return [self._float_images(images) for images in unpack(data, FIELDS)]

    def _check_batch(self, data):
        shape, rows = self.label_space.image_shape, []
        for name, images in zip(FIELDS, unpack(data, FIELDS), strict=True):
            parts = self.distribute_strategy.experimental_local_results(images)
            rows.append(sum(len(part) for part in parts))
            for part in map(np.asarray, parts):
                if part.shape[1:] != shape:
                    raise InputError(
                        f"{name} must be (batch, {', '.join(map(str, shape))}). "
                        f"Received: shape {part.shape}. Resize the images."
                    )
                if part.dtype != np.uint8 and not (np.abs(part) <= MAX_PIXEL).all():
                    raise InputError(
                        f"{name} must be float in [-1, 1], or uint8. Received: "
                        f"{part.dtype} from {part.min():g} to {part.max():g}. Scale "
                        "pixels by x / 127.5 - 1."
                    )
        if len(set(rows)) > 1:
            raise InputError(
                "A batch must have as many images of one domain as of the other. "
                f"Received: {rows[0]} and {rows[1]}. Drop some."
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
        """The losses, without an update and without the pool."""
        real = self.unpack_batch(data)
        _, fake = self._generator_loss(real)
        self._discriminator_loss(real, fake)
        return self.get_metrics_result()

    def _generator_loss(self, real):
        """The loss, logged, and the translations to the first and second domain."""
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
        """What the discriminators train on, after the translations joined the pools."""
        if not self.pool_size:
            return fake
        count, shown = tf.convert_to_tensor(self.pooled.value), []
        for number, pool in enumerate((self.first_pool, self.second_pool)):
            # Every replica has the whole pool, and sees the whole batch.
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
            shown.append(local_rows(images))
        self.pooled.assign(tf.cast(stored, count.dtype))
        return shown
