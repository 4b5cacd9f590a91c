"""How a StarGAN v1 learns: the updates of one batch."""

import functools

import tensorflow as tf

from stargan_tf.distribution.global_batch import (
    check_equal_parts,
    global_size,
    own_part,
    whole,
)
from stargan_tf.errors import InputError
from stargan_tf.models.base import watching
from stargan_tf.models.objective_v1 import critic_terms, generator_terms


class TrainingV1:
    """The training and evaluation step; a part of `StarGAN`."""

    def train_step(self, data, generator_too=None):
        """One critic update and, every `critic_steps`-th time, one of the generator.

        In joint training each data set counts its own batches, so that the generator
        learns from each of them in its share, in whatever order they come. The target
        labels are the batch's own, shuffled.

        Args:
            data: image and label.
            generator_too: whether the generator learns; by default by the count.
        """
        image, label = self._unpack(data)
        target, alpha = self._draw(label)

        def critic_only():
            fake = self.generator([image, target], training=True)
            self._update_critic(image, label, fake, alpha)

        def critic_and_generator():
            self._update_both(image, label, target, alpha)

        if self.critic_steps == 1 or generator_too:
            critic_and_generator()
        elif generator_too is None:
            turn = self._is_generators_turn(self._mask_total(label))
            tf.cond(turn, critic_and_generator, critic_only)
        else:
            critic_only()
        self.step.assign_add(1)
        return self._results()

    def _train_variants(self, data):
        """Two train steps and whose turn it is, where a replica must not decide."""
        if self.critic_steps == 1:
            return super()._train_variants(data)
        strategy, (_, label) = self.distribute_strategy, data
        totals = strategy.run(self._mask_total, args=(label,))
        turn = self._is_generators_turn(strategy.reduce("SUM", totals, axis=None))
        ways = (functools.partial(self.train_step, generator_too=t) for t in (0, 1))
        return list(ways), tf.cast(turn, tf.int32)

    def _mask_total(self, label):
        """How many images each data set has in a batch, (data sets,)."""
        if not self.label_space.mask_width:
            return tf.ones([1], label.dtype)
        return tf.reduce_sum(label[:, -self.label_space.mask_width :], axis=0)

    def _is_generators_turn(self, mask_total):
        """Counts a batch; whether it is its data set's `critic_steps`-th."""
        seen = self.batches_seen
        if seen is None:
            return (tf.convert_to_tensor(self.step.value) + 1) % self.critic_steps == 0
        source = tf.argmax(mask_total)
        counts = tf.convert_to_tensor(seen.value)
        counts += tf.one_hot(source, counts.shape[0], dtype=counts.dtype)
        seen.assign(counts)
        return counts[source] % self.critic_steps == 0

    def test_step(self, data):
        """The losses, without an update; each evaluation draws the same numbers."""
        image, label = self._unpack(data)
        target, alpha = self._draw(label, self._evaluation_number())
        fake = self.generator([image, target])
        self._log_critic(self._critic_terms(image, label, fake, alpha))
        self._log_generator(self._generator_terms(image, label, target, fake))
        return self._results()

    def predict_step(self, data):
        """G(x, c) for [image, label] or a batch of (image, label)."""
        if isinstance(data, tuple) and len(data) == 1:
            data = data[0]
        return self.generator(list(data))

    def _unpack(self, data):
        image, label = data
        if label.shape[-1] != self.label_space.width:
            raise InputError(
                f"Labels must have {self.label_space.width} columns "
                f"{[info.domains for info in self.label_space.datasets]}"
                f"{' and the mask' if self.label_space.mask_width else ''}. "
                f"Received: label.shape={label.shape}. Use LabelSpace.embed()."
            )
        return check_equal_parts(image), tf.cast(label, tf.float32)

    def _draw(self, label, number=None):
        """Target labels and the penalty's positions for a batch; see `_random_seed`.

        The labels are shuffled over the whole batch, that of all replicas.
        """
        count = global_size(label)
        order = tf.random.stateless_uniform([count], self._random_seed(0, number))
        target = tf.gather(whole(label), own_part(tf.argsort(order)))
        seed = self._random_seed(1, number)
        alpha = tf.random.stateless_uniform((count, 1, 1, 1), seed)
        return target, own_part(alpha)

    def _critic_terms(self, image, label, fake, alpha):
        return critic_terms(self.discriminator, image, label, fake, alpha, self._parts)

    def _generator_terms(self, image, label, target, fake):
        return generator_terms(
            self.generator,
            self.discriminator,
            image,
            label,
            target,
            fake,
            self._parts,
            self.rectified,
        )

    def _update_critic(self, image, label, fake, alpha):
        """One discriminator update; returns its gradients."""
        with watching(self.discriminator) as tape:
            terms = self._critic_terms(image, label, tf.stop_gradient(fake), alpha)
            loss = self._log_critic(terms)
        gradients = tape.gradient(loss, self.discriminator.trainable_variables)
        self._apply("discriminator", gradients)
        return gradients

    def _update_both(self, image, label, target, alpha):
        """One update of each network, D first; returns both networks' gradients.

        The fake is computed once: D sees it as data, G then goes on from it.
        """
        with watching(self.generator) as tape:
            fake = self.generator([image, target], training=True)
            with tape.stop_recording():
                d_gradients = self._update_critic(image, label, fake, alpha)
            # One after the other: side by side they only need more memory.
            with tf.control_dependencies(d_gradients):
                fake = tf.identity(fake)
            terms = self._generator_terms(image, label, target, fake)
            loss = self._log_generator(terms)
        gradients = tape.gradient(loss, self.generator.trainable_variables)
        self._apply("generator", gradients)
        return d_gradients, gradients

    def _log_critic(self, terms):
        """Weighs the critic's terms (equation 5), logs them; returns the loss."""
        weights = self.loss_weights
        loss = (
            terms["real"]
            + terms["fake"]
            + weights["classification"] * terms["classification"]
            + weights["gradient_penalty"] * terms["penalty"]
        )
        self._log({"d_loss": loss, **{f"d_{name}": v for name, v in terms.items()}})
        return loss

    def _log_generator(self, terms):
        """Weighs the generator's terms (equation 6), logs them; returns the loss."""
        loss = sum(self.loss_weights.get(n, 1.0) * value for n, value in terms.items())
        self._log({"g_loss": loss, **{f"g_{name}": v for name, v in terms.items()}})
        return loss
