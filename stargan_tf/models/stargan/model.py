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
from stargan_tf.errors import InputError, check_choice
from stargan_tf.layers.precision import at_least_float32
from stargan_tf.models.base import (
    check_at_least_one,
    check_decay,
    make_label_space,
    tape_over,
    untrained_copy,
    value_and_slope,
)
from stargan_tf.models.inputs import unpack
from stargan_tf.models.label_model import FIELDS, LabelModel
from stargan_tf.models.stargan.networks import DiscriminatorV1, GeneratorV1
from stargan_tf.models.stargan.objective import (
    ADVERSARIALS,
    LOSS_WEIGHTS,
    WGAN_GP,
    critic_table,
    critic_terms,
    disturbed,
    domain_classification,
    generator_table,
    generator_terms,
    shifted,
)
from stargan_tf.optimizers import LinearDecay, TorchAdam

# The labels to translate to in training.
PERMUTED, ASKED = TARGETS = ("permuted", "asked")


@keras.saving.register_keras_serializable(package="stargan_tf")
class StarGAN(LabelModel):
    """StarGAN v1 as a Keras model: `compile`, `fit`, `translate`, `save`.

    Args:
        datasets: one `DatasetInfo`, or several for joint training with the mask
            vector; they describe the domains and the images. The alternative is
            `domains` or `num_domains`.
        base_filters: first width of the generator (`g_conv_dim`).
        num_residual_blocks: bottleneck depth of the generator (`g_repeat_num`).
        discriminator_filters: first width of the discriminator (`d_conv_dim`).
        discriminator_layers: its number of halvings (`d_repeat_num`).
        output: `"image"` as in the paper, or another of what `GeneratorV1` draws.
        conditioning: `"input"` as in the paper, or `"blocks"` or `"adain"` (see
            `GeneratorV1`).
        upsampling: `"transposed"` as in the paper, or `"resize"` (see `GeneratorV1`).
        skips: whether the generator has skip connections (not in the paper; see
            `GeneratorV1`).
        separate_classifier: whether the discriminator classifies in layers of their
            own (not in the paper; see `DiscriminatorV1`).
        ema_decay: decay of an exponential moving average of the generator's weights,
            which is then used to translate, such as 0.999; 0 for none, as in the paper.
        multi_task: whether the discriminator judges each domain by itself, in place of
            a classifier (StarGAN v2's ablation; see `DiscriminatorV1`); for one data
            set with one-hot labels. `classify` then says whose logits are the highest.
        num_domains: number of domains, which are then called `attribute_0`, … (or
            `domain_0`, … if they are one-hot).
        domains: names of the domains (attributes), in the order of the labels.
        label_type: `"binary"` (the default), any number of domains at once, or
            `"one_hot"`, exactly one.
        image_size: side of the square images in pixels, or (height, width); multiples
            of 4. 128 by default.
        num_channels: of the images, from 1 to 64; 3, RGB, by default.
        exclusive_groups: for binary labels, groups of domains of which at most one
            holds, such as `[["Black_Hair", "Blond_Hair"]]`.

    Raises:
        InputError: if the domains are given in no way or in several, or an argument
            is out of range.

    `fit` takes batches (image, label), or dictionaries with these keys: images are
    float (batch, height, width, channels) in [-1, 1], or uint8; labels are (batch,
    `label_space.width`), from 0 to 1.

    Example:

    ```python
    import stargan_tf

    faces = stargan_tf.load_dataset("toon_attributes", image_size=64)
    model = stargan_tf.StarGAN(faces.info, base_filters=16, discriminator_layers=4)
    model.compile(total_steps=1000)
    model.fit(stargan_tf.training_batches(faces), steps_per_epoch=100, epochs=10)
    ```

    Images of your own need no data set: `StarGAN(num_domains=5, image_size=128)`.

    With `dtype="mixed_bfloat16"` the generator runs in bfloat16; the discriminator,
    all losses and the penalty stay in float32.

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
        check_decay("ema_decay", ema_decay)
        infos = self.label_space.datasets
        if multi_task and (len(infos) > 1 or infos[0].label_type != ONE_HOT):
            raise InputError(
                "multi_task is for one data set with one-hot labels. Received: "
                f"{[(info.name, info.label_type) for info in infos]}. Leave out "
                "multi_task, or choose such a data set."
            )
        if multi_task and separate_classifier:
            raise InputError(
                "multi_task takes the place of the classifier. Received: "
                "separate_classifier=True as well. Leave out one of them."
            )
        # The name in version 0.1.0.
        if attention and output not in ("image", "blend"):
            raise InputError(
                "attention=True is the earlier name of output='blend'. Received: "
                f"output={output!r} as well. Leave out attention."
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
        }
        self.multi_task = multi_task
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
            # Its slope is what the penalty differentiates: bfloat16 would put that
            # off by a tenth, for a small share of the work.
            dtype=at_least_float32(self.dtype_policy),
            name="discriminator",
        )
        if ema_decay:
            self.generator_ema = untrained_copy(self.generator)
        types = [info.label_type for info in self.label_space.datasets]
        self._label_slices = tuple(zip(self.label_space.slices, types, strict=True))
        # Of each data set, in joint training: whose batch it is says when G learns.
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
        """Loads the step and the counts, which files of version 0.1.0 may lack.

        Args:
            store: what Keras stored of this model itself.
        """
        # The list of names, as older Keras' stores (seen with 3.6) answer no `in`.
        if self.batches_seen is None or "1" in list(store.keys()):
            super().load_own_variables(store)
            return
        # The data sets took turns: the first of them was the first of each round.
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
        """Prepares training; without arguments, as the paper trains.

        Args:
            optimizer: a Keras optimizer, its name or its config, of which each
                network gets a copy; defaults to the paper's Adam.
            generator_optimizer: for the generator only. It counts its own updates,
                one in `critic_steps` batches.
            discriminator_optimizer: for the discriminator only.
            learning_rate: rate of the default optimizers.
            lr_decay: how it falls: `"paper"`, `"official"` (see `LinearDecay`) or
                `"none"`.
            total_steps: length of the training in batches, for the decay.
            beta_1: decay of the default optimizers' mean gradient.
            beta_2: decay of their mean square.
            loss_weights: {name: weight} of the terms to weigh otherwise than the
                paper, such as `{"reconstruction": 5.0}`; `LOSS_WEIGHTS` in
                `objective.py` has all.
            adversarial: `"wgan_gp"` as in the paper, or `"non_saturating"`, whose
                penalty has the weight `r1`.
            targets: `"permuted"`, the labels of other images in the batch, as in the
                paper, or `"asked"`, labels as users choose them: at most one attribute
                changed (see `asked_labels`). Images whose labels do not change are
                then left out of the adversarial loss.
            augment: whether to shift the images that the discriminator sees at random
                (not in the paper; see `shifted`).
            noise: whether to show its classifier noisy images (not in the paper; see
                `disturbed`).
            label_smoothing: of the generator's classification loss (not in the paper;
                see `domain_classification`), against exaggerated translations.
            critic_steps: critic updates per generator update (n_critic); in joint
                training each data set counts its own.
            pretraining_steps: steps at the start in which only the discriminator's
                classifier learns (not in the paper). They take little time, and the
                generator then learns from a useful classifier at once. A separate
                classifier does not change afterwards.
            rectified: the generator's objective of Fixed-Point GAN as released: every
                term over target and own label, and an identity loss.
            seed: of everything random in training.
            jit_compile: XLA; it makes a CPU several times slower.
            **kwargs: further arguments of `keras.Model.compile`, such as
                `run_eagerly` and `steps_per_execution`.

        Raises:
            InputError: unknown loss weight or decay, `critic_steps` below 1.
        """
        check_at_least_one("critic_steps", critic_steps)
        check_choice("adversarial", adversarial, ADVERSARIALS)
        check_choice("targets", targets, TARGETS)
        shares = {
            "beta_1": beta_1,
            "beta_2": beta_2,
            "label_smoothing": label_smoothing,
        }
        for name, share in shares.items():
            check_decay(name, share)
        self.critic_steps, self.pretraining_steps = critic_steps, pretraining_steps
        self.adversarial, self.targets = adversarial, targets
        self.augment, self.noise = augment, noise
        self.label_smoothing = label_smoothing
        weights = LOSS_WEIGHTS | (loss_weights or {})
        learned_before = self.arguments["separate_classifier"] and pretraining_steps
        classifies = not self.multi_task
        if pretraining_steps and not classifies:
            raise InputError(
                "pretraining_steps are the classifier's, which a model with multi_task "
                f"does not have. Received: {pretraining_steps}. Leave them out."
            )
        self._critic_table = critic_table(
            weights, adversarial, classifies and not learned_before
        )
        self._generator_table = generator_table(weights, rectified, classifies)
        logged = self._critic_table | critic_table(weights, adversarial, classifies)
        self.total_steps = None if lr_decay == "none" else total_steps

        def adam(steps, steps_per_update):
            rate = learning_rate
            if lr_decay != "none":
                rate = LinearDecay(rate, steps, lr_decay, steps_per_update)
            return TorchAdam(rate, beta_1=beta_1, beta_2=beta_2)

        self.compile_training(
            optimizers={
                "generator": adam(
                    max(1, total_steps - pretraining_steps), critic_steps
                ),
                "discriminator": adam(total_steps, 1),
            },
            optimizer=optimizer,
            generator_optimizer=generator_optimizer,
            discriminator_optimizer=discriminator_optimizer,
            options={
                "learning_rate": learning_rate,
                "lr_decay": lr_decay,
                "total_steps": total_steps,
                "beta_1": beta_1,
                "beta_2": beta_2,
                "adversarial": adversarial,
                "targets": targets,
                "augment": augment,
                "noise": noise,
                "label_smoothing": label_smoothing,
                "critic_steps": critic_steps,
                "pretraining_steps": pretraining_steps,
                "rectified": rectified,
            },
            loss_weights=loss_weights,
            default_weights=LOSS_WEIGHTS,
            seed=seed,
            log_names=(
                *(f"d_{term}" for term in ("loss", *logged)),
                *(f"g_{term}" for term in ("loss", *self._generator_table)),
            ),
            jit_compile=jit_compile,
            **kwargs,
        )

    # === Training ===

    def train_step(self, data, updates=None):
        """One critic update and, every `critic_steps`-th time, one of the generator.

        In joint training each data set counts its own batches, so that the generator
        learns from each of them in its share, in whatever order they come. In the first
        `pretraining_steps` only the discriminator's classifier learns.

        Args:
            data: image and label.
            updates: which of the `kinds_of_updates`; by default by the count.
        """
        image, label = self.unpack_batch(data)
        kinds = self.kinds_of_updates()
        if updates is None and len(kinds) == 1:
            (updates,) = kinds
        if updates is None:
            index = self._next_updates(self._images_of_each_data_set(label))
            tf.switch_case(
                index, [functools.partial(update, image, label) for update in kinds]
            )
        else:
            updates(image, label)
        self.step.assign_add(1)
        return self.get_metrics_result()

    def _train_variants(self, data):
        """Train steps and whose turn it is, where a replica must not decide."""
        if len(self.kinds_of_updates()) == 1:
            return super()._train_variants(data)
        strategy, (_, label) = self.distribute_strategy, unpack(data, FIELDS)
        counts = strategy.run(self._images_of_each_data_set, args=(label,))
        index = self._next_updates(strategy.reduce("SUM", counts, axis=None))
        steps = [
            functools.partial(self.train_step, updates=update)
            for update in self.kinds_of_updates()
        ]
        return steps, index

    def kinds_of_updates(self):
        """What a step may do, in the order of their work: functions of image and label.

        They are the classifier's update, if there are `pretraining_steps`; the
        critic's, if there are several `critic_steps`; and both networks'.
        """
        kinds = [self._train_both]
        if self.critic_steps > 1:
            kinds.insert(0, self._train_critic)
        if self.pretraining_steps:
            kinds.insert(0, self._train_classifier)
        return kinds

    def _next_updates(self, images_of_each_data_set):
        """Counts a batch; index of its kind of updates, int32."""
        last = len(self.kinds_of_updates()) - 1
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
        """Counts a batch; whether it is its data set's `critic_steps`-th."""
        seen = self.batches_seen
        if seen is None:
            return (tf.convert_to_tensor(self.step.value) + 1) % self.critic_steps == 0
        source = tf.argmax(images_of_each_data_set)
        counts = tf.convert_to_tensor(seen.value)
        counts += tf.one_hot(source, counts.shape[0], dtype=counts.dtype)
        seen.assign(counts)
        return counts[source] % self.critic_steps == 0

    def test_step(self, data):
        """The losses, without an update; each evaluation draws the same numbers."""
        image, label = self.unpack_batch(data)
        target, alpha = self._draw(label, self.evaluation_number())
        fake = self.generator([image, target])
        self._critic_loss(image, label, target, fake, alpha)
        self._generator_loss(image, label, target, fake)
        return self.get_metrics_result()

    def _draw(self, label, number=None):
        """Target labels and the penalty's positions for a batch; see `random_seed`.

        Both are drawn for the whole batch, that of all replicas.
        """
        count = global_batch_size(label)
        seed = self.random_seed(0, number)
        if self.targets == ASKED:
            drawn = tf.random.stateless_uniform([count], seed)
            target = asked_labels(label, local_rows(drawn), self.label_space)
        else:
            order = tf.random.stateless_uniform([count], seed)
            target = tf.gather(global_rows(label), local_rows(tf.argsort(order)))
        seed = self.random_seed(1, number)
        alpha = tf.random.stateless_uniform((count, 1, 1, 1), seed)
        return target, local_rows(alpha)

    def _update_critic(self, image, label, target, fake, alpha):
        """One discriminator update; returns its gradients."""
        image = self._augmented(image, 2)
        fake = self._augmented(tf.stop_gradient(fake), 3)
        classified = self._disturbed(image, 5) if self.noise else None
        with tape_over(self.discriminator) as tape:
            loss = self._critic_loss(image, label, target, fake, alpha, classified)
        variables = self.discriminator.trainable_variables
        if "classification" not in self._critic_table:
            learned = {v.path for v in self.discriminator.classifier_variables}
            variables = [v for v in variables if v.path not in learned]
        gradients = tape.gradient(loss, variables)
        self.apply_gradients("discriminator", gradients, variables)
        return gradients

    def _update_both(self, image, label, target, alpha):
        """One update of each network, D first; returns both networks' gradients.

        The fake is computed once: D sees it as data, G then goes on from it.
        """
        with tape_over(self.generator) as tape:
            fake = self.generator([image, target], training=True)
            with tape.stop_recording():
                d_gradients = self._update_critic(image, label, target, fake, alpha)
            # One after the other: side by side they only need more memory.
            with tf.control_dependencies(d_gradients):
                fake = tf.identity(fake)
            loss = self._generator_loss(image, label, target, fake, training=True)
        gradients = tape.gradient(loss, self.generator.trainable_variables)
        self.apply_gradients("generator", gradients)
        if self.ema_decay:
            # Early averages are short, so that they forget the initial weights.
            updates = tf.cast(self.generator_optimizer.iterations, tf.float32)
            decay = tf.minimum(self.ema_decay, updates / (updates + 10.0))
            self.update_averages(("generator",), decay)
        return d_gradients, gradients

    def _changed(self, label, target):
        """Which images were asked to change, bool (batch,); None: nobody asked."""
        asked = self.targets == ASKED
        return tf.reduce_any(target != label, axis=-1) if asked else None

    def _augmented(self, image, purpose):
        if not self.augment:
            return image
        shape = (global_batch_size(image), 2)
        drawn = tf.random.stateless_uniform(shape, self.random_seed(purpose))
        return shifted(image, local_rows(drawn))

    def _disturbed(self, image, first_purpose):
        if not self.noise:
            return image
        count, purpose = global_batch_size(image), itertools.count(first_purpose)

        def normal(shape):
            seed = self.random_seed(next(purpose))
            return local_rows(tf.random.stateless_normal((count, *shape[1:]), seed))

        return disturbed(image, normal)

    def _critic_loss(self, image, label, target, fake, alpha, classified=None):
        """Equation 5, logged."""
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
            target if self.multi_task else None,
        )
        return self.weigh("d", terms, self._critic_table, self.loss_weights)

    def _generator_loss(self, image, label, target, fake, training=False):
        """Equation 6, logged."""

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
            self.multi_task,
        )
        return self.weigh("g", terms, self._generator_table, self.loss_weights)


def asked_labels(label, drawn, label_space):
    """Targets as users ask for them: one change each.

    Of a data set with binary labels each image gets, equally often, one of an
    exclusive group's domains, another label switched, or its own labels; with one-hot
    labels one of the domains.

    Args:
        label: float32 (batch, width).
        drawn: float32 (batch,) in [0, 1), which says what is asked.
        label_space: the `LabelSpace`.

    Returns:
        float32 (batch, width).
    """
    target = label
    for index, info in enumerate(label_space.datasets):
        sets, switches = _requests(info)
        request = tf.cast(drawn * len(sets), tf.int32)
        part = label[:, label_space.slices[index]]
        request_sets = tf.gather(sets, request)  # NaN where the label stays
        asked = tf.where(tf.math.is_nan(request_sets), part, request_sets)
        switched = tf.gather(switches, request)
        asked = tf.abs(switched - asked)
        columns = label_space.slices[index]
        change = asked - part
        if label_space.mask_width:
            mask = label[:, label_space.num_domains + index, None]
            change *= mask
        before, after = columns.start, label_space.width - columns.stop
        target += tf.pad(change, ((0, 0), (before, after)))
    return target


def _requests(info):
    """What can be asked of a data set's labels, one row each.

    Returns:
        Two float32 arrays (requests, domains): what is set, NaN where nothing is; and
        1 where a label is switched.
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
