"""How a trained StarGAN v2 is used: styles in, pictures out."""

import numpy as np
import tensorflow as tf

from stargan_tf.data.pixels import to_float, to_uint8
from stargan_tf.errors import InputError
from stargan_tf.models.batching import in_batches
from stargan_tf.models.styles_v2 import StylesV2, check_truncation, match


class TranslationV2(StylesV2):
    """Translation with latents, references or style codes; a part of `StarGANV2`.

    It uses the averaged networks `generator_ema`, `mapping_network_ema` and
    `style_encoder_ema`.
    """

    def translate(
        self,
        images,
        domain=None,
        latents=None,
        references=None,
        styles=None,
        truncation=1.0,
        seed=None,
        masks=None,
        batch_size=16,
    ):
        """Redraws images as images of a domain, in given or random styles.

        The averaged networks are used. The style comes from `latents`, `references`
        or `styles`; without them, from random latents.

        Args:
            images: (n, size, size, 3), uint8 or float in [-1, 1].
            domain: the target domain: its name or number, or n of them; not needed
                with `styles`.
            latents: z, (n, latent_dim), or (1, latent_dim) for all images.
            references: images whose style is taken, of `domain`: n or 1, like `images`.
            styles: s, from `encode_style` or `map_latents`: (n or 1, style_dim).
            truncation: ψ in [0, 1]; below 1 the styles of latents are drawn towards
                the domain's mean style: safer and less diverse.
            seed: of the random latents; `None` for other ones at each call.
            masks: high-pass masks (n, size, size, 2) in [0, 1]; defaults to what the
                mask provider gives.
            batch_size: images at a time.

        Returns:
            (n, size, size, 3), uint8 if `images` were, else float32, clipped to
            [-1, 1].

        Raises:
            InputError: unknown domain; shapes or options that do not fit.
        """
        images = self._check_images(images, "images")
        sources = {"latents": latents, "references": references, "styles": styles}
        given = [name for name, value in sources.items() if value is not None]
        self._check_sources(given, domain, truncation, seed, masks)
        if not given:
            rng = np.random.default_rng(seed)
            latents = rng.standard_normal((len(images), self.latent_dim))
        if references is not None:
            styles = self.encode_style(references, domain, batch_size)
        elif styles is None:
            styles = self.map_latents(latents, domain, truncation)
        styles = match(self._check_codes(styles, "style"), len(images), "styles")
        if masks is not None:
            masks = match(np.asarray(masks, np.float32), len(images), "masks")

        def generate(part):
            batch = tf.constant(to_float(images[part]))
            batch_masks = self._masks(batch) if masks is None else masks[part]
            return self._translate(batch, styles[part], batch_masks)

        outputs = in_batches(generate, len(images), batch_size, images.shape[1:])
        outputs = np.clip(outputs, -1.0, 1.0)
        return to_uint8(outputs) if images.dtype == np.uint8 else outputs

    @tf.function(reduce_retracing=True, autograph=False)
    def _translate(self, images, styles, masks):
        return self.generator_ema(self._generator_inputs(images, styles, masks))

    def _check_sources(self, given, domain, truncation, seed, masks):
        if len(given) > 1:
            raise InputError(
                f"The style comes from one of latents, references and styles. "
                f"Received: {' and '.join(given)}. Leave one."
            )
        if given and seed is not None:
            raise InputError(
                f"The seed is that of random latents. Received: seed={seed} and "
                f"{given[0]}. Leave one."
            )
        check_truncation(truncation)
        if given not in ([], ["latents"]) and truncation != 1.0:
            raise InputError(
                f"Truncation is for the styles of latents. Received: "
                f"truncation={truncation} and {given[0]}. Leave one."
            )
        if domain is None and given != ["styles"]:
            raise InputError(
                "translate needs the target domain, one of "
                f"{list(self.info.domains)}. Received none."
            )
        if masks is not None and not self.high_pass:
            raise InputError(
                "This model has no high-pass skips (high_pass=0) and takes no masks. "
                "Received masks. Leave them out."
            )

    def _generator_inputs(self, image, style, masks):
        return [image, style, masks] if self.high_pass else [image, style]
