"""RelGAN: attributes changed by as much as one says."""

from types import SimpleNamespace

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
    check_decay,
    global_batch_size,
    global_rows,
    local_rows,
    parse_target,
    tape_over,
)

from .networks import RelativeDiscriminator, RelativeGenerator, joined
from .objective import (
    DEFAULT_WEIGHTS,
    DISCRIMINATOR_TERMS,
    GENERATOR_TERMS,
    change_between,
)


@keras.saving.register_keras_serializable(package="stargan_tf_relgan")
class RelGAN(LabelModel):
    """RelGAN as a Keras model: `compile`, `fit`, `translate`, `save`.

    The generator is told what should change, by how much, and nothing else: what is not
    named stays, and no classifier has to guess what an image shows.

    Args:
        datasets: the `DatasetInfo` of the images, with binary or one-hot labels.
        base_filters: first width of the generator.
        num_residual_blocks: its depth.
        discriminator_filters: first width of the discriminator.
        discriminator_layers: its number of halvings.
        small: a generator for small machines (see `RelativeGenerator`).

    Raises:
        InputError: for several data sets, or images that are not square or may have
            pixels without data.

    `fit` takes batches (image, label): images float (batch, height, width, channels) in
    [-1, 1] or uint8, labels (batch, attributes) 0 or 1.

    Reference: RelGAN (Wu et al. 2019), https://arxiv.org/abs/1908.07269. Its orthogonal
    regularization and its switchable normalization are left out; the generator has
    instance normalization.
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
        infos = self.label_space.datasets
        if len(infos) > 1 or not isinstance(infos[0].image_size, int):
            raise InputError(
                "RelGAN takes one data set of square images. Received: "
                f"{[(info.name, info.image_size) for info in infos]}. Choose one, with "
                "one --image_size."
            )
        if self.label_space.has_gaps:
            raise InputError(
                "RelGAN takes images whose pixels all have data. Received: "
                f"'{infos[0].name}' with invalid_value. Leave that out, or train "
                "StarGAN."
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
        """Prepares training.

        Args:
            optimizer: a Keras optimizer, its name or its config, of which each network
                gets a copy; defaults to Adam.
            learning_rate: rate of the default optimizers.
            lr_decay: `"none"`, or `"paper"`: linear to zero over the second half.
            total_steps: length of the training in batches, for the decay.
            beta_1: decay of the default optimizers' mean gradient.
            beta_2: decay of their mean square.
            loss_weights: {term: weight} in place of those of `LOSS_WEIGHTS`.
            seed: of everything random in training.
            **kwargs: `generator_optimizer`, `discriminator_optimizer` and arguments of
                `keras.Model.compile`.

        Raises:
            InputError: for an unknown term or decay.
        """
        check_choice("lr_decay", lr_decay, ("none", "paper"))
        for name, decay in (("beta_1", beta_1), ("beta_2", beta_2)):
            check_decay(name, decay)
        self.total_steps = None if lr_decay == "none" else total_steps

        def adam():
            rate = learning_rate
            if lr_decay == "paper":
                rate = LinearDecay(rate, total_steps, lr_decay, 1)
            return TorchAdam(rate, beta_1=beta_1, beta_2=beta_2)

        self.compile_training(
            optimizers={"generator": adam(), "discriminator": adam()},
            optimizer=optimizer,
            options={
                "learning_rate": learning_rate,
                "lr_decay": lr_decay,
                "total_steps": total_steps,
                "beta_1": beta_1,
                "beta_2": beta_2,
            },
            loss_weights=loss_weights,
            default_weights=DEFAULT_WEIGHTS,
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
        """The losses without an update; each evaluation draws the same numbers."""
        batch = self._unpack(data, self.evaluation_number())
        self._discriminator_loss(batch)
        self._generator_loss(batch)
        return self.get_metrics_result()

    def _unpack(self, data, number=None):
        """A batch, with what is drawn for it: other images' labels, and α.

        Every image is paired with another, to whose labels it is changed; a third one's
        labels and image make the mismatched triples.
        """
        image, label = self.unpack_batch(data)
        count = global_batch_size(image)

        def drawn(purpose):
            seed = self.random_seed(purpose, number)
            return tf.random.stateless_uniform([count], seed)

        order = tf.argsort(drawn(0))
        images, labels = global_rows(image), global_rows(label)

        def others(shift):
            # The same order, shifted: never the image itself in a batch of 3 or more.
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
            share=local_rows(drawn(1)),
        )

    def _changed(self, batch, *shares):
        """G(x, αv) for each α, (batch,) or a number, in one pass."""
        changes = [
            batch.change * tf.reshape(tf.cast(share, batch.change.dtype), [-1, 1])
            for share in shares
        ]
        images = tf.concat([batch.image] * len(shares), axis=0)
        outputs = self.generator([images, tf.concat(changes, axis=0)])
        return tf.split(outputs, len(shares))

    def _discriminator_loss(self, batch):
        d = self.discriminator
        fake, partly = map(tf.stop_gradient, self._changed(batch, 1.0, batch.share))
        images = [batch.image, batch.second, batch.third, fake, partly]
        # In one pass, which reads the weights, and adds up their gradients, once.
        features = tf.split(d.features(tf.concat(images, axis=0)), len(images))
        of_image, of_second, of_third, of_fake, of_partly = features
        triples = (
            (of_image, batch.change, of_second),
            (of_image, batch.change, of_fake),
            (of_image, batch.wrong, of_second),
            (of_third, batch.change, of_second),
        )
        parts = zip(*triples, strict=True)
        triple = joined(*(tf.concat(part, axis=0) for part in parts))
        match, *mismatches = tf.split(d.match(triple), len(triples))
        # A wrong change may happen to be the right one.
        wrong = tf.reduce_any(batch.wrong != batch.change, axis=-1)
        mismatches[1] *= tf.cast(wrong, match.dtype)[:, None, None, None]
        seen = SimpleNamespace(
            real=d.real(of_image),
            fake=d.real(of_fake),
            match=match,
            mismatches=mismatches,
            degree=d.degree(of_partly),
            degree_of_whole=d.degree(of_fake),
            share=batch.share,
        )
        return self._loss("d", seen, DISCRIMINATOR_TERMS)

    def _generator_loss(self, batch):
        d = self.discriminator
        fake, partly, same = self._changed(batch, 1.0, batch.share, 0.0)
        images = tf.concat([batch.image, fake, partly], axis=0)
        of_image, of_fake, of_partly = tf.split(d.features(images), 3)
        seen = SimpleNamespace(
            image=batch.image,
            back=self.generator([fake, batch.back]),
            same=same,
            fake=d.real(of_fake),
            match=d.match(joined(of_image, batch.change, of_fake)),
            degree=d.degree(of_partly),
        )
        return self._loss("g", seen, GENERATOR_TERMS)

    def _loss(self, prefix, seen, table):
        terms = {term: function(seen) for term, (function, _) in table.items()}
        return self.weigh(prefix, terms, table, self.loss_weights)

    # === Use ===

    def translate(self, images, changes, batch_size=16):
        """Changes attributes of images.

        Args:
            images: (n, height, width, channels), uint8 or float in [-1, 1]; sides are
                multiples of 4.
            changes: in words, such as `"Blond_Hair,-Young:0.5"`, one for all images or
                a list with one for each; or vectors in [-1, 1], (attributes,) or (n,
                attributes). 1 adds an attribute, -1 removes it, 0 leaves it.
            batch_size: images at a time.

        Returns:
            (n, height, width, channels), uint8 if `images` were, else float32 in
            [-1, 1].

        Raises:
            InputError: if shapes do not fit, or a target cannot be read.
        """
        if np.asarray(changes).dtype.kind == "U":
            texts = np.atleast_1d(changes).tolist()
            changes = np.stack([self.change_of(text) for text in texts])
            changes = changes[0] if len(changes) == 1 else changes
        width = self.label_space.width
        if np.shape(changes)[-1:] != (width,):
            raise InputError(
                f"changes are targets in words, or {width} numbers in [-1, 1] for all "
                f"images or for each. Received: shape {np.shape(changes)}"
            )
        return self.draw(images, changes, batch_size)

    def change_of(self, text):
        """The change that a target in words stands for, float32 (attributes,).

        Args:
            text: such as `"Blond_Hair,-Young:0.5"` (docs/targets.md of stargan_tf).
        """
        return change_vector(self.label_space, parse_target(text, self.label_space))

    def classify(self, images, dataset=0, batch_size=16):
        """RelGAN has no classifier.

        Args:
            images: images.
            dataset: which data set's labels.
            batch_size: images at a time.

        Raises:
            InputError: always.
        """
        raise InputError(
            "RelGAN is told what to change and has no classifier of what images show. "
            "Use translate with the changes alone."
        )


def change_vector(label_space, target):
    """The change that a `Target` stands for, float32 (attributes,) in [-1, 1]."""
    info = label_space.datasets[target.dataset]
    vector = np.zeros(len(info.domains), np.float32)
    for domain, change in target.changes.items():
        vector[info.index(domain)] = change
    return vector


def exclusive_members(info):
    """Which attributes exclude each other, float32 (groups, attributes) of 0 and 1."""
    groups = info.exclusive_groups if info.label_type == "binary" else [info.domains]
    members = [[float(name in group) for name in info.domains] for group in groups]
    return np.array(members, np.float32).reshape(len(groups), len(info.domains))
