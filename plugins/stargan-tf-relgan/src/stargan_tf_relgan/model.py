"""RelGAN: translation by relative attributes."""

from types import SimpleNamespace

import keras
import numpy as np
import tensorflow as tf

from stargan_tf.plugin import (
    InputError,
    LabelModel,
    LabelSpace,
    at_least_float32,
    decaying_adam,
    global_batch_size,
    global_rows,
    local_rows,
    parse_target,
    tape_over,
)

from . import RELGAN
from .networks import RelativeDiscriminator, RelativeGenerator, joined
from .objective import (
    DISCRIMINATOR_TERMS,
    GENERATOR_TERMS,
    change_between,
)


@keras.saving.register_keras_serializable(package="stargan_tf_relgan")
class RelGAN(LabelModel):
    """RelGAN as a Keras model: `compile`, `fit`, `translate`, `save`.

    `fit` takes batches (image, label). Images are (batch, height, width, channels),
    float in [-1, 1] or uint8; labels are (batch, attributes), 0 or 1.

    The inputs of the generator are an image and the changes of its attributes.
    Attributes without a change are preserved, so the attributes of the input image do
    not have to be known, and the model has no classifier.

    Args:
        datasets: `DatasetInfo` of a data set with binary or one-hot labels.
        base_filters: channels of the generator's first convolution.
        num_residual_blocks: residual blocks of the generator.
        discriminator_filters: channels of the discriminator's first convolution.
        discriminator_layers: strided convolutions of the discriminator.
        small: whether to use the generator for training on CPUs (see
            `RelativeGenerator`).
        **kwargs: `name` and `dtype` of `keras.Model`.

    Raises:
        InputError: if there is more than one data set, or images are not square or can
            have pixels without data.

    Example:

    ```python
    import stargan_tf
    from stargan_tf_relgan.model import RelGAN

    faces = stargan_tf.load_dataset("toon_attributes", image_size=64)
    model = RelGAN(
        faces.info, base_filters=16, discriminator_layers=4, small=True
    )
    model.compile(total_steps=1000)
    model.fit(stargan_tf.training_batches(faces), steps_per_epoch=100, epochs=10)
    images = model.translate(images, "Blond_Hair,-Young:0.5")
    ```

    Orthogonal regularization and switchable normalization of the paper are not
    implemented; the generator uses instance normalization.

    Reference: RelGAN (Wu et al. 2019), https://arxiv.org/abs/1908.07269
    """

    def __init__(
        self,
        datasets,
        base_filters=64,
        num_residual_blocks=6,
        discriminator_filters=64,
        discriminator_layers=6,
        small=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.label_space = LabelSpace(datasets)
        self.arguments = {
            "base_filters": base_filters,
            "num_residual_blocks": num_residual_blocks,
            "discriminator_filters": discriminator_filters,
            "discriminator_layers": discriminator_layers,
            "small": small,
        }
        RELGAN.checked(**self.arguments)
        infos = self.label_space.datasets
        if len(infos) > 1 or not isinstance(infos[0].image_size, int):
            raise InputError(
                "RelGAN requires one data set of square images. Received: "
                f"{[(info.name, info.image_size) for info in infos]}. Choose one data "
                "set and a single number for --image_size."
            )
        if self.label_space.has_gaps:
            raise InputError(
                "RelGAN does not support pixels without data. Received: "
                f"'{infos[0].name}' with invalid_value. Omit it or train StarGAN."
            )
        channels = self.label_space.image_shape[2]
        self.generator = RelativeGenerator(
            self.label_space.width,
            base_filters,
            num_residual_blocks,
            small,
            channels,
            dtype=self.dtype_policy,
            name="generator",
        )
        self.discriminator = RelativeDiscriminator(
            infos[0].image_size,
            self.label_space.width,
            discriminator_filters,
            discriminator_layers,
            channels,
            dtype=at_least_float32(self.dtype_policy),
            name="discriminator",
        )
        self._groups = tf.constant(exclusive_members(infos[0]))
        self.built = True

    def compile(
        self,
        optimizer=None,
        *,
        learning_rate=5e-5,
        lr_decay="none",
        total_steps=100_000,
        beta_1=0.5,
        beta_2=0.999,
        loss_weights=None,
        seed=0,
        **kwargs,
    ):
        """Configures training.

        Args:
            optimizer: a Keras optimizer, its name, or its config; each network gets a
                copy. Defaults to Adam.
            learning_rate: learning rate of the default optimizers.
            lr_decay: schedule of the learning rate: `"none"`, or `"paper"`, a linear
                decay to zero over the second half of the training, as in StarGAN.
            total_steps: length of the training in batches, for the schedule.
            beta_1: β₁ of the default optimizers.
            beta_2: β₂ of the default optimizers.
            loss_weights: {name: weight} of weights that differ from the defaults, which
                `RELGAN.weights()` returns.
            seed: integer seed of all random numbers in training.
            **kwargs: `generator_optimizer`, `discriminator_optimizer`, and arguments of
                `keras.Model.compile`.

        Raises:
            InputError: if a loss weight or `lr_decay` is unknown, or a value is out of
                range.
        """
        options = RELGAN.checked(
            learning_rate=learning_rate,
            lr_decay=lr_decay,
            total_steps=total_steps,
            beta_1=beta_1,
            beta_2=beta_2,
        )
        self.total_steps = None if lr_decay == "none" else total_steps

        def adam():
            return decaying_adam(
                learning_rate, lr_decay, total_steps, beta_1=beta_1, beta_2=beta_2
            )

        self.compile_training(
            optimizers={"generator": adam(), "discriminator": adam()},
            optimizer=optimizer,
            options=options,
            loss_weights=RELGAN.weights(loss_weights),
            seed=seed,
            log_names=(
                *(f"d_{term}" for term in ("loss", *DISCRIMINATOR_TERMS)),
                *(f"g_{term}" for term in ("loss", *GENERATOR_TERMS)),
            ),
            **kwargs,
        )

    # === Training ===

    def train_step(self, data):
        """Updates the discriminator, then the generator. Returns the logs."""
        batch = self._unpack(data)
        for network, loss_of in (
            ("discriminator", self._discriminator_loss),
            ("generator", self._generator_loss),
        ):
            with tape_over(getattr(self, network)) as tape:
                loss = loss_of(batch)
            variables = getattr(self, network).trainable_variables
            self.apply_gradients(network, tape.gradient(loss, variables))
        self.step.assign_add(1)
        return self.get_metrics_result()

    def test_step(self, data):
        """Computes the losses; all evaluations use the same random numbers."""
        batch = self._unpack(data, self.evaluation_number())
        self._discriminator_loss(batch)
        self._generator_loss(batch)
        return self.get_metrics_result()

    def _unpack(self, data, number=None):
        """Returns a batch with random second and third images, changes, and α.

        Each image is changed to the labels of its second image. The third image and its
        labels form the mismatched triples.
        """
        image, label = self.unpack_batch(data)
        count = global_batch_size(image)

        def uniform(purpose):
            seed = self.random_seed(purpose, number)
            return tf.random.stateless_uniform([count], seed)

        order = tf.argsort(uniform(0))
        images, labels = global_rows(image), global_rows(label)

        def others(shift):
            # A shifted order never pairs an image with itself if there are 3 or more.
            rows = tf.gather(tf.roll(order, shift, 0), tf.argsort(order))
            return (local_rows(tf.gather(x, rows)) for x in (images, labels))

        (second, target), (third, third_label) = others(1), others(2)
        return SimpleNamespace(
            image=image,
            second=second,
            third=third,
            change=change_between(label, target, self._groups),
            back=change_between(target, label, self._groups),
            wrong=change_between(label, third_label, self._groups),
            of_third=change_between(third_label, target, self._groups),
            alpha=local_rows(uniform(1)),
        )

    def _changed(self, batch, *alphas):
        """Returns G(x, αv) for each α, which is a number or (batch,)."""
        changes = [
            batch.change * tf.reshape(tf.cast(alpha, batch.change.dtype), [-1, 1])
            for alpha in alphas
        ]
        images = tf.concat([batch.image] * len(alphas), axis=0)
        outputs = self.generator([images, tf.concat(changes, axis=0)])
        return tf.split(outputs, len(alphas))

    def _discriminator_loss(self, batch):
        d = self.discriminator
        # An interpolation is compared with the nearer of its ends, G(x, 0) and G(x, v).
        nearer = batch.alpha > 0.5
        outputs = self._changed(batch, 1.0, batch.alpha, nearer)
        fake, interpolated, end = map(tf.stop_gradient, outputs)
        images = [batch.image, batch.second, batch.third, fake, interpolated, end]
        # A single pass reads the weights and accumulates their gradients only once.
        features = tf.split(d.features(tf.concat(images, axis=0)), len(images))
        of_image, of_second, of_third, of_fake, of_interpolated, of_end = features
        triples = (
            (of_image, batch.change, of_second),
            (of_image, batch.change, of_fake),
            (of_image, batch.wrong, of_second),
            (of_third, batch.change, of_second),
        )
        columns = zip(*triples, strict=True)
        triple = joined(*(tf.concat(column, axis=0) for column in columns))
        match, *mismatches = tf.split(d.match(triple), len(triples))
        # A random triple can be right, and is then excluded.
        for place, change in ((1, batch.wrong), (2, batch.of_third)):
            wrong = tf.reduce_any(change != batch.change, axis=-1)
            mismatches[place] *= tf.cast(wrong, match.dtype)[:, None, None, None]
        seen = SimpleNamespace(
            real=d.real(of_image),
            fake=d.real(of_fake),
            match=match,
            mismatches=mismatches,
            degree=d.degree(of_interpolated),
            degree_of_end=d.degree(of_end),
            alpha=batch.alpha,
        )
        return self._loss("d", seen, DISCRIMINATOR_TERMS)

    def _generator_loss(self, batch):
        d = self.discriminator
        fake, interpolated, same = self._changed(batch, 1.0, batch.alpha, 0.0)
        images = tf.concat([batch.image, fake, interpolated], axis=0)
        of_image, of_fake, of_interpolated = tf.split(d.features(images), 3)
        seen = SimpleNamespace(
            image=batch.image,
            back=self.generator([fake, batch.back]),
            same=same,
            fake=d.real(of_fake),
            match=d.match(joined(of_image, batch.change, of_fake)),
            degree=d.degree(of_interpolated),
        )
        return self._loss("g", seen, GENERATOR_TERMS)

    def _loss(self, prefix, seen, table):
        terms = {term: function(seen) for term, (function, _) in table.items()}
        return self.weigh(prefix, terms, table, self.loss_weights)

    # === Inference ===

    def translate(self, images, changes, batch_size=16):
        """Changes attributes of images.

        Args:
            images: (n, height, width, channels), uint8 or float in [-1, 1]. Height and
                width are multiples of 4.
            changes: target text such as `"Blond_Hair,-Young:0.5"`, or a list with a
                text per image. Alternatively an array in [-1, 1], (attributes,) or (n,
                attributes): 1 adds an attribute, -1 removes it, 0 preserves it.
            batch_size: number of images per call of the generator.

        Returns:
            Array (n, height, width, channels): uint8 if `images` is uint8, otherwise
            float32 in [-1, 1].

        Raises:
            InputError: if a shape is wrong or a target is invalid.
        """
        if np.asarray(changes).dtype.kind == "U":
            texts = np.atleast_1d(changes).tolist()
            changes = np.stack([self.change_of(text) for text in texts])
            changes = changes[0] if len(changes) == 1 else changes
        width = self.label_space.width
        if np.shape(changes)[-1:] != (width,):
            raise InputError(
                f"changes must be target texts, or {width} numbers in [-1, 1] for all "
                f"images or for each image. Received: shape {np.shape(changes)}"
            )
        return self.draw(images, changes, batch_size)

    def change_of(self, text):
        """Parses a target text into a change.

        Args:
            text: text such as `"Blond_Hair,-Young:0.5"` (docs/targets.md of
                stargan_tf).

        Returns:
            float32 (attributes,) in [-1, 1].

        Raises:
            InputError: if the text is invalid.
        """
        return change_vector(self.label_space, parse_target(text, self.label_space))

    def classify(self, images, dataset=0, batch_size=16):
        """Raises an error, because RelGAN has no classifier.

        Args:
            images: unused.
            dataset: unused.
            batch_size: unused.

        Raises:
            InputError: always.
        """
        raise InputError(
            "RelGAN has no classifier. Call translate, which requires only the changes."
        )


def change_vector(label_space, target):
    """Returns the change of a `Target`, float32 (attributes,) in [-1, 1]."""
    info = label_space.datasets[target.dataset]
    vector = np.zeros(len(info.domains), np.float32)
    for domain, change in target.changes.items():
        vector[info.index(domain)] = change
    return vector


def exclusive_members(info):
    """Returns the members of exclusive groups, float32 (groups, attributes), 0 or 1."""
    groups = info.exclusive_groups if info.label_type == "binary" else [info.domains]
    members = [[float(name in group) for name in info.domains] for group in groups]
    return np.array(members, np.float32).reshape(len(groups), len(info.domains))
