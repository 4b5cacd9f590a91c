"""StarGAN v1: one generator for all domains."""

import functools
import itertools

import keras
import numpy as np
import tensorflow as tf

from stargan_tf.data.info import BINARY, ONE_HOT
from stargan_tf.distribution.replicas import (
    global_batch_size,
    global_rows,
    local_rows,
)
from stargan_tf.errors import InputError
from stargan_tf.layers.precision import at_least_float32
from stargan_tf.models.base import (
    make_label_space,
    tape_over,
    untrained_copy,
    value_and_slope,
)
from stargan_tf.models.inputs import unpack
from stargan_tf.models.label_model import FIELDS, LabelModel
from stargan_tf.models.stargan import ASKED, PERMUTED, STARGAN, WGAN_GP
from stargan_tf.models.stargan.networks import DiscriminatorV1, GeneratorV1
from stargan_tf.models.stargan.objective import (
    critic_table,
    critic_terms,
    disturbed,
    domain_classification,
    generator_table,
    generator_terms,
    shifted,
)
from stargan_tf.optimizers import decaying_adam


@keras.saving.register_keras_serializable(package="stargan_tf")
class StarGAN(LabelModel):
    """StarGAN v1 as a Keras model: `compile`, `fit`, `translate`, `save`.

    `fit` takes batches (image, label), or dictionaries with these keys. Images are
    (batch, height, width, channels), float in [-1, 1] or uint8; labels are (batch,
    `label_space.width`) in [0, 1].

    Args:
        datasets: one `DatasetInfo`, or a list for joint training with the mask vector;
            describes the domains and the images. Alternatives: `domains` or
            `num_domains`.
        base_filters: channels of the generator's first convolution (`g_conv_dim`).
        num_residual_blocks: residual blocks of the generator (`g_repeat_num`).
        discriminator_filters: channels of the discriminator's first convolution
            (`d_conv_dim`).
        discriminator_layers: strided convolutions of the discriminator, each of which
            halves the image (`d_repeat_num`).
        output: output of the generator: `"image"`, as in the paper, `"blend"`,
            `"clipped_blend"`, `"additive"`, `"sparse_additive"`, or `"fixed_point"`
            (see `GeneratorV1`).
        conditioning: where the label enters the generator: `"input"`, as in the paper,
            `"blocks"`, or `"adain"` (see `GeneratorV1`).
        upsampling: `"transposed"`, as in the paper, or `"resize"` (see `GeneratorV1`).
        skips: whether the generator has skip connections (not in the paper; see
            `GeneratorV1`).
        separate_classifier: whether the discriminator's classifier has separate layers
            (not in the paper; see `DiscriminatorV1`).
        ema_decay: decay of an exponential moving average (EMA) of the generator's
            weights, such as 0.999. The EMA generator is then used to translate. 0 for
            none, as in the paper.
        multi_task: whether the discriminator has one real/fake output per domain
            instead of a classifier (StarGAN v2's ablation; see `DiscriminatorV1`). It
            requires a single data set with one-hot labels. `classify` then compares the
            logits of the domains.
        projection: whether the discriminator also judges how well images fit their
            labels (not in the paper; see `DiscriminatorV1`). Translations then go
            further: without it, faint changes that the classifier detects are enough.
        num_domains: number of domains, which are then named `attribute_0`, … (or
            `domain_0`, … if they are one-hot).
        domains: names of the domains (attributes), in the order of the labels.
        label_type: `"binary"` (the default) if any number of domains can apply to an
            image, or `"one_hot"` if exactly one does.
        image_size: side of the square images in pixels, or (height, width); multiples
            of 4. Defaults to 128.
        num_channels: number of channels of the images, from 1 to 64. Defaults to 3,
            RGB.
        exclusive_groups: for binary labels, groups of domains of which at most one
            applies to an image, such as `[["Black_Hair", "Blond_Hair"]]`.

    Raises:
        InputError: if the domains are given in no way or in more than one, or an
            argument is out of range.

    Example:

    ```python
    import stargan_tf

    faces = stargan_tf.load_dataset("toon_attributes", image_size=64)
    model = stargan_tf.StarGAN(faces.info, base_filters=16, discriminator_layers=4)
    model.compile(total_steps=1000)
    model.fit(stargan_tf.training_batches(faces), steps_per_epoch=100, epochs=10)
    ```

    To train on your own batches, no data set is needed:
    `StarGAN(num_domains=5, image_size=128)`.

    With `dtype="mixed_bfloat16"` the generator runs in bfloat16; the discriminator,
    all losses, and the penalty stay in float32.

    Reference: StarGAN (Choi et al. 2018), https://arxiv.org/abs/1711.09020
    """

    def __init__(
        self,
        datasets=None,
        base_filters=64,
        num_residual_blocks=6,
        discriminator_filters=64,
        discriminator_layers=6,
        output="image",
        conditioning="input",
        upsampling="transposed",
        skips=False,
        separate_classifier=False,
        ema_decay=0.0,
        multi_task=False,
        projection=False,
        *,
        attention=None,
        num_domains=None,
        domains=None,
        label_type=None,
        image_size=None,
        num_channels=None,
        exclusive_groups=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.label_space = make_label_space(
            datasets,
            num_domains=num_domains,
            domains=domains,
            label_type=label_type,
            image_size=image_size,
            num_channels=num_channels,
            exclusive_groups=exclusive_groups,
            default_type=BINARY,
            default_size=128,
        )
        infos = self.label_space.datasets
        if multi_task and (len(infos) > 1 or infos[0].label_type != ONE_HOT):
            raise InputError(
                "multi_task requires a single data set with one-hot labels. Received: "
                f"{[(info.name, info.label_type) for info in infos]}. Remove "
                "multi_task, or choose such a data set."
            )
        for name, other in {
            "separate_classifier": separate_classifier,
            "projection": projection,
        }.items():
            if multi_task and other:
                raise InputError(
                    "multi_task replaces the classifier and the logits that do not "
                    f"depend on the label. Received: multi_task=True and {name}=True. "
                    "Remove one of them."
                )
        # The name in version 0.1.0.
        if attention and output not in ("image", "blend"):
            raise InputError(
                "attention=True is deprecated and means output='blend'. Received: "
                f"attention=True and output={output!r}. Remove attention."
            )
        output = "blend" if attention else output
        generator_options = {
            "base_filters": base_filters,
            "num_residual_blocks": num_residual_blocks,
            "output": output,
            "conditioning": conditioning,
            "upsampling": upsampling,
            "skips": skips,
        }
        self.arguments = {
            **generator_options,
            "discriminator_filters": discriminator_filters,
            "discriminator_layers": discriminator_layers,
            "separate_classifier": separate_classifier,
            "ema_decay": ema_decay,
            "multi_task": multi_task,
            "projection": projection,
        }
        STARGAN.checked(**self.arguments)
        self.multi_task = multi_task
        self.conditional = multi_task or projection
        self.ema_decay = ema_decay
        self.generator = GeneratorV1(
            self.label_space.width,
            **generator_options,
            num_channels=self.label_space.image_shape[2],
            has_gaps=self.label_space.has_gaps,
            dtype=self.dtype_policy,
            name="generator",
        )
        self.discriminator = DiscriminatorV1(
            self.label_space.image_size,
            self.label_space.num_domains,
            discriminator_filters,
            discriminator_layers,
            separate_classifier,
            num_channels=self.label_space.image_shape[2],
            has_gaps=self.label_space.has_gaps,
            multi_task=multi_task,
            projection=projection,
            # The penalty differentiates its gradient, which would be off by 10 % in
            # bfloat16; the time saved would be small.
            dtype=at_least_float32(self.dtype_policy),
            name="discriminator",
        )
        if ema_decay:
            self.generator_ema = untrained_copy(self.generator)
        types = [info.label_type for info in self.label_space.datasets]
        self._label_slices = tuple(zip(self.label_space.slices, types, strict=True))
        # In joint training, batches of each data set: they determine when G is updated.
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
        """Loads the step and the counters; files of version 0.1.0 may lack counters.

        Args:
            store: the store that Keras provides for variables of the model itself.
        """
        # Stores of Keras 3.6 do not support `in`.
        if self.batches_seen is None or "1" in list(store.keys()):
            super().load_own_variables(store)
            return
        # Version 0.1.0 cycled through the data sets in order.
        self.step.assign(store["0"])
        sets = self.batches_seen.shape[0]
        self.batches_seen.assign((int(self.step) + np.arange(sets)[::-1]) // sets)

    # === Compilation ===

    def compile(
        self,
        optimizer=None,
        *,
        generator_optimizer=None,
        discriminator_optimizer=None,
        learning_rate=1e-4,
        lr_decay="paper",
        total_steps=200_000,
        beta_1=0.5,
        beta_2=0.999,
        loss_weights=None,
        adversarial=WGAN_GP,
        targets=PERMUTED,
        augment=False,
        noise=False,
        label_smoothing=0.0,
        critic_steps=5,
        pretraining_steps=0,
        rectified=False,
        seed=0,
        jit_compile=False,
        **kwargs,
    ):
        """Configures training. The defaults are those of the paper.

        Args:
            optimizer: a Keras optimizer, its name, or its config; each network gets a
                copy. Defaults to Adam as in the paper.
            generator_optimizer: optimizer of the generator only. Its iterations count
                updates of the generator, one in `critic_steps` batches.
            discriminator_optimizer: optimizer of the discriminator only.
            learning_rate: initial learning rate of the default optimizers.
            lr_decay: schedule of the learning rate: `"paper"`, `"official"` (see
                `LinearDecay`), or `"none"`.
            total_steps: length of the training in batches, for the schedule.
            beta_1: β₁ of the default optimizers.
            beta_2: β₂ of the default optimizers.
            loss_weights: {name: weight} of loss weights that differ from the paper,
                such as `{"reconstruction": 5.0}`. `STARGAN.weights()` returns all names
                and defaults.
            adversarial: adversarial loss: `"wgan_gp"`, as in the paper, or
                `"non_saturating"` with the R1 penalty, whose weight is `r1`.
            targets: target labels: `"permuted"`, labels of other images in the batch,
                as in the paper, or `"asked"`, the image's label with at most one
                change (see `asked_labels`), as users request it. Images whose label
                does not change are then excluded from the adversarial loss.
            augment: whether to shift the input images of the discriminator randomly
                (not in the paper; see `shifted`).
            noise: whether to add noise to the input images of the discriminator's
                classifier (not in the paper; see `disturbed`).
            label_smoothing: label smoothing in the generator's classification loss, in
                [0, 1); prevents exaggerated translations (not in the paper; see
                `domain_classification`).
            critic_steps: discriminator updates per generator update (n_critic),
                counted separately for each data set in joint training.
            pretraining_steps: number of initial steps that train only the
                discriminator's classifier (not in the paper). These steps are fast, and
                the generator then learns from a useful classifier from its first
                update. A separate classifier is frozen afterward.
            rectified: whether to use the generator objective of Fixed-Point GAN: every
                term is summed over the target label and the image's label, plus an
                identity loss.
            seed: integer seed of all random numbers in training.
            jit_compile: whether to compile with XLA. It makes training on a CPU several
                times slower.
            **kwargs: further arguments of `keras.Model.compile`, such as
                `run_eagerly` and `steps_per_execution`.

        Raises:
            InputError: if a loss weight or choice is unknown, an argument is out of
                range, or two arguments contradict each other.
        """
        options = STARGAN.checked(
            learning_rate=learning_rate,
            lr_decay=lr_decay,
            total_steps=total_steps,
            beta_1=beta_1,
            beta_2=beta_2,
            adversarial=adversarial,
            targets=targets,
            augment=augment,
            noise=noise,
            label_smoothing=label_smoothing,
            critic_steps=critic_steps,
            pretraining_steps=pretraining_steps,
            rectified=rectified,
        )
        loss_weights = STARGAN.weights(loss_weights)
        self.critic_steps, self.pretraining_steps = critic_steps, pretraining_steps
        self.adversarial, self.targets = adversarial, targets
        self.augment, self.noise = augment, noise
        self.label_smoothing = label_smoothing
        # After its pretraining, a separate classifier is not trained.
        self._frozen_classifier = bool(
            self.arguments["separate_classifier"] and pretraining_steps
        )
        classifies = not self.multi_task
        if pretraining_steps and not classifies:
            raise InputError(
                "pretraining_steps train a classifier, which a model with multi_task "
                f"does not have. Received: pretraining_steps={pretraining_steps}. "
                "Remove it."
            )
        self._critic_table = critic_table(
            loss_weights, adversarial, classifies and not self._frozen_classifier
        )
        self._generator_table = generator_table(loss_weights, rectified, classifies)
        logged = critic_table(loss_weights, adversarial, classifies)
        self.total_steps = None if lr_decay == "none" else total_steps

        adam = functools.partial(
            decaying_adam, learning_rate, lr_decay, beta_1=beta_1, beta_2=beta_2
        )
        self.compile_training(
            optimizers={
                "generator": adam(
                    max(1, total_steps - pretraining_steps), critic_steps
                ),
                "discriminator": adam(total_steps),
            },
            optimizer=optimizer,
            generator_optimizer=generator_optimizer,
            discriminator_optimizer=discriminator_optimizer,
            options=options,
            loss_weights=loss_weights,
            seed=seed,
            log_names=(
                *(f"d_{term}" for term in ("loss", *logged)),
                *(f"g_{term}" for term in ("loss", *self._generator_table)),
            ),
            jit_compile=jit_compile,
            **kwargs,
        )

    # === Training ===

    def train_step(self, data, update=None):
        """Updates the critic and, in every `critic_steps`-th batch, the generator.

        In joint training the batches of each data set are counted separately, so that
        the generator is updated with all data sets in proportion to their batches,
        regardless of their order. The first `pretraining_steps` steps update only the
        discriminator's classifier.

        Args:
            data: batch of image and label.
            update: one of `update_functions`. By default the step selects it.

        Returns:
            {name: running mean} of the losses and their terms.
        """
        image, label = self.unpack_batch(data)
        functions = self.update_functions()
        if update is None and len(functions) == 1:
            (update,) = functions
        if update is None:
            index = self._next_update(self._images_of_each_data_set(label))
            branches = [functools.partial(f, image, label) for f in functions]
            tf.switch_case(index, branches)
        else:
            update(image, label)
        self.step.assign_add(1)
        return self.get_metrics_result()

    def _train_variants(self, data):
        """Train steps, and the index of the next one, chosen outside the replicas."""
        if len(self.update_functions()) == 1:
            return super()._train_variants(data)
        strategy, (_, label) = self.distribute_strategy, unpack(data, FIELDS)
        counts = strategy.run(self._images_of_each_data_set, args=(label,))
        index = self._next_update(strategy.reduce("SUM", counts, axis=None))
        steps = [
            functools.partial(self.train_step, update=update)
            for update in self.update_functions()
        ]
        return steps, index

    def update_functions(self):
        """Returns the possible updates of a step, functions of image and label.

        In this order: an update of the classifier if there are `pretraining_steps`, of
        the critic if `critic_steps` is greater than 1, and of both networks.
        """
        functions = [self._train_both]
        if self.critic_steps > 1:
            functions.insert(0, self._train_critic)
        if self.pretraining_steps:
            functions.insert(0, self._train_classifier)
        return functions

    def _next_update(self, images_of_each_data_set):
        """Counts a batch; returns the index of its update function, int32."""
        last = len(self.update_functions()) - 1
        index = tf.constant(last)
        if self.critic_steps > 1:
            turn = self._is_generators_turn(images_of_each_data_set)
            index = tf.where(turn, last, last - 1)
        if self.pretraining_steps:
            step = tf.convert_to_tensor(self.step.value)
            index = tf.where(step < self.pretraining_steps, 0, index)
        return index

    def _train_classifier(self, image, label):
        image = self._disturbed(self._augmented(image, 2), 5)
        with tape_over(self.discriminator) as tape:
            _, logits = self.discriminator(image)
            term = domain_classification(label, logits, self._label_slices)
            loss = self.loss_weights["classification"] * term
        variables = self.discriminator.classifier_variables
        gradients = tape.gradient(loss, variables)
        self.apply_gradients("discriminator", gradients, variables)
        self.log({"d_classification": term, "d_loss": loss})

    def _train_critic(self, image, label):
        target, alpha = self._draw(label)
        fake = self.generator([image, target], training=True)
        self._update_critic(image, label, target, fake, alpha)

    def _train_both(self, image, label):
        target, alpha = self._draw(label)
        self._update_both(image, label, target, alpha)

    def _images_of_each_data_set(self, label):
        if not self.label_space.mask_width:
            return tf.ones([1], label.dtype)
        return tf.reduce_sum(label[:, -self.label_space.mask_width :], axis=0)

    def _is_generators_turn(self, images_of_each_data_set):
        """Counts a batch; returns whether it is the data set's `critic_steps`-th."""
        seen = self.batches_seen
        if seen is None:
            return (tf.convert_to_tensor(self.step.value) + 1) % self.critic_steps == 0
        source = tf.argmax(images_of_each_data_set)
        counts = tf.convert_to_tensor(seen.value)
        counts += tf.one_hot(source, counts.shape[0], dtype=counts.dtype)
        seen.assign(counts)
        return counts[source] % self.critic_steps == 0

    def test_step(self, data):
        """Computes the losses with the same random numbers in every evaluation."""
        image, label = self.unpack_batch(data)
        target, alpha = self._draw(label, self.evaluation_number())
        fake = self.generator([image, target])
        self._critic_loss(image, label, target, fake, alpha)
        if self._frozen_classifier:
            _, logits = self.discriminator(image)
            term = domain_classification(label, logits, self._label_slices)
            self.log({"d_classification": term})
        self._generator_loss(image, label, target, fake)
        return self.get_metrics_result()

    def _draw(self, label, number=None):
        """Returns random target labels and penalty positions (α) for a batch.

        Both are generated for the global batch, that of all replicas.
        """
        count = global_batch_size(label)
        seed = self.random_seed(0, number)
        if self.targets == ASKED:
            uniform = tf.random.stateless_uniform([count], seed)
            target = asked_labels(label, local_rows(uniform), self.label_space)
        else:
            order = tf.random.stateless_uniform([count], seed)
            target = tf.gather(global_rows(label), local_rows(tf.argsort(order)))
        seed = self.random_seed(1, number)
        alpha = tf.random.stateless_uniform((count, 1, 1, 1), seed)
        return target, local_rows(alpha)

    def _update_critic(self, image, label, target, fake, alpha):
        """Updates the discriminator; returns its gradients."""
        image = self._augmented(image, 2)
        fake = self._augmented(tf.stop_gradient(fake), 3)
        classified = self._disturbed(image, 5) if self.noise else None
        with tape_over(self.discriminator) as tape:
            loss = self._critic_loss(image, label, target, fake, alpha, classified)
        variables = self.discriminator.trainable_variables
        if self._frozen_classifier:
            frozen = {v.path for v in self.discriminator.classifier_variables}
            variables = [v for v in variables if v.path not in frozen]
        gradients = tape.gradient(loss, variables)
        self.apply_gradients("discriminator", gradients, variables)
        return gradients

    def _update_both(self, image, label, target, alpha):
        """Updates both networks, D first; returns the gradients of both.

        The generated images are computed once: D takes them as data, then G's loss
        continues from them.
        """
        with tape_over(self.generator) as tape:
            fake = self.generator([image, target], training=True)
            with tape.stop_recording():
                d_gradients = self._update_critic(image, label, target, fake, alpha)
            # In sequence: running both updates in parallel only needs more memory.
            with tf.control_dependencies(d_gradients):
                fake = tf.identity(fake)
            loss = self._generator_loss(image, label, target, fake, training=True)
        gradients = tape.gradient(loss, self.generator.trainable_variables)
        self.apply_gradients("generator", gradients)
        if self.ema_decay:
            # Early averages are shorter, so that they forget the initial weights.
            updates = tf.cast(self.generator_optimizer.iterations, tf.float32)
            decay = tf.minimum(self.ema_decay, updates / (updates + 10.0))
            self.update_averages(("generator",), decay)
        return d_gradients, gradients

    def _changed(self, label, target):
        """Images whose label changes, bool (batch,), or None with permuted targets."""
        asked = self.targets == ASKED
        return tf.reduce_any(target != label, axis=-1) if asked else None

    def _augmented(self, image, purpose):
        if not self.augment:
            return image
        shape = (global_batch_size(image), 2)
        uniform = tf.random.stateless_uniform(shape, self.random_seed(purpose))
        return shifted(image, local_rows(uniform))

    def _disturbed(self, image, first_purpose):
        if not self.noise:
            return image
        count, purpose = global_batch_size(image), itertools.count(first_purpose)

        def normal(shape):
            seed = self.random_seed(next(purpose))
            return local_rows(tf.random.stateless_normal((count, *shape[1:]), seed))

        return disturbed(image, normal)

    def _critic_loss(self, image, label, target, fake, alpha, classified=None):
        """Computes and logs equation 5."""
        terms = critic_terms(
            self.discriminator,
            value_and_slope,
            image,
            label,
            fake,
            alpha,
            self._label_slices,
            self._critic_table,
            self.adversarial,
            classified,
            self._changed(label, target),
            target if self.conditional else None,
        )
        return self.weigh("d", terms, self._critic_table, self.loss_weights)

    def _generator_loss(self, image, label, target, fake, training=False):
        """Computes and logs equation 6."""

        def discriminator(image):
            if not training:
                return self.discriminator(image)
            image = self._augmented(image, 4)
            patches, classes = self.discriminator(image)
            if self.noise:
                _, classes = self.discriminator(self._disturbed(image, 10))
            return patches, classes

        terms = generator_terms(
            self.generator,
            discriminator,
            image,
            label,
            target,
            fake,
            self._label_slices,
            self._generator_table,
            self.adversarial,
            self.label_smoothing,
            self._changed(label, target),
            self.conditional,
        )
        return self.weigh("g", terms, self._generator_table, self.loss_weights)


def asked_labels(label, uniform, label_space):
    """Generates target labels as users request them: at most one change each.

    With binary labels, all requests are equally likely: to set a domain of an exclusive
    group, to flip another label, or to keep the labels. With one-hot labels, the target
    is one of the domains.

    Args:
        label: float (batch, width).
        uniform: random numbers, float32 (batch,), uniform in [0, 1).
        label_space: the `LabelSpace`.

    Returns:
        Target labels, like `label`.
    """
    target = label
    for index, info in enumerate(label_space.datasets):
        sets, switches = _requests(info)
        request = tf.cast(uniform * len(sets), tf.int32)
        columns = label_space.slices[index]
        labels = label[:, columns]
        # NaN where the label is kept.
        request_sets = tf.cast(tf.gather(sets, request), label.dtype)
        asked = tf.where(tf.math.is_nan(request_sets), labels, request_sets)
        switched = tf.cast(tf.gather(switches, request), label.dtype)
        asked = tf.abs(switched - asked)
        change = asked - labels
        if label_space.mask_width:
            mask = label[:, label_space.num_domains + index, None]
            change *= mask
        before, after = columns.start, label_space.width - columns.stop
        target += tf.pad(change, ((0, 0), (before, after)))
    return target


def _requests(info):
    """Returns the possible requests to change labels of a data set.

    Returns:
        Two float32 arrays (requests, domains): the value to set, or NaN for none; and 1
        where a label is flipped, else 0.
    """
    count = len(info.domains)
    one_hot = info.label_type == ONE_HOT
    groups = [info.domains] if one_hot else info.exclusive_groups
    grouped = [name for group in groups for name in group]
    single = [name for name in info.domains if name not in grouped]
    sets, switches = [], []
    for group in groups:
        for chosen in group:
            sets.append(
                [float(n == chosen) if n in group else np.nan for n in info.domains]
            )
            switches.append(np.zeros(count))
    for chosen in single:
        sets.append(np.full(count, np.nan))
        switches.append([float(name == chosen) for name in info.domains])
    if not one_hot:
        sets.append(np.full(count, np.nan))
        switches.append(np.zeros(count))
    return np.array(sets, np.float32), np.array(switches, np.float32)
