"""StarGAN v2's four updates and averages as pure functions, differentiated by JAX."""

import jax
import jax.numpy as jnp
from jax.lax import stop_gradient

from jax_training.phases_v1 import prefixed
from jax_training.state import descend
from stargan_tf.losses.reconstruction import mean_absolute_difference
from stargan_tf.models.stargan_v2.objective import non_saturating_loss, r1_penalty

LATENT, REFERENCE = SOURCES = ("latent", "reference")
AVERAGED = ("generator", "mapping_network", "style_encoder")
LEARNERS = {LATENT: AVERAGED, REFERENCE: ("generator",)}
EMA_DECAY = 0.999


class PhasesV2:
    """The updates of one batch, with the paper's loss weights (all 1).

    Args:
        networks: {name: Network} of the four.
        diversity_steps: the iteration at which λ_ds has fallen to zero.
    """

    def __init__(self, networks, diversity_steps=100_000):
        self.networks, self.diversity_steps = networks, diversity_steps

    def iteration(self, state, batch):
        """The four updates in the official order, then the averages: (state, terms).

        In one compilation XLA computes the latent phases' common fake once.
        """
        logs = {}
        for kind in ("discriminator", "generator"):
            for source in SOURCES:
                step = getattr(self, f"{kind}_step")
                state, terms, _ = step(state, batch, source)
                logs |= prefixed(f"{kind[0]}_{source}", terms)
        averages = {
            name: jax.tree.map(_towards, state.averages[name], state.weights[name])
            for name in AVERAGED
        }
        return state._replace(averages=averages, step=state.step + 1), logs

    def discriminator_step(self, state, batch, source):
        """One update of D: (state, terms, gradients)."""
        fake = stop_gradient(self.fake(state.weights, batch, source))

        def loss(learned):
            terms = self._discriminator_terms(learned, batch, fake)
            return sum(terms.values()), terms

        return descend(self.networks, state, ("discriminator",), loss)

    def generator_step(self, state, batch, source):
        """One update of G and, with latents, of F and E: (state, terms, gradients)."""
        other = stop_gradient(self.fake(state.weights, batch, source, second=True))
        share = jnp.maximum(1.0 - state.step / self.diversity_steps, 0.0)

        def loss(learned):
            weights = {**state.weights, **learned}
            terms = self._generator_terms(weights, batch, source, other)
            diversity = share.astype(terms["diversity"].dtype) * terms["diversity"]
            total = terms["adversarial"] + terms["style"] + terms["cycle"]
            return total - diversity, terms

        return descend(self.networks, state, LEARNERS[source], loss)

    def style(self, weights, batch, source, second=False):
        """The target's style, from a latent code or from a reference."""
        if source == LATENT:
            latent = batch.latent_2 if second else batch.latent
            return self._run("mapping_network", weights, latent, batch.target)
        reference = batch.reference_2 if second else batch.reference
        return self._run("style_encoder", weights, reference, batch.target)

    def fake(self, weights, batch, source, second=False):
        """The images in that style."""
        style = self.style(weights, batch, source, second)
        return self._generate(weights, batch.image, style, batch.masks)

    def _run(self, name, weights, *inputs):
        return self.networks[name](weights[name], *inputs)

    def _generate(self, weights, image, style, masks):
        inputs = (image, style) if masks is None else (image, style, masks)
        return self._run("generator", weights, *inputs)

    def _discriminator_terms(self, weights, batch, fake):
        def total(image):
            logits = self._run("discriminator", weights, image, batch.domain)
            return logits.sum(), logits

        slope, real_logits = jax.grad(total, has_aux=True)(batch.image)
        fake_logits = self._run("discriminator", weights, fake, batch.target)
        return {
            "real": non_saturating_loss(real_logits, real=True),
            "fake": non_saturating_loss(fake_logits, real=False),
            "r1": r1_penalty(slope),
        }

    def _generator_terms(self, weights, batch, source, other):
        style = self.style(weights, batch, source)
        fake = self._generate(weights, batch.image, style, batch.masks)
        logits = self._run("discriminator", weights, fake, batch.target)
        found = self._run("style_encoder", weights, fake, batch.target)
        own = self._run("style_encoder", weights, batch.image, batch.domain)
        # The fakes' masks are those of the images: there is no landmark network here.
        back = self._generate(weights, fake, own, batch.masks)
        return {
            "adversarial": non_saturating_loss(logits, real=True),
            "style": mean_absolute_difference(style, found),
            "diversity": mean_absolute_difference(fake, other),
            "cycle": mean_absolute_difference(batch.image, back),
        }


def _towards(average, weight):
    return average + (weight - average) * (1.0 - EMA_DECAY)
