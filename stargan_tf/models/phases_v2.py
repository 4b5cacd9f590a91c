"""What the phases of a StarGAN v2 iteration compute: styles, fakes and losses."""

import tensorflow as tf

from stargan_tf.models.objective_v2 import (
    discriminator_terms,
    diversity_weight,
    generator_terms,
)
from stargan_tf.models.rematerialise import rematerialised

LATENT, REFERENCE = SOURCES = ("latent", "reference")


class PhasesV2:
    """The losses of the four phases, on the trained networks; a part of `StarGANV2`."""

    def _style(self, batch, source, second=False):
        """s̃ (or s̃₂): the target's style, from a latent code or from a reference."""
        if source == LATENT:
            latent = batch.latent_2 if second else batch.latent
            return self.mapping_network([latent, batch.target])
        reference = batch.reference_2 if second else batch.reference
        return self._encode_style(reference, batch.target)

    def _fake(self, batch, source, second=False):
        style = self._style(batch, source, second)
        return self._generate(batch.image, style, batch.masks)

    def _generate(self, image, style, masks):
        def generate(image, style):
            return self.generator(self._generator_inputs(image, style, masks))

        return self._frugal(generate)(image, style)

    def _encode_style(self, image, domain):
        return self._frugal(lambda image: self.style_encoder([image, domain]))(image)

    def _discriminate(self, image, domain):
        return self.discriminator([image, domain])

    def _judge(self, image, domain):
        """As `_discriminate`, for losses that are differentiated only once."""
        return self._frugal(lambda image: self._discriminate(image, domain))(image)

    def _frugal(self, function):
        return rematerialised(function) if self.remat else function

    def _discriminator_loss(self, batch, source, fake):
        """The discriminator's loss, logged; `fake` carries no gradient."""
        terms = discriminator_terms(
            self._discriminate, batch.image, batch.domain, fake, batch.target
        )
        loss = terms["real"] + terms["fake"] + self.loss_weights["r1"] * terms["r1"]
        self._log_phase(f"d_{source}", loss, terms)
        return loss

    def _generator_loss(self, batch, source, other):
        """The loss of G, F and E (equation 5), logged; `other`: without gradient."""
        terms = generator_terms(
            self._generate,
            self._judge,
            self._encode_style,
            self._masks,
            batch.image,
            batch.masks,
            batch.domain,
            batch.target,
            self._style(batch, source),
            other,
        )
        weights = self.loss_weights
        diversity = diversity_weight(
            weights["diversity"], self.step.value, self.diversity_steps
        )
        loss = (
            terms["adversarial"]
            + weights["style"] * terms["style"]
            - tf.cast(diversity, terms["diversity"].dtype) * terms["diversity"]
            + weights["cycle"] * terms["cycle"]
        )
        self._log_phase(f"g_{source}", loss, terms)
        self._log({"diversity_weight": diversity})
        return loss

    def _log_phase(self, prefix, loss, terms):
        values = {"loss": loss, **terms}
        self._log({f"{prefix}_{name}": value for name, value in values.items()})
