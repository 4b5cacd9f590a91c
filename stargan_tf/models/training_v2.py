"""How a StarGAN v2 learns: four updates and the averages, for each batch."""

import tensorflow as tf

from stargan_tf.distribution.everywhere import update_everywhere
from stargan_tf.distribution.global_batch import (
    check_equal_parts,
    global_size,
    own_part,
)
from stargan_tf.models.base import watching
from stargan_tf.models.batch_v2 import Batch, parts_of
from stargan_tf.models.dense_gradient import dense
from stargan_tf.models.micro_batches import mean_over_parts
from stargan_tf.models.networks_v2 import AVERAGED
from stargan_tf.models.phases_v2 import LATENT, REFERENCE, SOURCES, PhasesV2

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
