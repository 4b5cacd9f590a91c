"""StarGAN v1's two updates as pure functions, differentiated by JAX."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.lax import stop_gradient

from jax_training.state import descend, update
from stargan_tf.losses.reconstruction import mean_absolute_difference
from stargan_tf.models.stargan.objective import (
    critic_loss,
    domain_classification,
    gradient_penalty,
    interpolate,
)

RECONSTRUCTION, PENALTY = 10.0, 10.0


class BatchV1(NamedTuple):
    """Args: as `stargan_tf.models.stargan.objective` has them."""

    image: Any
    label: Any
    target: Any
    alpha: Any


class PhasesV1:
    """The updates of one batch, with the paper's loss weights.

    Args:
        networks: {"generator": Network, "discriminator": Network}.
        parts: see `domain_classification`.
    """

    def __init__(self, networks, parts):
        self.networks, self.parts = networks, parts

    def critic_step(self, state, batch, drawn=None):
        """One update of the discriminator: (state, terms, gradients).

        Args:
            state: before.
            batch: `BatchV1`.
            drawn: from `draw`, if the generator learns from the batch, too.
        """
        fake, _ = drawn or self.draw(state, batch)

        def loss(learned):
            terms = self._critic_terms(learned["discriminator"], batch, fake)
            total = terms["real"] + terms["fake"] + terms["classification"]
            return total + PENALTY * terms["penalty"], terms

        return descend(self.networks, state, ("discriminator",), loss)

    def generator_step(self, state, batch, drawn=None):
        """One update of the generator; as `critic_step`."""
        fake, back_to_weights = drawn or self.draw(state, batch)

        def loss(weights, fake):
            terms = self._generator_terms(weights, state, batch, fake)
            total = terms["adversarial"] + terms["classification"]
            return total + RECONSTRUCTION * terms["reconstruction"], terms

        slope = jax.grad(loss, argnums=(0, 1), has_aux=True)
        (own, of_fake), terms = slope(state.weights["generator"], fake)
        (through_fake,) = back_to_weights(of_fake)
        gradients = {"generator": jax.tree.map(jnp.add, own, through_fake)}
        return update(self.networks, state, gradients), terms, gradients

    def draw(self, state, batch):
        """The fakes, and the function from their gradient to that of G's weights."""

        def generate(weights):
            return self.networks["generator"](weights, batch.image, batch.target)

        return jax.vjp(generate, state.weights["generator"])

    def critic_only(self, state, batch):
        """A batch on which only the discriminator learns: (state, terms)."""
        state, terms, _ = self.critic_step(state, batch)
        return state._replace(step=state.step + 1), prefixed("d", terms)

    def both(self, state, batch):
        """A batch on which both learn, D first, from the same fakes: (state, terms)."""
        drawn = self.draw(state, batch)
        state, d_terms, _ = self.critic_step(state, batch, drawn)
        state, g_terms, _ = self.generator_step(state, batch, drawn)
        logs = {**prefixed("d", d_terms), **prefixed("g", g_terms)}
        return state._replace(step=state.step + 1), logs

    def _critic_terms(self, weights, batch, fake):
        def judge(image):
            return self.networks["discriminator"](weights, image)

        real_logits, class_logits = judge(batch.image)
        between = interpolate(batch.image, stop_gradient(fake), batch.alpha)
        slope = jax.grad(lambda image: judge(image)[0].sum())(between)
        return {
            "real": critic_loss(real_logits, real=True),
            "fake": critic_loss(judge(stop_gradient(fake))[0], real=False),
            "classification": domain_classification(
                batch.label, class_logits, self.parts
            ),
            "penalty": gradient_penalty(slope),
        }

    def _generator_terms(self, weights, state, batch, fake):
        judge = self.networks["discriminator"]
        patch_logits, class_logits = judge(state.weights["discriminator"], fake)
        back = self.networks["generator"](weights, fake, batch.label)
        return {
            "adversarial": critic_loss(patch_logits, real=True),
            "classification": domain_classification(
                batch.target, class_logits, self.parts
            ),
            "reconstruction": mean_absolute_difference(batch.image, back),
        }


def prefixed(prefix, terms):
    """The terms under the names that the package's logs have."""
    return {f"{prefix}_{name}": value for name, value in terms.items()}
